import { systemClock } from '../../work/clock.ts';
import type { ProofState } from '../../../shared/capability-state.ts';
import type { Snapshot, WaitReason } from '../../../shared/snapshot.ts';
import type { JobType } from '../../../shared/job.ts';
import { formatRefusal } from '../../compose/format-refusal.ts';
import type { Embedded } from './embedded.ts';

/** A job this run made. */
export interface OwnJob {
  readonly jobId: string;
  readonly jobType: JobType;
  /** Absolute path. */
  readonly source: string;
}

/** How often the server is asked what changed; the agent's own events shorten the wait. */
const ASK_EVERY_MS = 500;

/**
 * Waits until every job ended, or can only wait because nothing here can do it. The server is asked for what changed
 * since the last time, never for all jobs.
 */
export async function untilEnded({ agent, client }: Embedded, jobs: readonly OwnJob[]): Promise<void> {
  const open = new Map(jobs.map((job) => [job.jobId, job]));
  const claimed = new Set<string>();
  let after = 0;
  for (;;) {
    const { entries, last } = await client.changes(after);
    after = last;
    const failed = new Set<string>();
    for (const { event, job_id: jobId } of entries) {
      if (jobId === undefined || !open.has(jobId)) continue;
      if (event === 'jobSubmitted' || event === 'jobCancelled') open.delete(jobId);
      else if (event === 'jobClaimed') claimed.add(jobId);
      else if (event === 'jobFailed' || event === 'jobGivenBack' || event === 'leaseExpired') claimed.delete(jobId);
      if (event === 'jobFailed') failed.add(jobId);
    }
    // A failure ends a job, or it is offered again: the server decides, and says so when it is asked.
    for (const jobId of failed) if ((await client.job(jobId)).status === 'failed') open.delete(jobId);
    const snapshot = agent.snapshot();
    const pending = [...open.values()].filter(({ jobId }) => !claimed.has(jobId));
    if (proofsDone(snapshot) && pending.length === open.size && pending.every((job) => isHopeless(snapshot, job)))
      return;
    const ended = new AbortController();
    const unsubscribe = agent.subscribe(({ type }) => {
      if (type === 'jobEnded' || type === 'capabilityChanged') ended.abort();
    });
    await systemClock.sleep(ASK_EVERY_MS, ended.signal);
    unsubscribe();
    // A job that went back to pending is due again after its short backoff.
    if (pending.length > 0) agent.wake();
  }
}

/** Whether it is known what this machine can do. */
export function proofsDone({ capabilities }: Snapshot): boolean {
  return capabilities.every(({ enabled, proof }) => !enabled || isDecided(proof));
}

const isDecided = (proof: ProofState): boolean =>
  proof.status === 'passed' || proof.status === 'failed' || (proof.status === 'missing' && proof.reason !== undefined);

/** Nothing on this machine can do the job now: its capability, or its profile, was not proved or was withdrawn. */
export function isHopeless(snapshot: Snapshot, job: Pick<OwnJob, 'jobId' | 'jobType'>): boolean {
  return (
    capabilityOf(snapshot, job.jobType)?.declared === false || reasonOf(snapshot, job.jobId)?.kind === 'profile-failed'
  );
}

function capabilityOf(snapshot: Snapshot, jobType: string): Snapshot['capabilities'][number] | undefined {
  return snapshot.capabilities.find((capability) => capability.jobType === jobType);
}

function reasonOf(snapshot: Snapshot, jobId: string): WaitReason | undefined {
  return snapshot.waiting.find((job) => job.jobId === jobId)?.reason;
}

/** Why a job that did not end waits, for a person. */
export function whyWaiting(snapshot: Snapshot, jobId: string, jobType: JobType): string {
  const capability = capabilityOf(snapshot, jobType);
  const reason = reasonOf(snapshot, jobId);
  if (reason?.kind === 'profile-failed') {
    return `${reason.profile} does not work here: ${whyNot(capability, reason.profile)}`;
  }
  const { proof } = capability ?? {};
  if ((proof?.status === 'failed' || proof?.status === 'missing') && proof.reason !== undefined) {
    return `no capability: ${formatRefusal(proof.reason)}`;
  }
  if (capability?.withdrawn !== undefined) {
    return `no capability: it was withdrawn after repeated failures (${capability.withdrawn.because.message})`;
  }
  return reason === undefined ? 'no capability' : reason.kind;
}

function whyNot(capability: Snapshot['capabilities'][number] | undefined, profile: string): string {
  const state = capability?.profiles?.find(({ name }) => name === profile);
  if (state?.withdrawn !== undefined) return state.withdrawn.because.message;
  return state?.proof.status === 'failed' ? formatRefusal(state.proof.reason) : 'its test failed';
}
