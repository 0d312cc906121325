import { basename } from 'node:path';
import { failure, type Failure } from '../../../shared/failure.ts';
import { CUT_ADVICE } from './media-names.ts';
import { isBrokenOff } from './probe-truncation-iso.ts';
import { missingBytes } from './probe-truncation.ts';
import { cutEnd } from './proxy-transport.ts';

interface OpenFile {
  readonly path: string;
  readonly fd: number;
  readonly sizeBytes: number;
}

/** The failure of a file that tools read, although it ends before its container says; null for a whole one. */
export async function refusedAsCut({ path, fd, sizeBytes }: OpenFile, format: string): Promise<Failure | null> {
  const missing = await missingBytes(fd, sizeBytes);
  if (missing > 0) return cutShort(path, missing);
  const inside = format === 'mpegts' ? await cutEnd(fd, sizeBytes) : null;
  if (inside === null) return null;
  const message = `“${basename(path)}” is cut short: it ends inside a ${inside} of its transport stream; ${CUT_ADVICE}.`;
  return failure('SOURCE_UNREADABLE', message);
}

/** Why no tool opens a file, where that is because it was cut; else null. */
export async function unopenableAsCut({ path, fd, sizeBytes }: OpenFile): Promise<Failure | null> {
  const missing = await missingBytes(fd, sizeBytes);
  if (missing > 0) return cutShort(path, missing);
  if (!(await isBrokenOff(fd, sizeBytes))) return null;
  // Between pieces and within their pictures is no harm (broken-off.ts); the few bytes of a list are.
  const why = 'it was broken off within the list of its last piece, and no tool here reads it so';
  return failure('SOURCE_UNREADABLE', `“${basename(path)}” cannot be read: ${why}; ${CUT_ADVICE}.`);
}

function cutShort(path: string, missing: number): Failure {
  const amount = missing < 10_000_000 ? `${Math.ceil(missing / 1000)} kB` : `${Math.round(missing / 1e6)} MB`;
  const message = `“${basename(path)}” is cut short: at least ${amount} are missing at its end; ${CUT_ADVICE}.`;
  return failure('SOURCE_UNREADABLE', message);
}
