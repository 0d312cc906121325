import { failure, FAILURES, JobFailure, type Failure } from '../../../shared/failure.ts';
import { profileOf, type Job } from '../../../shared/job.ts';
import { instant, leaveBehind, withTimeout } from '../../work/clock.ts';
import { crashPoint } from './crash-point.ts';
import type { ExecutionOutcome } from '../../work/execution.ts';
import { isDiskFull } from '../../../shared/disk-full.ts';
import type { FailureEffects } from '../journal/journal.ts';
import type { OpenSource } from '../../work/storage/open-source.ts';
import { adoptWorkspace, removeWorkspace, workspacePath } from '../../work/workspace/workspace.ts';
import { diskFull } from './disk-full.ts';
import { execute, fingerprintOf } from './execute.ts';
import type { RunContext, StopReason } from './run-context.ts';
import type { AgentServices } from './services.ts';
import { retryWhileDiskFull } from './retry-while-disk-full.ts';

/** A job that crashed its child or the agent this often is not taken here again (protocol.md, Failures). */
export const CRASH_LIMIT = 3;

/** A local cancel or give-back is not claimed again here for this long (protocol.md, Failures). */
const HOLD_OFF_MS = 10 * 60_000;
/** Longest way of a stopped child: TERM, 5 s, KILL. What an executor does beyond that is not waited for. */
const EXECUTOR_ENDS_MS = 7_000;
/** A killed process that is still there after this is stuck in the kernel, usually on a dead share. */
const KILLED_MS = 3_000;

const STOP_SENTENCES: Readonly<Record<StopReason, string>> = {
  CANCELLED: 'The job was cancelled.',
  AGENT_SHUTDOWN: 'The agent was shut down before the job was finished.',
  PREEMPTED: 'The editor needed the machine.',
};

/** Every wait has an end: an executor that does not return although its children are gone is left behind. */
const LEFT_BEHIND: ExecutionOutcome = {
  kind: 'failure',
  failure: failure('INTERNAL', 'The job did not end when it was told to.'),
};

/** Executes the job, or finds finished work of an earlier lease; the outcome is in the journal before it is returned. */
export async function produce(context: RunContext): Promise<ExecutionOutcome | 'interrupted'> {
  const { journal, run, lease, stop, stopping } = context;
  const held: HeldSource = { source: undefined };
  const left = { signal: stop, late: LEFT_BEHIND };
  const made = await leaveBehind(context.clock, EXECUTOR_ENDS_MS, attempt(context, held), left);
  await killAll(context);
  // Also when the executor was left behind: its children are gone, and nobody else would ever close it.
  await held.source?.handle.close().catch(() => undefined);
  if (stopping.aborted && !stop.aborted) return 'interrupted';
  // Work that was finished before the lease went is worth keeping; everything else of it is over.
  if (lease.lost.aborted && made.kind === 'failure') return made;
  // `stop` is aborted with a loss or, where the lease is not lost, with a StopReason.
  const outcome = noted(context, stop.aborted && !lease.lost.aborted ? stopped(stop.reason as StopReason) : made);
  // The first thing a full disk gets back: without this room the journal could not say that it was full.
  if (outcome.kind === 'failure') await removeWorkspace(workspacePath(context.workFolder, run.runId));
  const effects = outcome.kind === 'failure' ? effectsOf(context, outcome.failure) : { crashed: false };
  await retryWhileDiskFull(context, stopping, () => journal.executed(run, outcome, effects));
  crashPoint('outcome-written');
  if (outcome.kind === 'failure') logFailure(context, outcome.failure);
  return outcome;
}

/** What the end says about the machine is noted; a failure that is the machine's and not the file's is told as that. */
function noted({ noteOutcome, run }: RunContext, outcome: ExecutionOutcome): ExecutionOutcome {
  const profile = run.job.kind === 'valid' ? profileOf(run.job.job) : null;
  const ended = { jobType: run.jobType, profile, assetUuid: run.assetUuid };
  const instead = noteOutcome(ended, outcome.kind === 'success' ? 'success' : outcome.failure);
  return instead === undefined ? outcome : { kind: 'failure', failure: instead };
}

/** KILL to whatever is left of the job; waits for it, but not for ever. */
export async function killAll({ clock, processes }: Pick<RunContext, 'clock' | 'processes'>): Promise<void> {
  await withTimeout(clock, KILLED_MS, processes.kill(), undefined);
}

function stopped(reason: StopReason): ExecutionOutcome {
  return { kind: 'failure', failure: failure(reason, STOP_SENTENCES[reason]) };
}

interface HeldSource {
  source: OpenSource | undefined;
}

async function attempt(context: RunContext, held: HeldSource): Promise<ExecutionOutcome> {
  const { journal, roots, run } = context;
  const { job: parsed } = run;
  if (parsed.kind === 'invalid') return { kind: 'failure', failure: parsed.failure };
  if (parsed.kind === 'unknown-type') {
    return { kind: 'failure', failure: failure('INVALID_JOB', `The job type “${parsed.jobType}” is not known here.`) };
  }
  try {
    const source = await roots.open(parsed.job.sourcePath);
    held.source = source;
    const fingerprint = fingerprintOf(parsed.job, source);
    const kept = await adoptKept(context, fingerprint);
    if (kept !== null) return kept;
    journal.change(run.runId, { fingerprint, executing: true });
    return await execute({ ...context, job: parsed.job, source });
  } catch (error) {
    return { kind: 'failure', failure: beforeExecution(error, parsed.job, context) };
  }
}

function beforeExecution(error: unknown, job: Job, context: Pick<AgentServices, 'workFolder'>): Failure {
  if (error instanceof JobFailure) return error.failure;
  if (isDiskFull(error)) return diskFull(context);
  const reason = error instanceof Error ? error.message : String(error);
  return failure('INTERNAL', `“${job.sourcePath}” could not be prepared: ${reason}.`, { subject: job.sourcePath });
}

/** Same job, same inputs, unchanged source: what an earlier lease finished is delivered without being made again. */
async function adoptKept(
  { journal, log, run, workFolder }: RunContext,
  fingerprint: string,
): Promise<ExecutionOutcome | null> {
  const kept = journal.kept(run.jobId).find((entry) => entry.fingerprint === fingerprint);
  if (kept?.outcome?.kind !== 'success') return null;
  try {
    await adoptWorkspace(workFolder, kept.runId, run.runId);
  } catch (error) {
    // Its files were cleared away: then the work is simply done again.
    log.warn({ job_id: run.jobId, err: error }, 'kept work could not be taken over');
    journal.forget(kept.runId);
    return null;
  }
  journal.adopt(kept.runId, run.runId, fingerprint, kept.outcome);
  log.info({ job_id: run.jobId }, 'finished work of an earlier lease is delivered again');
  return kept.outcome;
}

function effectsOf({ clock }: Pick<AgentServices, 'clock'>, value: Failure): FailureEffects {
  const { machineFault, countsAsAttempt } = FAILURES[value.code];
  const holdsOff = !countsAsAttempt && value.code !== 'SOURCE_GROWING';
  return {
    crashed: value.detail?.signal !== undefined && machineFault,
    ...(holdsOff ? { heldOffUntil: new Date(clock.now() + HOLD_OFF_MS).toISOString() } : {}),
  };
}

function logFailure({ clock, jobLogs, log, run }: RunContext, { code, message }: Failure): void {
  jobLogs.add(run.jobId, { at: instant(clock), level: 'error', message: `${code}: ${message}` });
  log.warn({ job_id: run.jobId, code }, message);
}

/** The outcome of a run that the agent's own death interrupted too often. */
export function crashedTooOften(crashes: number): ExecutionOutcome {
  const message = `The job ended its tool or the agent ${crashes} times on this machine and is set aside.`;
  return { kind: 'failure', failure: failure('AGENT_CRASHED', message) };
}
