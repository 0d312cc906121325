import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';

/** Of the beginning, the middle and the end: what a header, a picture and an index are in. */
const PIECE_BYTES = 16 << 10;

/**
 * A hash by which a file is recognised under another name: of its size and three pieces of it, not of the whole, which a
 * NAS would need minutes for. 32 hex digits.
 */
export async function quickHash(path: string, sizeBytes: number): Promise<string> {
  const hash = createHash('sha256').update(`${sizeBytes}\n`);
  const handle = await open(path, 'r');
  try {
    const places =
      sizeBytes <= 3 * PIECE_BYTES
        ? [0, PIECE_BYTES, 2 * PIECE_BYTES]
        : [0, Math.floor(sizeBytes / 2), sizeBytes - PIECE_BYTES];
    for (const position of places) {
      const { bytesRead, buffer } = await handle.read(Buffer.alloc(PIECE_BYTES), 0, PIECE_BYTES, position);
      hash.update(buffer.subarray(0, bytesRead));
    }
  } finally {
    await handle.close();
  }
  return hash.digest('hex').slice(0, 32);
}
