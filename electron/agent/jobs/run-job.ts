import type { Lease } from '../lease/leases.ts';
import { lossOf, type Grant } from '../lease/messages.ts';
import type { ClaimedRun } from './claim.ts';
import type { AgentServices } from './services.ts';
import type { StopReason } from './run-context.ts';
import { runLifecycle } from './run-lifecycle.ts';

export interface ActiveRun {
  readonly run: ClaimedRun;
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
 * after a restart: a heartbeat decides before anything else. `alongside`: as in the snapshot. `stopping` ends deliveries when the agent exits.
 */
export function startRun(
  services: AgentServices,
  run: ClaimedRun,
  { grant, alongside }: { readonly grant: Grant | null; readonly alongside: boolean },
  stopping: AbortSignal,
): ActiveRun {
  const held = {
    runId: run.runId,
    jobId: run.jobId,
    lockToken: run.lockToken,
    grant,
    executed: run.phase === 'executed',
  };
  const lease = services.leases.hold(held);
  const stop = new AbortController();
  const processes = services.createProcesses(run.runId, run.jobId);
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
    if (reason === 'CANCELLED') services.store.emit({ type: 'cancelRequested', jobId: run.jobId });
    stop.abort(reason);
    void how();
  };
  const onExecuted = (): void => {
    executing = false;
    executed.resolve();
  };
  emitClaimed(services, run, alongside);
  const context = { ...services, run, lease, processes, stop: stop.signal, stopping };
  const ended = runLifecycle(context, onExecuted)
    .catch((error: unknown) => services.log.error({ job_id: run.jobId, err: error }, 'run ended unexpectedly'))
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
      services.store.emit({ type: 'suspensionChanged', jobId: run.jobId, suspended });
    },
    executed: executed.promise,
    ended,
  };
}

function emitClaimed({ log, store }: Pick<AgentServices, 'log' | 'store'>, run: ClaimedRun, alongside: boolean): void {
  const { jobId, jobType, assetUuid, sourcePath, claimedAt: at } = run;
  store.emit({ type: 'jobClaimed', at, jobId, jobType, assetUuid, sourcePath, ...(alongside ? { alongside } : {}) });
  log.info({ job_id: jobId, job_type: jobType, source: sourcePath }, 'job claimed');
}
