import { closeSync, constants, fsyncSync, mkdirSync, openSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { open, rename } from 'node:fs/promises';
import { dirname } from 'node:path';

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

/** Gives a file that was written and flushed its final name. Any error is thrown: then it is not there. */
export async function publish(temporary: string, path: string): Promise<void> {
  await rename(temporary, path);
  await flushFolder(dirname(path));
}

/** Replaces a small file whole, for this user alone: after a power loss it is the old one or the new one. Throws. */
export function replaceFile(path: string, text: string): void {
  const folder = dirname(path);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const temporary = `${path}.new`;
  // A left-over keeps the mode it was made with, and a link would be written through.
  rmSync(temporary, { force: true });
  writeFileSync(temporary, text, { mode: 0o600, flush: true, flag: 'wx' });
  renameSync(temporary, path);
  if (process.platform === 'win32') return;
  const handle = openSync(folder, constants.O_RDONLY);
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}
