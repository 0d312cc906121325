import { printableJson } from '../../../shared/printable.ts';

/** Long enough that writing is not many small ones, short enough to be no matter in memory. */
const PIECE_CHARACTERS = 64 * 1024;

/** What `printableJson` makes of `JSON.stringify(value, null, 2)`, in pieces: a transcript of hours is never one string. */
export function* jsonPieces(value: unknown): Generator<string> {
  let piece = '';
  for (const text of tokens(value, '\n')) {
    piece += text;
    if (piece.length < PIECE_CHARACTERS) continue;
    yield piece;
    piece = '';
  }
  yield piece;
}

/** `line`: a line break and the indent that this value stands at. */
function* tokens(value: unknown, line: string): Generator<string> {
  if (isSmall(value)) {
    yield printableJson(JSON.stringify(value, null, 2) ?? 'null').replaceAll('\n', line);
    return;
  }
  const isList = Array.isArray(value);
  const inner = `${line}  `;
  let before = isList ? '[' : '{';
  for (const [name, member] of Object.entries(value as object)) {
    if (!isList && member === undefined) continue;
    yield isList ? `${before}${inner}` : `${before}${inner}${printableJson(JSON.stringify(name))}: `;
    yield* tokens(member, inner);
    before = ',';
  }
  yield `${line}${isList ? ']' : '}'}`;
}

/** Values in one that is written at once: some segments of a transcript, never all of them. */
const SMALL = 500;

function isSmall(value: unknown): boolean {
  return countUpTo(SMALL, value) < SMALL;
}

/** How many values there are in this one, itself included; looked at only as far as `limit`. */
function countUpTo(limit: number, value: unknown): number {
  let count = 1;
  if (typeof value !== 'object' || value === null) return count;
  if (Array.isArray(value) && value.length >= limit) return limit;
  for (const member of Object.values(value)) {
    count += countUpTo(limit - count, member);
    if (count >= limit) return count;
  }
  return count;
}
