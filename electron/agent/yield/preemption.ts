import type { Snapshot } from '../../../shared/snapshot.ts';
import type { ActiveRun } from '../jobs/run-job.ts';

export type YieldingRun = Pick<ActiveRun, 'run' | 'executing' | 'suspend' | 'kill'>;

interface PreemptionDeps {
  /** Oldest first. */
  readonly runs: () => readonly YieldingRun[];
  /** Where the encoder of each running job is told. */
  readonly snapshot: () => Pick<Snapshot, 'running'>;
  /** False where children cannot be stopped (Windows): then giving way is giving back. */
  readonly canSuspend: boolean;
  /** Proofs: children that belong to no job. */
  readonly suspendProofs: (suspended: boolean) => void;
  readonly monotonic: () => number;
}

interface Preemption {
  /**
   * Lets the machine go or takes it back. `limitMs`: how long a job may stand still before it is given back, Infinity for ever;
   * `memoryIsShort`: one more is given back at once, the newest first, because it has done least.
   */
  apply(wanted: { readonly suspended: boolean; readonly limitMs: number; readonly memoryIsShort: boolean }): void;
  /** Monotonic ms at which the next job is given back; null: none is. */
  nextGiveBack(): number | null;
}

/**
 * Encoders of graphics cards by the names ffmpeg gives them, and the backends of the speech engine: a stopped process
 * keeps its session on the card, so it is given back instead.
 */
const ON_THE_CARD = /(?:_(?:nvenc|qsv|vaapi|videotoolbox|amf|mf|vulkan|v4l2m2m)$)|^(?:cuda|metal|vulkan)$/i;

/** After a job was given back for want of memory, the system needs a moment to show what that freed. */
const MEMORY_SETTLES_MS = 2_000;

export function createPreemption({ runs, snapshot, canSuspend, suspendProofs, monotonic }: PreemptionDeps): Preemption {
  const since = new Map<YieldingRun, number>();
  let limitMs = 0;
  let memoryLookAt = 0;
  const usesTheCard = ({ run }: YieldingRun): boolean =>
    ON_THE_CARD.test(snapshot().running.find(({ jobId }) => jobId === run.jobId)?.encoder ?? '');
  const giveBack = (run: YieldingRun): void => {
    since.delete(run);
    // KILL, not TERM: a child that would have to be woken to end in order takes the machine for seconds.
    run.kill('PREEMPTED');
  };
  const suspend = (run: YieldingRun, now: number): void => {
    if (!since.has(run)) since.set(run, now);
    run.suspend(true);
    const overdue = now - (since.get(run) ?? now) >= limitMs;
    if (overdue || !canSuspend || usesTheCard(run)) giveBack(run);
  };
  return {
    apply(wanted) {
      ({ limitMs } = wanted);
      const now = monotonic();
      const executing = runs().filter((run) => run.executing());
      for (const run of since.keys()) if (!executing.includes(run)) since.delete(run);
      suspendProofs(wanted.suspended && canSuspend);
      if (!wanted.suspended) {
        since.clear();
        for (const run of executing) run.suspend(false);
        return;
      }
      for (const run of executing) suspend(run, now);
      const newest = [...since.keys()].at(-1);
      if (wanted.memoryIsShort && newest !== undefined && now >= memoryLookAt) {
        memoryLookAt = now + MEMORY_SETTLES_MS;
        giveBack(newest);
      }
    },
    nextGiveBack: () => (since.size === 0 || limitMs === Infinity ? null : Math.min(...since.values()) + limitMs),
  };
}
