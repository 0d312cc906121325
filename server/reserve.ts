import { randomFillSync } from 'node:crypto';
import { open, rename, rm, stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { databaseFailure } from './database/failures.ts';
import type { ServerLog } from './options.ts';

const FILE_NAME = 'reserve';

/**
 * Room on the disk that only the database may have: a file that is given up when a commit finds none. So leases are
 * kept, results taken and jobs ended on a full disk, while whatever needs more is refused (`low`).
 */
export interface Reserve {
  /** The reserve is given up or could never be made: there is no room for anything that grows. */
  low(): boolean;
  /** Gives the room to the database; false when there is none to give. */
  release(): Promise<boolean>;
  /** Makes the reserve again as soon as the disk has twice as much to spare. */
  refill(): Promise<void>;
}

/** For a server whose disk is no concern of its own: full is full. */
export const NO_RESERVE: Reserve = { low: () => false, release: async () => false, refill: async () => {} };

/** Finds the reserve of an earlier start, or makes it. `bytes` 0: none. */
export async function openReserve(dataDir: string, bytes: number, log: ServerLog): Promise<Reserve> {
  if (bytes === 0) return NO_RESERVE;
  const path = join(dataDir, FILE_NAME);
  let held = await stat(path).then(
    (found) => found.isFile() && found.size === bytes,
    () => false,
  );
  const reserve: Reserve = {
    low: () => !held,
    async release() {
      if (!held) return false;
      held = false;
      await rm(path, { force: true });
      log.warn({ bytes }, 'the disk is full: the reserve goes to the database; uploads and new jobs are refused');
      return true;
    },
    async refill() {
      if (held) return;
      // What keeps it from being made now keeps nothing else from going on: it is tried again.
      held = await occupy(dataDir, bytes).catch(() => false);
      if (held) log.info({ bytes }, 'the disk has room: the reserve is kept');
    },
  };
  await reserve.refill();
  return reserve;
}

/** False while the disk is too full. Random, because a file system that compresses would keep nothing for zeros. */
async function occupy(dataDir: string, bytes: number): Promise<boolean> {
  const { blocks, bavail, bsize } = await statfs(dataDir);
  // Some network and FUSE mounts tell nothing: then only writing shows.
  if (blocks > 0 && bavail * bsize < 2 * bytes) return false;
  const path = join(dataDir, FILE_NAME);
  const temporary = `${path}.new`;
  try {
    const file = await open(temporary, 'w', 0o600);
    try {
      await file.writeFile(randomFillSync(Buffer.alloc(bytes)));
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
    return true;
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

/**
 * Does what writes to the database, and once more with the reserve when the disk had no room for it. `work` must be
 * whole: SQLite has rolled back what it began.
 */
export async function withReserve<T>(context: { readonly reserve: Reserve }, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (databaseFailure(error) !== 'full' || !(await context.reserve.release())) throw error;
    return work();
  }
}
