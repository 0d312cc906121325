import type { EndedJob, Snapshot } from '../../shared/snapshot.ts';

/** Enough to even out a long take, few enough to follow another kind of rushes. */
const LAST = 40;

/**
 * How long jobs of these types will take here, ms: the median of the last ones of each type, and as many at a time as
 * may run. Null as long as nothing of the kind was done.
 */
export function workAhead(
  pending: Readonly<Record<string, number>>,
  { done, agent }: Pick<Snapshot, 'done' | 'agent'>,
): number | null {
  let ms = 0;
  for (const [type, jobs] of Object.entries(pending)) {
    if (jobs === 0) continue;
    const each = median(done, type);
    if (each === null) return null;
    ms += each * jobs;
  }
  return ms === 0 ? null : ms / Math.max(1, agent.maxParallelJobs);
}

function median(done: readonly EndedJob[], type: string): number | null {
  const walls = done
    .filter(({ jobType }) => jobType === type)
    .slice(0, LAST)
    .map(({ wallMs }) => wallMs)
    .sort((a, b) => a - b);
  return walls[Math.floor(walls.length / 2)] ?? null;
}
