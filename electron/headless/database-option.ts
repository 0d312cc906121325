import type { PostgresOptions } from '../../server/database/open.ts';
import { readSecretOption } from './secret-option.ts';

/** The same among the options of a server; none: SQLite in the data folder. */
export const postgresOf = ({
  database,
  databasePasswordFile,
}: {
  readonly database?: string;
  readonly databasePasswordFile?: string;
}): { postgres?: PostgresOptions } =>
  database === undefined ? {} : { postgres: postgresOption(database, databasePasswordFile) };

/** A PostgreSQL that is named on the command line. The password is in no argument, which every user could read. */
export function postgresOption(url: string, passwordFile: string | undefined): PostgresOptions {
  const password =
    passwordFile === undefined
      ? process.env['RUSHCATALOG_DATABASE_PASSWORD']
      : readSecretOption(passwordFile, 'password file');
  return { url, password };
}
