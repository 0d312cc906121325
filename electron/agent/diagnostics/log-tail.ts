import { closeSync, fstatSync, openSync, readdirSync, readSync } from 'node:fs';
import { join } from 'node:path';

/** The end of a log tells what went wrong; 1 MB is some thousand lines. */
const MAX_BYTES = 1_000_000;

interface LogTail {
  readonly name: string;
  readonly text: string;
}

/** The last whole lines of every log file in `folder`, of 1 MB each at most; none where there is no folder. */
export function readLogTails(folder: string): readonly LogTail[] {
  const names = logNames(folder);
  return names.map((name) => ({ name, text: tailOf(join(folder, name)) }));
}

function logNames(folder: string): string[] {
  try {
    // The rotation gzips nothing and appends to the name; the two newest of each log are enough.
    return readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.isFile() && /^[^.].*\.log$/.test(entry.name))
      .map(({ name }) => name)
      .sort()
      .slice(-3);
  } catch {
    return [];
  }
}

function tailOf(file: string): string {
  const descriptor = openSync(file, 'r');
  try {
    const { size } = fstatSync(descriptor);
    const length = Math.min(size, MAX_BYTES);
    const buffer = Buffer.alloc(length);
    const read = readSync(descriptor, buffer, 0, length, size - length);
    const text = buffer.subarray(0, read).toString('utf8');
    return length < size ? text.slice(text.indexOf('\n') + 1) : text;
  } finally {
    closeSync(descriptor);
  }
}
