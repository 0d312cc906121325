import { bytesAt } from './bytes-at.ts';
import { ebmlLength } from './ebml-length.ts';
import { ISO_FIRST_BOXES, missingFromBoxes } from './probe-truncation-iso.ts';
import { missingFromSound } from './probe-truncation-sound.ts';

/**
 * Finds out whether a file ends before its own container says it does: a copy that stopped, a card pulled too early.
 * ffmpeg reads such files without complaint, up to the gap, and ends with 0. Only lengths are read here, a few bytes
 * at a time; nothing is parsed. Bytes behind the last whole part are no sign: makers, taggers and cards leave some there.
 * @returns how many bytes are missing at least; 0 when complete or when the container does not say.
 */
export async function missingBytes(fd: number, sizeBytes: number): Promise<number> {
  const head = await bytesAt(fd, 0, 12);
  if (head.length < 12) return 0;
  const type = head.toString('latin1', 4, 8);
  if (ISO_FIRST_BOXES.has(type)) return missingFromBoxes(fd, sizeBytes);
  const isRiff = head.toString('latin1', 0, 4) === 'RIFF';
  if (isRiff) return missingFromRiff(fd, sizeBytes);
  if (head.readUInt32BE(0) === 0x1a45dfa3) return missingFromMatroska(fd, sizeBytes);
  if (head.toString('hex', 0, 11) === MXF_PARTITION) return missingFromMxf(fd, sizeBytes);
  return missingFromSound(fd, sizeBytes, head);
}

const MAX_CHUNKS = 10_000;

/**
 * WAV and AVI. Writers that could not seek back leave 0 or all ones as length; that says nothing. A long AVI goes on in
 * further `RIFF` chunks (OpenDML); anything else behind the first one is none of the recording.
 */
async function missingFromRiff(fd: number, sizeBytes: number): Promise<number> {
  let at = 0;
  for (let chunks = 0; chunks < MAX_CHUNKS && at + 12 <= sizeBytes; chunks++) {
    const head = await bytesAt(fd, at, 12);
    const type = head.toString('latin1', 8, 12);
    if (head.toString('latin1', 0, 4) !== 'RIFF' || (at > 0 && type !== 'AVIX')) return 0;
    const length = head.readUInt32LE(4);
    if (length === 0 || length >= 0xffff_fff0) return 0;
    at += length + 8;
    // An odd last chunk may lack its padding byte.
    if (at - sizeBytes > 1) return at - sizeBytes;
  }
  return 0;
}

/** RFC 8794: an EBML header element, then one Segment whose length may be unknown (all ones). */
async function missingFromMatroska(fd: number, sizeBytes: number): Promise<number> {
  const header = ebmlLength(await bytesAt(fd, 4, 8));
  if (header === null) return 0;
  const segmentAt = 4 + header.width + header.length;
  const segment = await bytesAt(fd, segmentAt, 12);
  if (segment.length < 12 || segment.readUInt32BE(0) !== 0x18538067) return 0;
  const body = ebmlLength(segment.subarray(4));
  if (body === null) return 0;
  return Math.max(0, segmentAt + 4 + body.width + body.length - sizeBytes);
}

/** SMPTE ST 377-1: key of a partition pack, without version and kind. */
const MXF_PARTITION = '060e2b34020501010d0102';

/** The header partition says where the footer lies; 0 while a recording was open. */
async function missingFromMxf(fd: number, sizeBytes: number): Promise<number> {
  const pack = await bytesAt(fd, 16, 48);
  const length = pack[0] ?? 0;
  // BER: one byte below 128, else that many bytes follow. Versions and KAG size take 8 bytes, two offsets 16 more.
  const footerAt = (length < 0x80 ? 1 : 1 + (length & 0x7f)) + 24;
  if (pack.length < footerAt + 8) return 0;
  const footer = Number(pack.readBigUInt64BE(footerAt));
  return footer > 0 && footer + 16 > sizeBytes ? footer + 16 - sizeBytes : 0;
}
