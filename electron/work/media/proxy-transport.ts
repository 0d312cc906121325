import { bytesAt } from './bytes-at.ts';
import { inputArgs } from './input.ts';

/** ISO 13818-1: every packet begins with this byte. */
const SYNC = 0x47;
/** A transport packet, and one with the four bytes of time that cameras and Blu-ray put before it (AVCHD, BDAV). */
const LAYOUTS = [
  { bytes: 188, syncAt: 0 },
  { bytes: 192, syncAt: 4 },
] as const;

/** How a transport stream stops in the middle of something; null where it does not, as far as its own words tell. */
type CutEnd = 'packet' | 'block' | null;

/** More than any block of sound, and several pictures of a camera's: what is looked at of a file's end. */
const TAIL_BYTES = 2 << 20;

/**
 * Where a transport stream ends. Such streams declare no length, but whoever writes them writes whole packets, and
 * blocks (PES, ISO 13818-1 §2.4.3.6) that say how long they are, at least those of sound: a rest means that a copy
 * stopped. Bytes behind the last packet that begin none (padding, a maker's block) are no rest. Files that begin in the
 * middle of a packet answer null.
 */
export async function cutEnd(fd: number, sizeBytes: number): Promise<CutEnd> {
  const head = await bytesAt(fd, 0, 1024);
  const layout = transportLayout(head);
  if (layout === null) return null;
  const packets = Math.floor(sizeBytes / layout.bytes);
  const from = Math.max(0, packets - Math.floor(TAIL_BYTES / layout.bytes)) * layout.bytes;
  const tail = await bytesAt(fd, from, sizeBytes - from);
  const end = streamEnd(tail, layout);
  if (isPartOfPacket(tail, end, layout)) return 'packet';
  return endsInsideBlock(tail.subarray(0, end), layout) ? 'block' : null;
}

type Layout = (typeof LAYOUTS)[number];

/** How the packets of a transport stream lie, by its first kilobyte; null for all else. */
export function transportLayout(head: Buffer): Layout | null {
  const hasFour = ({ bytes, syncAt }: Layout): boolean =>
    [0, 1, 2, 3].every((packet) => head[packet * bytes + syncAt] === SYNC);
  return LAYOUTS.find(hasFour) ?? null;
}

/** Packets that must follow each other before their marks count: one byte alone turns up by chance. */
const PACKETS_IN_A_ROW = 4;

/** Where the last packet of a row ends. @param tail begins with a whole packet */
function streamEnd(tail: Buffer, { bytes, syncAt }: Layout): number {
  let row = 0;
  let end = 0;
  for (let at = 0; at + bytes <= tail.length; at += bytes) {
    row = tail[at + syncAt] === SYNC ? row + 1 : 0;
    if (row >= PACKETS_IN_A_ROW) end = at + bytes;
  }
  return end;
}

/** Whether what lies behind the last packet is the beginning of one more, of a stream that was there before. */
function isPartOfPacket(tail: Buffer, end: number, { bytes, syncAt }: Layout): boolean {
  const rest = tail.length - end;
  if (end === 0 || rest === 0 || rest >= bytes) return false;
  // The time before a packet can be anything.
  if (rest <= syncAt) return true;
  if (tail[end + syncAt] !== SYNC) return false;
  if (rest < syncAt + 3) return true;
  const stream = streamOf(tail, end + syncAt);
  for (let at = end - bytes; at >= 0; at -= bytes) if (streamOf(tail, at + syncAt) === stream) return true;
  return false;
}

function streamOf(tail: Buffer, packetAt: number): number {
  return tail.readUInt16BE(packetAt + 1) & 0x1fff;
}

/** @param tail whole packets up to the end of the stream */
function endsInsideBlock(tail: Buffer, { bytes, syncAt }: Layout): boolean {
  const missing = new Map<number, number>();
  for (let at = syncAt; at + 188 <= tail.length; at += bytes) {
    const packet = tail.subarray(at, at + 188);
    const control = packet[3] ?? 0;
    // Without payload, or scrambled: nothing to count.
    if (packet[0] !== SYNC || (control & 0x10) === 0 || control >= 0x40) continue;
    const payload = packet.subarray(4 + ((control & 0x20) === 0 ? 0 : 1 + (packet[4] ?? 0)));
    const stream = streamOf(packet, 0);
    const begins = (packet.readUInt8(1) & 0x40) !== 0;
    if (begins) missing.set(stream, statedBytes(payload) - payload.length);
    else if (missing.has(stream)) missing.set(stream, (missing.get(stream) ?? 0) - payload.length);
  }
  return [...missing.values()].some((rest) => rest > 0);
}

/** Length of a block with its first six bytes; 0 where it states none (pictures) or is no block (tables). */
function statedBytes(payload: Buffer): number {
  const isBlock = payload.length >= 6 && payload.readUIntBE(0, 3) === 1;
  const length = isBlock ? payload.readUInt16BE(4) : 0;
  return length === 0 ? 0 : length + 6;
}

/**
 * Streams without an index are sought by decoding times, which lie before the times of showing: a seek to a key frame
 * may land behind it. Landing before it in the middle of a GOP does no harm.
 */
const EARLY_SECONDS = 2;

/**
 * ffprobe arguments that decode the packets of the last GOP, each listed as a `packet,pts` line on stdout.
 * @param lastKey when the last key frame is shown, in seconds on the source's own clock
 * @param packets no more than so many of them; absent: all
 */
export function endArgs(
  { input, openOnly }: { readonly input: string; readonly openOnly?: readonly string[] | undefined },
  streamIndex: number,
  lastKey: number,
  packets?: number,
): string[] {
  const what = ['-hide_banner', '-loglevel', 'repeat+level+error', '-select_streams', String(streamIndex)];
  const end = packets === undefined ? '' : `+#${packets}`;
  // Frames have to be asked for, or nothing is decoded.
  const form = ['-of', 'csv', '-show_entries', 'packet=pts:frame=pict_type'];
  const range = ['-read_intervals', `${Math.max(0, lastKey - EARLY_SECONDS).toFixed(6)}%${end}`];
  return [...what, ...form, ...range, ...inputArgs(input, { tool: 'ffprobe', openOnly, before: ['-threads', '1'] })];
}

/** How many packets a listing of `endArgs` has. */
export function listedPackets(listing: string): number {
  return [...listing.matchAll(/^packet,/gm)].length;
}
