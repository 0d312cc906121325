const LF = 0x0a;
const CR = 0x0d;

/** Longest line kept, in bytes; what a tool writes beyond it up to the line's end is dropped. */
const MAX_LINE_BYTES = 64 * 1024;

interface LineSplitter {
  push(chunk: Buffer): void;
  /** Hands over a last line without a line end. */
  end(): void;
}

/**
 * Cuts a byte stream into lines. \n, \r\n and a lone \r end a line (ffmpeg redraws its status with \r). Works on
 * bytes, so a character may arrive in two chunks; memory stays under `maxBytes` plus one chunk whatever is written.
 */
export function createLineSplitter(onLine: (line: string) => void, maxBytes = MAX_LINE_BYTES): LineSplitter {
  let held: Buffer[] = [];
  let heldBytes = 0;
  let afterCr = false;

  const keep = (piece: Buffer): void => {
    const room = maxBytes - heldBytes;
    if (room <= 0 || piece.length === 0) return;
    // A copy, because a slice would keep its whole chunk alive for as long as the line is incomplete.
    const kept = Buffer.from(piece.subarray(0, room));
    held.push(kept);
    heldBytes += kept.length;
  };
  const flush = (last: Buffer): void => {
    const line =
      held.length === 0 && last.length <= maxBytes
        ? last
        : Buffer.concat([...held, last.subarray(0, maxBytes - heldBytes)]);
    held = [];
    heldBytes = 0;
    onLine(line.toString('utf8', 0, line.length < maxBytes ? line.length : wholeCharacters(line)));
  };

  return {
    push(chunk) {
      let start = 0;
      for (let i = 0; i < chunk.length; i++) {
        const byte = chunk[i];
        if (byte !== LF && byte !== CR) {
          afterCr = false;
          continue;
        }
        const isSecondHalf = byte === LF && afterCr;
        afterCr = byte === CR;
        if (!isSecondHalf) flush(chunk.subarray(start, i));
        start = i + 1;
      }
      keep(chunk.subarray(start));
    },
    end() {
      if (heldBytes > 0) flush(Buffer.alloc(0));
    },
  };
}

/** Length of `line` without a character that the cut went through. */
function wholeCharacters(line: Buffer): number {
  let start = line.length - 1;
  while (start > 0 && line.length - start < 4 && ((line[start] ?? 0) & 0xc0) === 0x80) start--;
  const lead = line[start] ?? 0;
  const size = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc0 ? 2 : 1;
  return start + size > line.length ? start : line.length;
}
