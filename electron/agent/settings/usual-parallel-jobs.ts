import { availableParallelism, totalmem } from 'node:os';

const GIB = 1024 ** 3;
/** A proxy of an 8K source decoded in software, with its agent, stays below it. */
const BYTES_PER_JOB = 2 * GIB;
/** A long proxy must not hold up the thumbnails of the next file, however small the machine is. */
const FEWEST = 2;
/** With more, a disk or a share gives each of them its bytes too slowly; the setting reaches further. */
const MOST = 8;

/**
 * Jobs at the same time where nobody has chosen: one for each core, as far as the memory reaches. A proxy keeps a third
 * of its time to one core, whatever its slices, so that fewer leave cores idle (`npm run bench -- --only parallel`).
 * @param cores that this process may use
 * @param memoryBytes of the machine
 */
export function usualParallelJobs(cores = availableParallelism(), memoryBytes = totalmem()): number {
  const byMemory = Math.floor(memoryBytes / BYTES_PER_JOB);
  return Math.max(FEWEST, Math.min(cores, byMemory, MOST));
}
