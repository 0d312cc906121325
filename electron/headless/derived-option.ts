import type { Command } from 'commander';
import type { S3Options } from '../../server/derived/s3/address.ts';
import { RefusedError } from '../../shared/failure.ts';
import { defined } from '../../shared/objects.ts';
import { readSecretOption } from './secret-option.ts';

/** How a store of derived files is named on the command line. */
export interface DerivedOptions {
  readonly derived?: string;
  readonly derivedRegion?: string;
  readonly derivedEndpoint?: string;
  readonly derivedCredentialsFile?: string;
}

/** `meaning`: what `--derived` says to this command. */
export function addDerived(command: Command, meaning: string): Command {
  return command
    .option('--derived <place>', meaning)
    .option('--derived-region <region>', 'region of the bucket; default: as AWS_REGION or the profile says')
    .option(
      '--derived-endpoint <url>',
      'address of a store that is not Amazon’s, over https or on this machine: https://HOST:PORT',
    )
    .option(
      '--derived-credentials-file <file>',
      'file with ACCESS_KEY_ID:SECRET_ACCESS_KEY in its one line; else the usual places of AWS are looked at',
    );
}

/** The same among the options of a server; none, or `folder`: the data folder. */
export const derivedOf = (options: DerivedOptions): { derived?: S3Options } =>
  options.derived === undefined || options.derived === 'folder'
    ? {}
    : { derived: { address: options.derived, ...s3Of(options) } };

/** How any store is spoken to. No secret is an argument, which every user could read. @throws RefusedError */
export function s3Of(options: DerivedOptions): Omit<S3Options, 'address'> {
  const { derivedRegion: region, derivedEndpoint: endpoint, derivedCredentialsFile: file } = options;
  return defined({ region, endpoint, credentials: file === undefined ? undefined : readCredentials(file) });
}

function readCredentials(file: string): NonNullable<S3Options['credentials']> {
  const [, accessKeyId = '', secretAccessKey = ''] =
    /^([^:\s]+):(\S+)$/.exec(readSecretOption(file, 'file with the store’s credentials')) ?? [];
  if (secretAccessKey !== '') return { accessKeyId, secretAccessKey };
  throw new RefusedError({
    code: 'DERIVED_CREDENTIALS',
    message: `The file ${file} has no credentials of a store.`,
    nextStep: 'Write ACCESS_KEY_ID:SECRET_ACCESS_KEY into its one line.',
  });
}
