import { readdir, stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';

/** Below this the work folder's disk counts as full whatever a job needs: the journal itself must be able to write. */
const RESERVE_BYTES = 16 * 1024 * 1024;

interface DiskRoom {
  /** Bytes this agent may still write: free on the disk less a reserve, and what its own limit leaves. */
  readonly availableBytes: number;
  readonly freeBytes: number;
}

/** How much room the work folder has left; `limitBytes` bounds what the agent's own files may take. */
export async function diskRoom(workFolder: string, limitBytes: number): Promise<DiskRoom> {
  const disk = await statfs(workFolder);
  const freeBytes = disk.bavail * disk.bsize;
  const used = await sizeOfFolder(join(workFolder, 'runs'));
  return { freeBytes, availableBytes: Math.max(0, Math.min(freeBytes - RESERVE_BYTES, limitBytes - used)) };
}

/** Total size of the regular files below a folder, in bytes; 0 when it does not exist. */
async function sizeOfFolder(folder: string): Promise<number> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  let total = 0;
  for (const entry of entries) {
    if (!entry.isFile()) continue;
    total += await stat(join(entry.parentPath, entry.name)).then(
      (stats) => stats.size,
      () => 0,
    );
  }
  return total;
}
