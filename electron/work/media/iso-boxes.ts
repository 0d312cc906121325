import { bytesAt } from './bytes-at.ts';

/** ISO 14496-12 and QuickTime: where boxes lie in a file. A few bytes are read at a time, and nothing is parsed. */

export interface Box {
  readonly type: string;
  /** Where its contents begin. */
  readonly body: number;
  /** Where it ends by its own word, which may be behind the end of the file. */
  readonly end: number;
}

/** A fragmented live recording has a few thousand boxes; a forged file must not keep us here. */
const MAX_BOXES = 100_000;

/** The boxes between two positions, up to the first that is none: zeros, or a length that cannot be. */
export async function* boxesIn(fd: number, from: number, to: number): AsyncGenerator<Box> {
  let at = from;
  for (let boxes = 0; boxes < MAX_BOXES && at + 8 <= to; boxes++) {
    const head = await bytesAt(fd, at, 16);
    const box = boxOf(head, at, to);
    if (box === null) return;
    yield box;
    at = box.end;
  }
}

function boxOf(head: Buffer, at: number, to: number): Box | null {
  if (head.length < 8) return null;
  const short = head.readUInt32BE(0);
  const type = head.toString('latin1', 4, 8);
  if (short >= 8) return { type, body: at + 8, end: at + short };
  // 0: up to the end of the file. 1: a 64-bit length follows.
  if (short === 0) return /^[ -~]{4}$/.test(type) ? { type, body: at + 8, end: to } : null;
  if (short !== 1 || head.length < 16) return null;
  const long = Number(head.readBigUInt64BE(8));
  return long < 16 ? null : { type, body: at + 16, end: at + long };
}

/** The first box of a type within another one, or down a path of types. */
export async function boxAt(fd: number, parent: Box, ...path: readonly string[]): Promise<Box | null> {
  const [type, ...rest] = path;
  for await (const box of boxesIn(fd, parent.body, parent.end)) {
    if (box.type === type) return rest.length === 0 ? box : boxAt(fd, box, ...rest);
  }
  return null;
}
