import { constants } from 'node:fs';
import { open } from 'node:fs/promises';

/** Makes a new name in this folder survive a power loss. Windows cannot open folders; NTFS journals names itself. */
export async function flushFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(folder, constants.O_RDONLY);
  await handle.sync().finally(() => handle.close());
}
