import { closeSync, constants, fsyncSync, mkdirSync, openSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { open, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import { systemClock } from '../clock.ts';

/** What it takes until a file survives a power loss (reliability.md, "A job's life"): data, name, folder, in this order. */

/** Makes a new name in this folder survive a power loss. Windows cannot open folders; NTFS journals names itself. */
export async function flushFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(folder, constants.O_RDONLY);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/**
 * How long a rename on Windows is tried again, ms: 1.6 s in all. Whoever has either file open there, a scanner or an
 * indexer that looks at what is new above all, keeps it from being renamed or replaced.
 */
const HELD_MS = process.platform === 'win32' ? [10, 20, 50, 100, 200, 400, 800] : [];

function isHeld(error: unknown): boolean {
  return error instanceof Error && 'code' in error && ['EPERM', 'EACCES', 'EBUSY'].includes(String(error.code));
}

/** What Windows says of a file that is open elsewhere is what it says where rights are missing. */
class OpenElsewhere extends Error {
  readonly code = 'EBUSY';
  constructor(path: string, cause: unknown) {
    super(`another program has ${path} open`, { cause });
    this.name = 'OpenElsewhere';
  }
}

/** Who may write a file but not replace it meets somebody who has it open. */
async function mayBeWritten(path: string): Promise<boolean> {
  const handle = await open(path, constants.O_RDWR).catch((error: NodeJS.ErrnoException) => error.code === 'EBUSY');
  if (typeof handle === 'boolean') return handle;
  await handle.close();
  return true;
}

/** Gives a file that was written and flushed its final name. Any error is thrown: then it is not there. */
export async function publish(temporary: string, path: string): Promise<void> {
  for (const waitMs of [...HELD_MS, null]) {
    try {
      await rename(temporary, path);
      break;
    } catch (error) {
      if (!isHeld(error) || HELD_MS.length === 0) throw error;
      if (waitMs !== null) await systemClock.sleep(waitMs);
      else throw (await mayBeWritten(path)) ? new OpenElsewhere(path, error) : error;
    }
  }
  await flushFolder(dirname(path));
}

function renameNow(temporary: string, path: string): void {
  for (const waitMs of [...HELD_MS, null]) {
    try {
      renameSync(temporary, path);
      return;
    } catch (error) {
      if (waitMs === null || !isHeld(error)) throw error;
      // Nobody will wake it: the time runs out.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, waitMs);
    }
  }
}

/** Replaces a small file whole, for this user alone: after a power loss it is the old one or the new one. Throws. */
export function replaceFile(path: string, text: string): void {
  const folder = dirname(path);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const temporary = `${path}.new`;
  // A left-over keeps the mode it was made with, and a link would be written through.
  rmSync(temporary, { force: true });
  writeFileSync(temporary, text, { mode: 0o600, flush: true, flag: 'wx' });
  renameNow(temporary, path);
  if (process.platform === 'win32') return;
  const handle = openSync(folder, constants.O_RDONLY);
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}
