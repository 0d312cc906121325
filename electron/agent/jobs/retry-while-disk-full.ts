import { statfsSync } from 'node:fs';
import { isDiskFull } from '../../../shared/disk-full.ts';
import type { AgentServices } from './services.ts';

/** A full disk is looked at again after this long. */
const LOOK_AGAIN_MS = 2_000;

/**
 * Does `work`, and does it again as long as the disk is full: the lease thread keeps the lease meanwhile. Any other
 * error, and one that comes after `signal`, is thrown. `work` must be repeatable.
 */
export async function retryWhileDiskFull<T>(
  services: Pick<AgentServices, 'store' | 'clock' | 'log' | 'workFolder'>,
  signal: AbortSignal,
  work: () => T | Promise<T>,
): Promise<T> {
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (!isDiskFull(error) || signal.aborted) throw error;
      noteFullDisk(services);
      await services.clock.sleep(LOOK_AGAIN_MS, signal);
    }
  }
}

/** A disk is full before nothing is free: file systems keep a reserve. */
function freeBytesOf(folder: string): { readonly freeBytes?: number } {
  try {
    const { bavail, bsize } = statfsSync(folder);
    return { freeBytes: bavail * bsize };
  } catch {
    return {};
  }
}

function noteFullDisk({ store, log, workFolder }: Pick<AgentServices, 'store' | 'log' | 'workFolder'>): void {
  if (store.snapshot().disk.full) return;
  log.warn({ work_folder: workFolder }, 'the disk of the work folder is full');
  store.emit({ type: 'diskChecked', disk: { workFolder, ...freeBytesOf(workFolder), full: true } });
}
