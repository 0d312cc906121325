import { bytesAt } from './bytes-at.ts';

/** The same as `missingBytes` for containers of sound alone. */

/** More than an Ogg page (65,307 bytes), and many frames of AAC (8,191 at most). */
const TAIL_BYTES = 1 << 17;
const MAX_CHUNKS = 10_000;

/** @param head the file's first twelve bytes */
export async function missingFromSound(fd: number, sizeBytes: number, head: Buffer): Promise<number> {
  const tail = (): Promise<Buffer> => bytesAt(fd, Math.max(0, sizeBytes - TAIL_BYTES), TAIL_BYTES);
  if (head.toString('latin1', 0, 4) === 'caff') return missingFromCaf(fd, sizeBytes);
  if (/^(?:RF64|BW64)/.test(head.toString('latin1'))) return missingFromLongWave(fd, sizeBytes);
  if (head.toString('latin1', 0, 4) === 'riff') return missingFromWave64(fd, sizeBytes);
  if (head.toString('latin1', 0, 4) === 'OggS') return missingFromOgg(await tail());
  if (adtsLength(head, 0) !== null) return missingFromAdts(await tail());
  return 0;
}

/** Apple's chunk types; what else follows the last whole chunk is no chunk. */
const CAF_CHUNKS: ReadonlySet<string> = new Set(
  'desc data pakt free chan kuki mark regn inst midi ovvw peak umid edct strg info uuid'.split(' '),
);

/** Core Audio Format: chunks of type and signed 64-bit length behind eight bytes; -1: up to the end of the file. */
async function missingFromCaf(fd: number, sizeBytes: number): Promise<number> {
  let at = 8;
  for (let chunks = 0; chunks < MAX_CHUNKS && at + 12 <= sizeBytes; chunks++) {
    const head = await bytesAt(fd, at, 12);
    const length = head.readBigInt64BE(4);
    if (length < 0n) return 0;
    at += 12 + Number(length);
    if (at > sizeBytes) return CAF_CHUNKS.has(head.toString('latin1', 0, 4)) ? at - sizeBytes : 0;
  }
  return 0;
}

/** EBU Tech 3306 and BS.2088: the length is in `ds64`, the first chunk; 0 while a recording was open. */
async function missingFromLongWave(fd: number, sizeBytes: number): Promise<number> {
  const head = await bytesAt(fd, 12, 16);
  if (head.length < 16 || head.toString('latin1', 0, 4) !== 'ds64') return 0;
  const missing = Number(head.readBigUInt64LE(8)) + 8 - sizeBytes;
  // An odd last chunk may lack its padding byte.
  return missing > 1 ? missing : 0;
}

/** Sony Wave64: a 16-byte identity, then the length of the whole file in 64 bits; 0 while a recording was open. */
async function missingFromWave64(fd: number, sizeBytes: number): Promise<number> {
  const head = await bytesAt(fd, 0, 24);
  return head.length < 24 ? 0 : Math.max(0, Number(head.readBigUInt64LE(16)) - sizeBytes);
}

/** RFC 3533: a page is 27 bytes, a table of segments, and what that table sums up to. */
function missingFromOgg(tail: Buffer): number {
  // The last few marks may be sound that looks like one: a real page begins with version 0 and has a known flag.
  for (let at = tail.lastIndexOf('OggS'); at >= 0; at = at === 0 ? -1 : tail.lastIndexOf('OggS', at - 1)) {
    if (at + 6 <= tail.length && (tail[at + 4] !== 0 || (tail[at + 5] ?? 0) > 7)) continue;
    const segments = tail[at + 26];
    if (segments === undefined) return at + 27 - tail.length;
    const table = tail.subarray(at + 27, at + 27 + segments);
    const length = table.reduce((sum, bytes) => sum + bytes, 0);
    return Math.max(0, at + 27 + segments + length - tail.length);
  }
  return 0;
}

/** Frames that must follow each other before a mark counts as one: 12 bits alone turn up by chance. */
export const FRAMES_IN_A_ROW = 4;

/** ISO 13818-7, ADTS: each frame says how long it is. */
function missingFromAdts(tail: Buffer): number {
  for (let start = 0; start < tail.length; start++) {
    let at = start;
    let frames = 0;
    for (let length = adtsLength(tail, at); length !== null; length = adtsLength(tail, at)) {
      if (!isSameStream(tail, start, at)) break;
      at += length;
      frames++;
    }
    // What follows the last whole frame is another kind of data (a tag), or the beginning of a frame.
    if (frames >= FRAMES_IN_A_ROW) return Math.max(0, at - tail.length);
  }
  return 0;
}

/** All frames agree in what the standard calls the fixed header: profile, rate, channels. A tag does not, by chance. */
function isSameStream(bytes: Buffer, one: number, other: number): boolean {
  return bytes[one + 1] === bytes[other + 1] && bytes[one + 2] === bytes[other + 2];
}

/** Length of the frame that begins here; null where none does. */
export function adtsLength(bytes: Buffer, at: number): number | null {
  if (at + 6 > bytes.length || bytes[at] !== 0xff || ((bytes[at + 1] ?? 0) & 0xf6) !== 0xf0) return null;
  const length = (((bytes[at + 3] ?? 0) & 3) << 11) | ((bytes[at + 4] ?? 0) << 3) | ((bytes[at + 5] ?? 0) >> 5);
  return length >= 7 ? length : null;
}
