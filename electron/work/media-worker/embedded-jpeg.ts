/** A whole JPEG found inside other data: its length in bytes and its size in pixels. */
export interface Jpeg {
  readonly length: number;
  readonly width: number;
  readonly height: number;
}

/**
 * Walks the markers (ISO 10918-1, annex B) of a JPEG that begins at byte 0. null: it is none, it does not end within
 * these bytes, or it is of a kind no picture viewer decodes (lossless: sensor data).
 */
export function jpegAt(bytes: Buffer): Jpeg | null {
  let size: { width: number; height: number } | undefined;
  let at = 2;
  while (at + 4 <= bytes.length) {
    if (bytes[at] !== 0xff) return null;
    const marker = bytes[at + 1] ?? 0;
    if (marker === END_OF_IMAGE) return size === undefined ? null : { length: at + 2, ...size };
    const length = bytes.readUInt16BE(at + 2);
    if (length < 2) return null;
    if (isFrame(marker)) {
      if (!DECODABLE.has(marker) || at + 9 > bytes.length) return null;
      size = { height: bytes.readUInt16BE(at + 5), width: bytes.readUInt16BE(at + 7) };
      if (size.width === 0 || size.height === 0) return null;
    }
    at += 2 + length;
    if (marker === START_OF_SCAN) at = endOfScan(bytes, at);
  }
  // An end mark in the very last two bytes.
  const isWhole = size !== undefined && bytes[at] === 0xff && bytes[at + 1] === END_OF_IMAGE;
  return isWhole && size !== undefined ? { length: at + 2, ...size } : null;
}

const START_OF_SCAN = 0xda;
const END_OF_IMAGE = 0xd9;
/** Baseline, extended and progressive, all with Huffman codes. */
const DECODABLE = new Set([0xc0, 0xc1, 0xc2]);

/** SOF0 to SOF15; DHT (c4), JPG (c8) and DAC (cc) lie among them and are none. */
function isFrame(marker: number): boolean {
  return marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;
}

/** Inside a scan FF is followed by 00 or a restart mark; anything else is the next marker. */
function endOfScan(bytes: Buffer, from: number): number {
  for (let at = bytes.indexOf(0xff, from); at >= 0; at = bytes.indexOf(0xff, at + 1)) {
    const next = bytes[at + 1] ?? 0;
    if (next !== 0x00 && next !== 0xff && (next < 0xd0 || next > 0xd7)) return at;
  }
  return bytes.length;
}
