import { open, type FileHandle } from 'node:fs/promises';
import { jpegAt, type Jpeg } from './embedded-jpeg.ts';
import { Refusal } from './refusal.ts';

interface RawPreview {
  readonly jpeg: Buffer;
  /** How the camera was held, by the file's own tag: 1 to 8 as in EXIF. */
  readonly orientation: number;
}

/** Medium-format files have 200 MB; nothing is larger than this. */
const MAX_FILE_BYTES = 1024 ** 3;
const CHUNK_BYTES = 4 << 20;
/** Larger than any camera's full-size preview. */
const MAX_PREVIEW_BYTES = 64 << 20;

/**
 * The largest JPEG inside a camera RAW. Every maker keeps it elsewhere (NEF, ARW and DNG in a sub-directory, CR2 in the
 * first strip, CR3 in a box, RAF behind its own header, RW2 and ORF in private tags), but all as a plain JPEG, so it is
 * looked for by its marks and measured by its frame header; the lossless JPEG of the sensor data is none.
 */
export async function readRawPreview(path: string): Promise<RawPreview> {
  const file = await open(path, 'r');
  try {
    const { size } = await file.stat();
    if (size > MAX_FILE_BYTES) throw new Refusal('UNSUPPORTED_MEDIA', `is ${size >> 20} MB large`);
    let best: (Jpeg & { readonly at: number }) | undefined;
    for await (const at of beginnings(file, size)) {
      const window = await bytesAt(file, at, Math.min(MAX_PREVIEW_BYTES, size - at));
      const jpeg = jpegAt(window);
      if (jpeg !== null && (best === undefined || jpeg.width * jpeg.height > best.width * best.height)) {
        best = { ...jpeg, at };
      }
    }
    if (best === undefined) throw new Refusal('UNSUPPORTED_MEDIA', 'has no preview picture in it');
    return { jpeg: await bytesAt(file, best.at, best.length), orientation: await orientationOf(file) };
  } finally {
    await file.close();
  }
}

/** Positions of `FF D8 FF` that can begin a picture; the next marker is a table, a frame or application data. */
async function* beginnings(file: FileHandle, size: number): AsyncGenerator<number> {
  for (let from = 0; from < size; from += CHUNK_BYTES) {
    // Four bytes more: a beginning may lie across the edge.
    const chunk = await bytesAt(file, from, Math.min(CHUNK_BYTES + 3, size - from));
    for (let at = chunk.indexOf(START); at >= 0 && at < CHUNK_BYTES; at = chunk.indexOf(START, at + 1)) {
      const next = chunk[at + 3] ?? 0;
      if (next >= 0xc0 && next !== 0xff) yield from + at;
    }
  }
}

const START = Buffer.from([0xff, 0xd8, 0xff]);
const TAG_ORIENTATION = 0x0112;
/** Where a TIFF header may lie: at the beginning, or in a CR3 inside the box that begins like this. */
const CR3_TAGS = Buffer.from('CMT1', 'latin1');
const HEAD_BYTES = 256 << 10;

/** Orientation of the first directory; 1 (upright) where there is none. */
async function orientationOf(file: FileHandle): Promise<number> {
  const head = await bytesAt(file, 0, HEAD_BYTES);
  const box = head.indexOf(CR3_TAGS);
  const base = head.toString('latin1', 4, 8) === 'ftyp' && box >= 0 ? box + 4 : 0;
  const order = head.toString('latin1', base, base + 2);
  if (order !== 'II' && order !== 'MM') return 1;
  const u16 = (at: number): number => (order === 'II' ? head.readUInt16LE(at) : head.readUInt16BE(at));
  const u32 = (at: number): number => (order === 'II' ? head.readUInt32LE(at) : head.readUInt32BE(at));
  const directory = base + u32(base + 4);
  if (directory + 2 > head.length) return 1;
  for (let i = 0, entry = directory + 2; i < u16(directory) && entry + 12 <= head.length; i++, entry += 12) {
    if (u16(entry) === TAG_ORIENTATION) return u16(entry + 8);
  }
  return 1;
}

async function bytesAt(file: FileHandle, position: number, length: number): Promise<Buffer> {
  const bytes = Buffer.alloc(length);
  const { bytesRead } = await file.read(bytes, 0, length, position);
  return bytes.subarray(0, bytesRead);
}
