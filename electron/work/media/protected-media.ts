import { basename } from 'node:path';
import { failure, type Failure } from '../../../shared/failure.ts';
import { bytesAt } from './bytes-at.ts';
import { boxAt, boxesIn, type Box } from './iso-boxes.ts';
import { ISO_FIRST_BOXES } from './probe-truncation-iso.ts';
import { isMatroskaEncrypted } from './protected-matroska.ts';
import { isDiscScrambled, isTransportScrambled } from './protected-streams.ts';

/**
 * Files whose pictures or sound only play with somebody's key: from shops, streaming services, pay TV, film discs. The
 * containers say so. Tools do not, or not all versions: they decode noise, and call the file damaged.
 */

/** The failure that names a protected source, the same under every kind of job; null for every other. */
export async function refusedAsProtected(source: {
  readonly path: string;
  readonly fd: number;
  readonly sizeBytes: number;
}): Promise<Failure | null> {
  if (!(await isProtected(source.fd, source.sizeBytes))) return null;
  const why = 'its picture or sound is encrypted and plays only with the key of the shop, service or disc it is from';
  const advice = 'ask whoever delivered it for a file without copy protection';
  const message = `“${basename(source.path)}” is protected: ${why}; ${advice}.`;
  return failure('UNSUPPORTED_MEDIA', message, { subject: 'protected' });
}

async function isProtected(fd: number, sizeBytes: number): Promise<boolean> {
  const head = await bytesAt(fd, 0, 12);
  if (head.length < 12) return false;
  if (ISO_FIRST_BOXES.has(head.toString('latin1', 4, 8))) return isMovieEncrypted(fd, sizeBytes);
  if (head.readUInt32BE(0) === 0x1a45dfa3) return isMatroskaEncrypted(fd);
  if (head.readUInt32BE(0) === 0x1ba) return isDiscScrambled(fd);
  return isTransportScrambled(fd);
}

/** ISO 14496-12 §8.12 (`encv`, `enca` …: Common Encryption), Apple's FairPlay (`drmi`, `drms`) and Audible (`aavd`). */
const ENCRYPTED = /^(?:enc[a-z]|drm[a-z]|aavd)$/;

async function isMovieEncrypted(fd: number, sizeBytes: number): Promise<boolean> {
  const file: Box = { type: '', body: 0, end: sizeBytes };
  const index = await boxAt(fd, file, 'moov');
  if (index === null) return false;
  for await (const track of boxesIn(fd, index.body, Math.min(index.end, sizeBytes))) {
    const entries = track.type === 'trak' ? await boxAt(fd, track, 'mdia', 'minf', 'stbl', 'stsd') : null;
    if (entries === null) continue;
    for await (const { type } of boxesIn(fd, entries.body + 8, entries.end)) if (ENCRYPTED.test(type)) return true;
  }
  return false;
}
