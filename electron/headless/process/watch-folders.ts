import { systemClock } from '../../work/clock.ts';
import { sourcePathOf } from '../../compose/operator/operator-client.ts';
import { isJobType, type JobType } from '../../../shared/job.ts';
import type { Snapshot } from '../../../shared/snapshot.ts';
import type { Embedded } from './embedded.ts';
import { isHopeless, proofsDone } from './follow-jobs.ts';

/** A source of which nothing is left to do here. */
export interface EndedSource {
  /** Of this machine. */
  readonly path: string;
  readonly jobs: readonly { readonly jobId: string; readonly jobType: JobType }[];
}

interface SourceJobs {
  readonly jobs: Map<string, { readonly jobType: JobType; isOpen: boolean }>;
  /** How many of its jobs had ended when its results were written last. */
  written: number;
}

const ASK_EVERY_MS = 500;

/**
 * Follows the jobs that rules make, until `signal`: `onEnded` gets each source as soon as nothing of it is left to do,
 * and again where something of it was done later.
 * @param pathOf what a source path of a job is on this machine
 */
export async function followRules(
  { agent, client }: Embedded,
  pathOf: (sourcePath: string) => string,
  onEnded: (source: EndedSource) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  const sources = new Map<string, SourceJobs>();
  const sourceOf = new Map<string, string>();
  let after = 0;
  while (!signal.aborted) {
    const { entries, last } = await client.changes(after);
    after = last;
    for (const { event, job_id: jobId } of entries) {
      if (jobId === undefined) continue;
      if (event === 'jobCreated') {
        const job = await client.job(jobId);
        const source = sourcePathOf(job);
        sourceOf.set(jobId, source);
        const known = sources.get(source) ?? { jobs: new Map(), written: 0 };
        if (isJobType(job.job_type)) known.jobs.set(jobId, { jobType: job.job_type, isOpen: true });
        sources.set(source, known);
      }
      if (event !== 'jobSubmitted' && event !== 'jobFailed' && event !== 'jobCancelled') continue;
      // A failure ends a job, or it is offered again.
      const isEnded = event !== 'jobFailed' || (await client.job(jobId)).status === 'failed';
      const job = sources.get(sourceOf.get(jobId) ?? '')?.jobs.get(jobId);
      if (job !== undefined && isEnded) job.isOpen = false;
    }
    const snapshot = agent.snapshot();
    for (const [source, known] of sources) {
      const ended = endedOf(snapshot, known);
      if (ended === null) continue;
      known.written = ended;
      const jobs = [...known.jobs].map(([jobId, { jobType }]) => ({ jobId, jobType }));
      await onEnded({ path: pathOf(source), jobs });
      if (ended === known.jobs.size) sources.delete(source);
    }
    await systemClock.sleep(ASK_EVERY_MS, signal);
    if (sources.size > 0) agent.wake();
  }
}

/** How many jobs of a source have ended, where none of the others can go on here and it is news; else null. */
function endedOf(snapshot: Snapshot, { jobs, written }: SourceJobs): number | null {
  const open = [...jobs].filter(([, { isOpen }]) => isOpen);
  const ended = jobs.size - open.length;
  if (ended === written) return null;
  if (open.length === 0) return ended;
  const rest = open.map(([jobId, { jobType }]) => ({ jobId, jobType }));
  return proofsDone(snapshot) && rest.every((job) => isHopeless(snapshot, job)) ? ended : null;
}
