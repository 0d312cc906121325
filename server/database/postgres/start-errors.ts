import { ServerStartError } from '../../start-error.ts';
import { databaseFailure } from '../failures.ts';
import type { PostgresAddress } from './address.ts';

/** What Node’s TLS says of a certificate that proves nothing. */
const UNTRUSTED = /CERT|SELF_SIGNED|UNABLE_TO|ERR_TLS/;

/** Why a PostgreSQL cannot be used, told to whoever starts a server. The password is in none of it. */
export function startErrorOf(error: unknown, { host, port, database, user }: PostgresAddress): unknown {
  if (error instanceof ServerStartError || !(error instanceof Error)) return error;
  // The driver's and Node's errors have one.
  const { code: said } = error as { readonly code?: unknown };
  const code = typeof said === 'string' ? said : '';
  const where = `the PostgreSQL at ${host}, port ${port}`;
  const because = { cause: error };
  if (code === '28P01' || code === '28000' || /password/i.test(error.message)) {
    return new ServerStartError(
      'DATABASE_PASSWORD',
      `${upper(where)} does not let in ${user === undefined ? 'this user' : `“${user}”`} (${sentence(error.message)}).`,
      'Check the user in the address, the password (--database-password-file or RUSHCATALOG_DATABASE_PASSWORD) and pg_hba.conf.',
      because,
    );
  }
  if (UNTRUSTED.test(code) || /SSL/.test(error.message)) {
    return new ServerStartError(
      'DATABASE_UNTRUSTED',
      `${upper(where)} cannot prove who it is (${sentence(error.message)}).`,
      'Let it have a certificate for the name in the address, and name a private authority by sslrootcert=FILE in the address.',
      because,
    );
  }
  if (code === '3D000') {
    return new ServerStartError(
      'DATABASE_REFUSED',
      `${upper(where)} has no database “${database}”.`,
      `Make it: createdb --owner ${user ?? 'USER'} --encoding UTF8 --template template0 ${database}`,
      because,
    );
  }
  if (code === '42501') {
    return new ServerStartError(
      'DATABASE_REFUSED',
      `The user may not make tables in the database “${database}” (${sentence(error.message)}).`,
      'Make this user the owner of the database.',
      because,
    );
  }
  if (databaseFailure(error) === 'away' || code === 'ENOENT' || code === 'EACCES') {
    return new ServerStartError(
      'DATABASE_UNREACHABLE',
      `${upper(where)} cannot be reached (${sentence(error.message || code)}).`,
      'Check that it runs and listens there, and that nothing in between stops the connection.',
      because,
    );
  }
  return new ServerStartError(
    'DATABASE_UNUSABLE',
    `The database “${database}” cannot be used (${sentence(error.message)}).`,
    'Name an empty database, or one that a RushCatalog server made.',
    because,
  );
}

const upper = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
/** One line without its full stop: it stands in brackets. */
const sentence = (text: string): string => text.replaceAll(/\s+/g, ' ').replace(/\.$/, '');
