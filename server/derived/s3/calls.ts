import { S3Client, S3ServiceException } from '@aws-sdk/client-s3';
import { ServerStartError } from '../../start-error.ts';
import { StoreAway } from '../store.ts';
import type { S3Options } from './address.ts';

/** A store that does not take the connection in this time, or goes silent in the middle, is away. */
const CONNECT_MS = 5_000;
const SILENCE_MS = 30_000;
const USUAL_REGION = 'us-east-1';

/** The library would warn on the console; what goes wrong is told by whoever asked. */
const QUIET = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

/** A client of the library's. Of checksums only those that are asked for: not every store knows the others. */
export function openClient({ region, endpoint, credentials }: S3Options): S3Client {
  return new S3Client({
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    logger: QUIET,
    requestHandler: { connectionTimeout: CONNECT_MS, socketTimeout: SILENCE_MS },
    ...(region === undefined ? {} : { region }),
    ...(endpoint === undefined ? {} : { endpoint, forcePathStyle: true, region: region ?? USUAL_REGION }),
    ...(credentials === undefined ? {} : { credentials }),
  });
}

/** What a store answers that is no failure of it. */
const NOT_THERE = new Set(['NotFound', 'NoSuchKey', 'NoSuchUpload']);

export const isNotThere = (error: unknown): boolean => error instanceof Error && NOT_THERE.has(error.name);

/** The status of an answer that refused; undefined where there was none. */
export function refusalOf(error: unknown): number | undefined {
  return error instanceof S3ServiceException ? error.$metadata.httpStatusCode : undefined;
}

/** Asks the store. Null where there is no such object or upload. @throws StoreAway for whatever else goes wrong */
export async function ask<T>(doing: string, call: () => Promise<T>): Promise<T | null> {
  try {
    return await call();
  } catch (error) {
    if (isNotThere(error)) return null;
    throw new StoreAway(doing, error);
  }
}

/** base64, as S3 spells checksums, of lowercase hex; and back. */
export const toBase64 = (hex: string): string => Buffer.from(hex, 'hex').toString('base64');
export const toHex = (base64: string): string => Buffer.from(base64, 'base64').toString('hex');

/** Why a server cannot start on this store. */
export function explainStart(error: unknown, place: string): ServerStartError {
  const name = error instanceof Error ? error.name : '';
  const status = refusalOf(error);
  if (name === 'CredentialsProviderError') {
    return new ServerStartError(
      'DERIVED_CREDENTIALS',
      `There are no credentials for ${place}.`,
      'Name a file by --derived-credentials-file, or give them to the client library as its documentation says.',
      { cause: error },
    );
  }
  if (status === undefined) {
    return new ServerStartError(
      'DERIVED_UNREACHABLE',
      `The store of derived files, ${place}, cannot be reached (${name === '' ? 'no answer' : name}).`,
      'Check region and endpoint (--derived-region, --derived-endpoint) and that the store runs.',
      { cause: error },
    );
  }
  return new ServerStartError(
    'DERIVED_REFUSED',
    `The store of derived files refuses ${place} (${status} ${name}).`,
    'Check the bucket, its region, and that these credentials may list, read, write and delete below the prefix.',
    { cause: error },
  );
}
