import { assertNever } from '../../../shared/assert-never.ts';
import type { EndedJob, Ending } from '../../../shared/snapshot.ts';
import { instant } from '../../work/clock.ts';
import type { ExecutionOutcome } from '../../work/execution.ts';
import { lossOf } from '../lease/messages.ts';
import { removeWorkspace, workspacePath } from '../../work/workspace/workspace.ts';
import { deliver, type Delivered } from './deliver.ts';
import type { RunContext } from './run-context.ts';
import { killAll, produce } from './produce.ts';
import { retryWhileDiskFull } from './retry-while-disk-full.ts';

/**
 * From a held lease to exactly one report, or to what a lost lease leaves. `onExecuted`: execution is over, the slot is
 * free.
 */
export async function runLifecycle(context: RunContext, onExecuted: () => void): Promise<void> {
  const { run, lease, stopping } = context;
  const leaseState = await lease.confirm(stopping);
  if (stopping.aborted) return;
  // A report that may have arrived before the agent died ended the lease itself: only the same bytes again can tell.
  if (leaseState === 'lost' && run.report === undefined) return giveUp(context, run.outcome);
  const outcome = run.outcome ?? (await produce(context));
  onExecuted();
  // "Nothing more is written for it": a lost lease or a dying agent leaves the run to the journal.
  if (outcome === 'interrupted') return;
  if (lease.lost.aborted && run.report === undefined) return giveUp(context, outcome);
  lease.executed();
  context.store.emit({ type: 'jobExecuted', jobId: run.jobId });
  await settle(context, outcome, await deliverWithRetries(context, outcome));
}

/** Uploads and reports are resumable, so that a write of the journal that found no room costs nothing but time. */
function deliverWithRetries(context: RunContext, outcome: ExecutionOutcome): Promise<Delivered> {
  return retryWhileDiskFull(context, context.stopping, () =>
    deliver({ ...context, signal: context.stopping }, outcome),
  );
}

function settle(context: RunContext, outcome: ExecutionOutcome, delivered: Delivered): Promise<void> | undefined {
  switch (delivered.kind) {
    case 'interrupted':
      return undefined;
    case 'lease-lost':
      return giveUp(context, outcome);
    case 'job-purged':
      return finish(context, { kind: 'lease-lost' }, undefined);
    case 'reported':
      return keepResults(context, outcome, delivered.ending).then(() =>
        finish(context, delivered.ending, delivered.report),
      );
    default:
      return assertNever(delivered);
  }
}

/** The page shows what was made, also when the server is away; a copy that cannot be kept costs nothing else. */
async function keepResults(
  { clock, log, results, run }: RunContext,
  outcome: ExecutionOutcome,
  ending: Ending,
): Promise<void> {
  if (results === null || outcome.kind !== 'success' || ending.kind !== 'done') return;
  try {
    const { runId, assetUuid } = run;
    const refs = ending.artifacts.map(({ ref }) => ref);
    const { artifacts } = outcome.success;
    await results.keep({ runId, assetUuid, keptAt: instant(clock), artifacts, refs });
  } catch (error) {
    log.warn({ job_id: run.jobId, err: error }, 'the delivered files could not be kept here');
  }
}

/** The lease is gone: finished work is kept, everything else is cleared away. */
async function giveUp(context: RunContext, outcome: ExecutionOutcome | undefined): Promise<void> {
  const purged = context.lease.lost.aborted && lossOf(context.lease.lost) === 'purged';
  if (outcome?.kind === 'success' && !purged) return keep(context);
  await killAll(context);
  return finish(context, { kind: 'lease-lost' }, undefined);
}

/** The lease went after the work was done: outputs wait for the same job to be claimed here again, within retention. */
async function keep(context: RunContext): Promise<void> {
  const { journal, run } = context;
  const job = endedJob(context, { kind: 'lease-lost' });
  await retryWhileDiskFull(context, context.stopping, () => journal.keep(run.runId, job));
  context.log.info({ job_id: run.jobId }, 'the lease ended before delivery; the finished work is kept');
  context.store.emit({ type: 'jobEnded', job });
}

async function finish(context: RunContext, ending: Ending, report: string | undefined): Promise<void> {
  const { journal, run } = context;
  await removeWorkspace(workspacePath(context.workFolder, run.runId));
  const job = endedJob(context, ending);
  const newFile = ending.kind === 'done' && !journal.hasDone(run.assetUuid);
  await retryWhileDiskFull(context, context.stopping, () => journal.end(run.runId, job, report));
  context.log.info({ job_id: run.jobId, ending: ending.kind }, 'job ended');
  context.store.emit({ type: 'jobEnded', job, newFile });
}

function endedJob({ clock, run }: RunContext, ending: Ending): EndedJob {
  const { jobId, jobType, assetUuid, sourcePath, claimedAt } = run;
  const endedAt = instant(clock);
  const wallMs = Math.max(0, Date.parse(endedAt) - Date.parse(claimedAt));
  return { jobId, jobType, assetUuid, sourcePath, claimedAt, endedAt, wallMs, ending };
}
