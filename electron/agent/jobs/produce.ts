import { withTimeout } from '../../work/clock.ts';
import { failure, FAILURES, JobFailure, type Failure } from '../../../shared/failure.ts';
import { type Job } from '../../../shared/job.ts';
import { profileOf } from '../../../shared/job-profile.ts';
import { instant } from '../../work/clock.ts';
import { crashPoint } from './crash-point.ts';
import type { ExecutionOutcome } from '../../work/execution.ts';
import { isDiskFull } from '../../work/storage/disk-full.ts';
import type { Aftermath } from '../journal/journal.ts';
import type { Lease } from '../lease/leases.ts';
import type { JobProcesses } from '../../work/process/child.ts';
import type { OpenSource } from '../../work/storage/open-source.ts';
import { whenAborted } from './when-aborted.ts';
import { adoptWorkspace, removeWorkspace, workspacePath } from '../../work/workspace/workspace.ts';
import type { Claimed } from './claim.ts';
import { diskFull } from './disk-full.ts';
import { execute, fingerprintOf } from './execute.ts';
import type { Parts } from './parts.ts';
import { whenThereIsRoom } from './room.ts';

/** A job that crashed its child or the agent this often is not taken here again (protocol.md, Failures). */
export const CRASH_LIMIT = 3;

/** A local cancel or give-back is not claimed again here for this long (protocol.md, Failures). */
const HOLD_OFF_MS = 10 * 60_000;
/** Longest way of a stopped child: TERM, 5 s, KILL. What an executor does beyond that is not waited for. */
const EXECUTOR_ENDS_MS = 7_000;
/** A killed process that is still there after this is stuck in the kernel, usually on a dead share. */
const KILLED_MS = 3_000;

/** Why a running job is stopped from here; the server's own wish arrives by heartbeat. */
export type StopReason = 'CANCELLED' | 'AGENT_SHUTDOWN' | 'PREEMPTED';

const STOP_SENTENCES: Readonly<Record<StopReason, string>> = {
  CANCELLED: 'The job was cancelled.',
  AGENT_SHUTDOWN: 'The agent was shut down before the job was finished.',
  PREEMPTED: 'The editor needed the machine.',
};

export interface Production {
  readonly parts: Parts;
  readonly run: Claimed;
  readonly lease: Lease;
  readonly processes: JobProcesses;
  /** Aborted to stop the work: with a StopReason, or with the LeaseLoss. */
  readonly stop: AbortSignal;
  /** Aborted when the agent exits. */
  readonly stopping: AbortSignal;
}

/** Executes the job, or finds finished work of an earlier lease; the outcome is in the journal before it is returned. */
export async function produce(life: Production): Promise<ExecutionOutcome | 'interrupted'> {
  const { parts, run, lease, stop, stopping } = life;
  const held: HeldSource = { source: undefined };
  const made = await Promise.race([attempt(life, held), longAfter(life)]);
  await killAll(life);
  // Also when the executor was left behind: its children are gone, and nobody else would ever close it.
  await held.source?.handle.close().catch(() => undefined);
  if (stopping.aborted && !stop.aborted) return 'interrupted';
  // Work that was finished before the lease went is worth keeping; everything else of it is over.
  if (lease.lost.aborted && made.kind === 'failure') return made;
  const outcome = noted(life, stop.aborted && !lease.lost.aborted ? stopped(stop.reason as StopReason) : made);
  // The first thing a full disk gets back: without this room the journal could not say that it was full.
  if (outcome.kind === 'failure') await removeWorkspace(workspacePath(parts.workFolder, run.runId));
  const aftermath = outcome.kind === 'failure' ? aftermathOf(parts, outcome.failure) : { crashed: false };
  await whenThereIsRoom(parts, stopping, () => parts.journal.executed(run, outcome, aftermath));
  crashPoint('outcome-written');
  if (outcome.kind === 'failure') tell(parts, run, outcome.failure);
  return outcome;
}

/** What the end says about the machine is noted; a failure that is the machine's and not the file's is told as that. */
function noted({ parts, run }: Production, outcome: ExecutionOutcome): ExecutionOutcome {
  const profile = run.job.kind === 'valid' ? profileOf(run.job.job) : null;
  const ended = { jobType: run.jobType, profile, assetUuid: run.assetUuid };
  const instead = parts.noteOutcome(ended, outcome.kind === 'success' ? 'success' : outcome.failure);
  return instead === undefined ? outcome : { kind: 'failure', failure: instead };
}

/** Every wait has an end: an executor that does not return although its children are gone is left behind. */
async function longAfter({ parts, stop }: Production): Promise<ExecutionOutcome> {
  await whenAborted(stop);
  await parts.clock.sleep(EXECUTOR_ENDS_MS);
  return { kind: 'failure', failure: failure('INTERNAL', 'The job did not end when it was told to.') };
}

/** KILL to whatever is left of the job; waits for it, but not for ever. */
export async function killAll({ parts, processes }: Pick<Production, 'parts' | 'processes'>): Promise<void> {
  await withTimeout(parts.clock, KILLED_MS, processes.kill(), undefined);
}

function stopped(reason: StopReason): ExecutionOutcome {
  return { kind: 'failure', failure: failure(reason, STOP_SENTENCES[reason]) };
}

interface HeldSource {
  source: OpenSource | undefined;
}

async function attempt(life: Production, held: HeldSource): Promise<ExecutionOutcome> {
  const { parts, run } = life;
  const { job: parsed } = run;
  if (parsed.kind === 'invalid') return { kind: 'failure', failure: parsed.failure };
  if (parsed.kind === 'unknown-type') {
    return { kind: 'failure', failure: failure('INVALID_JOB', `The job type “${parsed.jobType}” is not known here.`) };
  }
  try {
    const source = await parts.roots.open(parsed.job.sourcePath);
    held.source = source;
    const fingerprint = fingerprintOf(parsed.job, source);
    const kept = await adoptKept(life, fingerprint);
    if (kept !== null) return kept;
    parts.journal.change(run.runId, { fingerprint, executing: true });
    return await execute({ ...life, job: parsed.job, source, signal: life.stop });
  } catch (error) {
    return { kind: 'failure', failure: beforeExecution(error, parsed.job, parts) };
  }
}

function beforeExecution(error: unknown, job: Job, parts: Parts): Failure {
  if (error instanceof JobFailure) return error.failure;
  if (isDiskFull(error)) return diskFull(parts);
  const reason = error instanceof Error ? error.message : String(error);
  return failure('INTERNAL', `“${job.sourcePath}” could not be prepared: ${reason}.`, { subject: job.sourcePath });
}

/** Same job, same inputs, unchanged source: what an earlier lease finished is delivered without being made again. */
async function adoptKept({ parts, run }: Production, fingerprint: string): Promise<ExecutionOutcome | null> {
  const kept = parts.journal.kept(run.jobId).find((entry) => entry.fingerprint === fingerprint);
  if (kept?.outcome?.kind !== 'success') return null;
  try {
    await adoptWorkspace(parts.workFolder, kept.runId, run.runId);
  } catch (error) {
    // Its files were cleared away: then the work is simply done again.
    parts.log.warn({ job_id: run.jobId, err: error }, 'kept work could not be taken over');
    parts.journal.forget(kept.runId);
    return null;
  }
  parts.journal.adopt(kept.runId, run.runId, fingerprint, kept.outcome);
  parts.log.info({ job_id: run.jobId }, 'finished work of an earlier lease is delivered again');
  return kept.outcome;
}

function aftermathOf(parts: Parts, value: Failure): Aftermath {
  const { machineFault, countsAsAttempt } = FAILURES[value.code];
  const holdsOff = !countsAsAttempt && value.code !== 'SOURCE_GROWING';
  return {
    crashed: value.detail?.signal !== undefined && machineFault,
    ...(holdsOff ? { heldOffUntil: new Date(parts.clock.now() + HOLD_OFF_MS).toISOString() } : {}),
  };
}

function tell(parts: Parts, run: Claimed, { code, message }: Failure): void {
  parts.jobLogs.add(run.jobId, { at: instant(parts.clock), level: 'error', message: `${code}: ${message}` });
  parts.log.warn({ job_id: run.jobId, code }, message);
}

/** The outcome of a run that the agent's own death interrupted too often. */
export function crashedTooOften(crashes: number): ExecutionOutcome {
  const message = `The job ended its tool or the agent ${crashes} times on this machine and is set aside.`;
  return { kind: 'failure', failure: failure('AGENT_CRASHED', message) };
}
