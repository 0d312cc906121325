import { read } from 'node:fs';

/**
 * Tells a still image from other media by its first bytes, never by its name (cards and phones rename freely). Only
 * signatures are looked at here; decoding is the media worker's.
 */
export type ImageKind =
  | 'jpeg'
  | 'png'
  | 'tiff'
  | 'webp'
  | 'heif'
  | 'avif'
  | 'gif'
  | 'bmp'
  | 'psd'
  | 'jxl'
  | 'jp2'
  | 'exr'
  | 'dpx'
  | 'camera-raw';

/** Enough for every signature and for a first TIFF directory, which cameras write at offset 8. */
const IMAGE_HEADER_BYTES = 4096;

/** What kind of still image begins with these bytes; null: none this function knows. */
export function imageKind(head: Uint8Array): ImageKind | null {
  const bytes = Buffer.from(head.buffer, head.byteOffset, head.byteLength);
  const ascii = (from: number, to: number): string => bytes.toString('latin1', from, to);
  if (bytes.length < 12) return null;
  if (bytes[0] === 0xff && bytes[1] === 0xd8 && bytes[2] === 0xff) return 'jpeg';
  if (ascii(0, 8) === '\x89PNG\r\n\x1a\n') return 'png';
  if (ascii(0, 4) === 'RIFF' && ascii(8, 12) === 'WEBP') return 'webp';
  if (/^GIF8[79]a$/.test(ascii(0, 6))) return 'gif';
  if (ascii(0, 4) === '8BPS') return 'psd';
  if (ascii(0, 2) === 'BM' && bytes.readUInt32LE(6) === 0) return 'bmp';
  // Panasonic RW2, Olympus ORF, Fujifilm RAF: near-TIFFs with signatures of their own.
  if (/^(IIU\0|IIR[OS]|MMOR|FUJI)/.test(ascii(0, 4))) return 'camera-raw';
  // BigTIFF: 43 instead of 42, for files beyond 4 GB; cameras write none.
  if (ascii(0, 4) === 'II+\0' || ascii(0, 4) === 'MM\0+') return 'tiff';
  if (ascii(0, 2) === '\xff\x0a' || ascii(4, 12) === 'JXL \r\n\x87\n') return 'jxl';
  if (ascii(0, 4) === '\xff\x4f\xff\x51' || ascii(4, 12) === 'jP  \r\n\x87\n') return 'jp2';
  if (ascii(0, 4) === 'v/1\x01') return 'exr';
  if (ascii(0, 4) === 'SDPX' || ascii(0, 4) === 'XPDS') return 'dpx';
  if (ascii(0, 4) === 'II*\0' || ascii(0, 4) === 'MM\0*') return isCameraRaw(bytes) ? 'camera-raw' : 'tiff';
  if (ascii(4, 8) === 'ftyp') return isoImage(bytes);
  return null;
}

/** The same for an open file. Reads the first bytes by position, so that the descriptor's own offset stays. */
export function imageKindOf(fd: number): Promise<ImageKind | null> {
  return new Promise((resolve, reject) => {
    read(fd, Buffer.alloc(IMAGE_HEADER_BYTES), 0, IMAGE_HEADER_BYTES, 0, (error, bytesRead, buffer) => {
      if (error === null) resolve(imageKind(buffer.subarray(0, bytesRead)));
      else reject(error);
    });
  });
}

/** ISO 23008-12 brands; `crx ` is Canon's CR3. Brands of movies answer null. */
function isoImage(bytes: Buffer): ImageKind | null {
  const end = Math.min(bytes.readUInt32BE(0), bytes.length, 256);
  const brands: string[] = [];
  for (let at = 8; at + 4 <= end; at += 4) if (at !== 12) brands.push(bytes.toString('latin1', at, at + 4));
  const major = brands[0] ?? '';
  if (major === 'crx ') return 'camera-raw';
  if (major === 'avif' || major === 'avis') return 'avif';
  if (/^(heic|heix|heim|heis|hevc|hevx|mif1|msf1)$/.test(major)) return brands.includes('avif') ? 'avif' : 'heif';
  return null;
}

const TAG_MAKE = 0x010f;
const TAG_SUB_IFDS = 0x014a;
const TAG_DNG_VERSION = 0xc612;

/** NEF, ARW, DNG, CR2 and PEF are TIFFs whose first directory names a camera and points to the sensor data elsewhere. */
function isCameraRaw(bytes: Buffer): boolean {
  const little = bytes[0] === 0x49;
  if (bytes.toString('latin1', 8, 10) === 'CR') return true;
  const u16 = (at: number): number => (little ? bytes.readUInt16LE(at) : bytes.readUInt16BE(at));
  const directory = little ? bytes.readUInt32LE(4) : bytes.readUInt32BE(4);
  if (directory + 2 > bytes.length) return false;
  const tags = new Set<number>();
  const count = u16(directory);
  for (let i = 0; i < count && directory + 2 + i * 12 + 2 <= bytes.length; i++) tags.add(u16(directory + 2 + i * 12));
  return tags.has(TAG_DNG_VERSION) || (tags.has(TAG_MAKE) && tags.has(TAG_SUB_IFDS));
}
