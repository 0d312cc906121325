import { failure, FAILURES, JobFailure, type Failure } from '../../../shared/failure.ts';
import { parseJob, type Job } from '../../../shared/job.ts';
import type { EndedJob, Ending } from '../../../shared/snapshot.ts';
import { instant } from '../clock.ts';
import type { ExecutionOutcome } from '../executors/executor.ts';
import type { Run } from '../journal/journal.ts';
import { lossOf, type Lease } from '../lease/leases.ts';
import type { Grant } from '../lease/messages.ts';
import { adoptWorkspace, removeWorkspace, workspacePath } from '../workspace.ts';
import type { OpenSource } from '../storage/open-source.ts';
import type { Claimed } from './claim.ts';
import { deliver } from './deliver.ts';
import { execute, fingerprintOf } from './execute.ts';
import type { Parts } from './parts.ts';

/** A local cancel or give-back is not claimed again here for this long (protocol.md, Failures). */
const HOLD_OFF_MS = 10 * 60_000;

/** Why a running job is stopped from here; the server's own wish arrives by heartbeat. */
export type StopReason = 'CANCELLED' | 'AGENT_SHUTDOWN' | 'PREEMPTED';

const STOP_SENTENCES: Readonly<Record<StopReason, string>> = {
  CANCELLED: 'The job was cancelled.',
  AGENT_SHUTDOWN: 'The agent was shut down before the job was finished.',
  PREEMPTED: 'The editor needed the machine.',
};

export interface ActiveRun {
  readonly run: Claimed;
  /** Executing jobs fill a slot; what waits for the server does not. */
  readonly executing: () => boolean;
  /** CONT, TERM, 5 s, KILL; the job is then reported with this code. No effect once it was executed. */
  stop(reason: StopReason): void;
  /** KILL at once: when the grace is over, and for the second signal. */
  kill(reason: StopReason): void;
  /** The editor's wish: children stand still, the lease is kept. */
  suspend(suspended: boolean): void;
  /** The lease under which a last word can be said. */
  readonly lease: Lease;
  readonly executed: Promise<void>;
  readonly ended: Promise<void>;
}

/**
 * One job from its lease to exactly one report: parse, open the source, execute, deliver, clean up. `grant` null means
 * after a restart: a heartbeat decides before anything else. `stopping` ends deliveries when the agent exits.
 */
export function startRun(parts: Parts, run: Claimed, grant: Grant | null, stopping: AbortSignal): ActiveRun {
  const held = {
    runId: run.runId,
    jobId: run.jobId,
    lockToken: run.lockToken,
    grant,
    executed: run.phase === 'executed',
  };
  const lease = parts.leases.hold(held);
  const stop = new AbortController();
  const processes = parts.createProcesses(run.runId, run.jobId);
  processes.onGroupsChanged((groups) => lease.setGroups(groups));
  const executed = Promise.withResolvers<void>();
  let executing = !held.executed;
  lease.lost.addEventListener('abort', () => {
    stop.abort(lossOf(lease.lost));
    void processes.kill();
  });
  lease.cancelled.addEventListener('abort', () => end('CANCELLED', () => processes.terminate()));

  const end = (reason: StopReason, how: () => Promise<void>): void => {
    if (!executing || stop.signal.aborted) return;
    if (reason === 'CANCELLED') parts.store.emit({ type: 'cancelRequested', jobId: run.jobId });
    stop.abort(reason);
    void how();
  };
  const onExecuted = (): void => {
    executing = false;
    executed.resolve();
  };
  emitClaimed(parts, run);
  const life: Life = { parts, run, lease, processes, stop: stop.signal, stopping, onExecuted };
  const ended = live(life)
    .catch((error: unknown) => parts.log.error({ job_id: run.jobId, err: error }, 'run ended unexpectedly'))
    .finally(() => {
      onExecuted();
      lease.release();
    });
  return {
    run,
    lease,
    executing: () => executing,
    stop: (reason) => end(reason, () => processes.terminate()),
    kill: (reason) => {
      end(reason, () => processes.kill());
      void processes.kill();
    },
    suspend(suspended) {
      if (!executing || processes.suspended === suspended) return;
      if (suspended) processes.suspend();
      else processes.resume();
      parts.store.emit({ type: 'suspensionChanged', jobId: run.jobId, suspended });
    },
    executed: executed.promise,
    ended,
  };
}

interface Life {
  readonly parts: Parts;
  readonly run: Claimed;
  readonly lease: Lease;
  readonly processes: ReturnType<Parts['createProcesses']>;
  readonly stop: AbortSignal;
  readonly stopping: AbortSignal;
  readonly onExecuted: () => void;
}

async function live(life: Life): Promise<void> {
  const { parts, run, lease } = life;
  if ((await lease.confirm(life.stopping)) === 'lost') return life.stopping.aborted ? undefined : abandon(life);
  const outcome = run.outcome ?? (await produce(life));
  life.onExecuted();
  // "Nothing more is written for it": a lost lease or a dying agent leaves the run to the journal.
  if (outcome === 'interrupted') return;
  if (outcome === 'lease-lost') return abandon(life);
  lease.executed();
  parts.store.emit({ type: 'jobExecuted', jobId: run.jobId });
  const delivered = await deliver({ parts, run, lease, signal: life.stopping }, outcome);
  switch (delivered.kind) {
    case 'interrupted':
      return;
    case 'lease-lost':
      return outcome.kind === 'success' ? keep(life) : abandon(life);
    case 'job-purged':
      return finish(life, { kind: 'lease-lost' }, undefined);
    case 'reported':
      return finish(life, delivered.ending, delivered.report);
  }
}

/** Executes the job, or finds finished work of an earlier lease; the outcome is in the journal before it is returned. */
async function produce(life: Life): Promise<ExecutionOutcome | 'lease-lost' | 'interrupted'> {
  const { parts, run, lease } = life;
  const outcome = await attempt(life);
  await life.processes.kill();
  if (lease.lost.aborted) return 'lease-lost';
  if (life.stopping.aborted && !life.stop.aborted) return 'interrupted';
  const reason = life.stop.aborted ? (life.stop.reason as StopReason) : undefined;
  const final: ExecutionOutcome =
    reason === undefined ? outcome : { kind: 'failure', failure: failure(reason, STOP_SENTENCES[reason]) };
  if (final.kind === 'failure') noteFailure(parts, run, final.failure);
  parts.noteOutcome(run.jobType, final.kind === 'success' ? 'success' : final.failure);
  parts.journal.change(run.runId, { phase: 'executed', outcome: final });
  return final;
}

async function attempt(life: Life): Promise<ExecutionOutcome> {
  const { parts, run } = life;
  const parsed = parseJob(run.wireJob);
  if (parsed.kind === 'invalid') return { kind: 'failure', failure: parsed.failure };
  if (parsed.kind === 'unknown-type') {
    return { kind: 'failure', failure: failure('INVALID_JOB', `The job type “${parsed.jobType}” is not known here.`) };
  }
  let source: OpenSource | undefined;
  try {
    source = await parts.roots.open(parsed.job.sourcePath);
    const fingerprint = fingerprintOf(parsed.job, source);
    parts.journal.change(run.runId, { fingerprint });
    const kept = await adoptKept(life, fingerprint);
    return kept ?? (await execute({ ...life, job: parsed.job, source, signal: life.stop }));
  } catch (error) {
    return { kind: 'failure', failure: whileOpening(error, parsed.job) };
  } finally {
    await source?.handle.close().catch(() => undefined);
  }
}

function whileOpening(error: unknown, job: Job): Failure {
  if (error instanceof JobFailure) return error.failure;
  const reason = error instanceof Error ? error.message : String(error);
  return failure('SOURCE_UNREADABLE', `“${job.sourcePath}” cannot be opened: ${reason}.`, { subject: job.sourcePath });
}

/** Same job, same inputs, unchanged source: what an earlier lease finished is delivered without being made again. */
async function adoptKept(life: Life, fingerprint: string): Promise<ExecutionOutcome | null> {
  const { parts, run } = life;
  const kept = parts.journal.kept(run.jobId).find((entry) => entry.fingerprint === fingerprint);
  if (kept?.outcome?.kind !== 'success') return null;
  await adoptWorkspace(parts.workFolder, kept.runId, run.runId);
  parts.journal.forget(kept.runId);
  parts.log.info({ job_id: run.jobId }, 'finished work of an earlier lease is delivered again');
  return kept.outcome;
}

function noteFailure(parts: Parts, run: Run, value: Failure): void {
  parts.jobLogs.add(run.jobId, {
    at: instant(parts.clock),
    level: 'error',
    message: `${value.code}: ${value.message}`,
  });
  parts.log.warn({ job_id: run.jobId, code: value.code }, value.message);
  if (value.detail?.signal !== undefined && FAILURES[value.code].machineFault) parts.journal.noteCrash(run.jobId);
  const givenBack = !FAILURES[value.code].countsAsAttempt && value.code !== 'SOURCE_GROWING';
  if (givenBack) parts.journal.holdOff(run.jobId, new Date(parts.clock.now() + HOLD_OFF_MS).toISOString());
}

/** The lease went after the work was done: outputs wait for the same job to be claimed here again, within retention. */
function keep(life: Life): void {
  const { parts, run } = life;
  parts.journal.change(run.runId, { phase: 'kept', keptAt: instant(parts.clock) });
  parts.store.emit({ type: 'jobEnded', job: endedJob(parts, run, { kind: 'lease-lost' }) });
}

async function abandon(life: Life): Promise<void> {
  await life.processes.kill();
  await finish(life, { kind: 'lease-lost' }, undefined);
}

async function finish({ parts, run }: Life, ending: Ending, report: string | undefined): Promise<void> {
  await removeWorkspace(workspacePath(parts.workFolder, run.runId));
  const job = endedJob(parts, run, ending);
  parts.journal.end(run.runId, job, report);
  parts.log.info({ job_id: run.jobId, ending: ending.kind }, 'job ended');
  parts.store.emit({ type: 'jobEnded', job });
}

function endedJob(parts: Parts, run: Run, ending: Ending): EndedJob {
  const { jobId, jobType, assetUuid, sourcePath, claimedAt } = run;
  const endedAt = instant(parts.clock);
  const wallMs = Math.max(0, Date.parse(endedAt) - Date.parse(claimedAt));
  return { jobId, jobType, assetUuid, sourcePath, claimedAt, endedAt, wallMs, ending };
}

function emitClaimed(parts: Parts, run: Claimed): void {
  const { jobId, jobType, assetUuid, sourcePath, claimedAt: at } = run;
  parts.store.emit({ type: 'jobClaimed', at, jobId, jobType, assetUuid, sourcePath });
  parts.log.info({ job_id: jobId, job_type: jobType, source: sourcePath }, 'job claimed');
}

/** The outcome of a run that the agent's own death interrupted too often. */
export function crashedTooOften(crashes: number): ExecutionOutcome {
  const message = `The job ended its tool or the agent ${crashes} times on this machine and is set aside.`;
  return { kind: 'failure', failure: failure('AGENT_CRASHED', message) };
}
