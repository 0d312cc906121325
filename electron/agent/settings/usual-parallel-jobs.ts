import { availableParallelism, totalmem } from 'node:os';

const GIB = 1024 ** 3;
/** A review proxy is encoded in four slices: what one job keeps busy (docs/media.md). */
const CORES_PER_PROXY = 4;
/** A proxy of an 8K source decoded in software, with its agent, stays below it. */
const BYTES_PER_JOB = 2 * GIB;
/** A long proxy must not hold up the thumbnails of the next file, however small the machine is. */
const FEWEST = 2;
/** Upper end of the setting. */
const MOST = 16;

/**
 * Jobs at the same time where nobody has chosen: one for each four cores, and one more for those that mostly wait (for
 * a disk, for the server), as far as the memory reaches.
 * @param cores that this process may use
 * @param memoryBytes of the machine
 */
export function usualParallelJobs(cores = availableParallelism(), memoryBytes = totalmem()): number {
  const byCores = Math.floor(cores / CORES_PER_PROXY) + 1;
  const byMemory = Math.floor(memoryBytes / BYTES_PER_JOB);
  return Math.max(FEWEST, Math.min(byCores, byMemory, MOST));
}
