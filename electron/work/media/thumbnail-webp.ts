/** Reads size from the first bytes of a WebP (RFC 9649), so that a picture is checked without decoding it here. */
export const WEBP_HEADER_BYTES = 30;

/** Pixels; null when these bytes do not begin a WebP with a picture in it. */
export function webpSize(head: Uint8Array): { readonly width: number; readonly height: number } | null {
  const bytes = Buffer.from(head.buffer, head.byteOffset, head.byteLength);
  if (bytes.length < WEBP_HEADER_BYTES) return null;
  if (bytes.toString('latin1', 0, 4) !== 'RIFF' || bytes.toString('latin1', 8, 12) !== 'WEBP') return null;
  switch (bytes.toString('latin1', 12, 16)) {
    case 'VP8 ': {
      // A key frame: start code 9d 01 2a, then 14 bits each.
      if (bytes.readUIntBE(23, 3) !== 0x9d012a) return null;
      return size(bytes.readUInt16LE(26) & 0x3fff, bytes.readUInt16LE(28) & 0x3fff);
    }
    case 'VP8L': {
      if (bytes[20] !== 0x2f) return null;
      const bits = bytes.readUInt32LE(21);
      return size((bits & 0x3fff) + 1, ((bits >>> 14) & 0x3fff) + 1);
    }
    case 'VP8X':
      return size(bytes.readUIntLE(24, 3) + 1, bytes.readUIntLE(27, 3) + 1);
    default:
      return null;
  }
}

function size(width: number, height: number): { width: number; height: number } | null {
  return width > 0 && height > 0 ? { width, height } : null;
}
