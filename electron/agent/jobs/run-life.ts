import { assertNever } from '../../../shared/assert-never.ts';
import type { EndedJob, Ending } from '../../../shared/snapshot.ts';
import { instant } from '../../work/clock.ts';
import type { ExecutionOutcome } from '../../work/execution.ts';
import type { Run } from '../journal/run.ts';
import { lossOf } from '../lease/leases.ts';
import { removeWorkspace, workspacePath } from '../../work/workspace/workspace.ts';
import { deliver, type Delivered } from './deliver.ts';
import type { Parts } from './parts.ts';
import { killAll, produce, type Production } from './produce.ts';
import { whenThereIsRoom } from './room.ts';

export interface Life extends Production {
  /** Execution is over: the slot is free. */
  readonly onExecuted: () => void;
}

/** From a held lease to exactly one report, or to what a lost lease leaves. */
export async function live(life: Life): Promise<void> {
  const { parts, run, lease, stopping } = life;
  const standing = await lease.confirm(stopping);
  if (stopping.aborted) return;
  // A report that may have arrived before the agent died ended the lease itself: only the same bytes again can tell.
  if (standing === 'lost' && run.report === undefined) return giveUp(life, run.outcome);
  const outcome = run.outcome ?? (await produce(life));
  life.onExecuted();
  // "Nothing more is written for it": a lost lease or a dying agent leaves the run to the journal.
  if (outcome === 'interrupted') return;
  if (lease.lost.aborted && run.report === undefined) return giveUp(life, outcome);
  lease.executed();
  parts.store.emit({ type: 'jobExecuted', jobId: run.jobId });
  await settle(life, outcome, await deliverWhenThereIsRoom(life, outcome));
}

/** Uploads and reports are resumable, so that a write of the journal that found no room costs nothing but time. */
function deliverWhenThereIsRoom({ parts, run, lease, stopping }: Life, outcome: ExecutionOutcome): Promise<Delivered> {
  return whenThereIsRoom(parts, stopping, () => deliver({ parts, run, lease, signal: stopping }, outcome));
}

function settle(life: Life, outcome: ExecutionOutcome, delivered: Delivered): Promise<void> | undefined {
  switch (delivered.kind) {
    case 'interrupted':
      return undefined;
    case 'lease-lost':
      return giveUp(life, outcome);
    case 'job-purged':
      return finish(life, { kind: 'lease-lost' }, undefined);
    case 'reported':
      return keepResults(life, outcome, delivered.ending).then(() => finish(life, delivered.ending, delivered.report));
    default:
      return assertNever(delivered);
  }
}

/** The page shows what was made, also when the server is away; a copy that cannot be kept costs nothing else. */
async function keepResults({ parts, run }: Life, outcome: ExecutionOutcome, ending: Ending): Promise<void> {
  if (parts.results === null || outcome.kind !== 'success' || ending.kind !== 'done') return;
  try {
    const { runId, assetUuid } = run;
    const refs = ending.artifacts.map(({ ref }) => ref);
    const { artifacts } = outcome.success;
    await parts.results.keep({ runId, assetUuid, keptAt: instant(parts.clock), artifacts, refs });
  } catch (error) {
    parts.log.warn({ job_id: run.jobId, err: error }, 'the delivered files could not be kept here');
  }
}

/** The lease is gone: finished work is kept, everything else is cleared away. */
async function giveUp(life: Life, outcome: ExecutionOutcome | undefined): Promise<void> {
  const purged = life.lease.lost.aborted && lossOf(life.lease.lost) === 'purged';
  if (outcome?.kind === 'success' && !purged) return keep(life);
  await killAll(life);
  return finish(life, { kind: 'lease-lost' }, undefined);
}

/** The lease went after the work was done: outputs wait for the same job to be claimed here again, within retention. */
async function keep({ parts, run, stopping }: Life): Promise<void> {
  const job = endedJob(parts, run, { kind: 'lease-lost' });
  await whenThereIsRoom(parts, stopping, () => parts.journal.keep(run.runId, job));
  parts.log.info({ job_id: run.jobId }, 'the lease ended before delivery; the finished work is kept');
  parts.store.emit({ type: 'jobEnded', job });
}

async function finish({ parts, run, stopping }: Life, ending: Ending, report: string | undefined): Promise<void> {
  await removeWorkspace(workspacePath(parts.workFolder, run.runId));
  const job = endedJob(parts, run, ending);
  const newFile = ending.kind === 'done' && !parts.journal.hasDone(run.assetUuid);
  await whenThereIsRoom(parts, stopping, () => parts.journal.end(run.runId, job, report));
  parts.log.info({ job_id: run.jobId, ending: ending.kind }, 'job ended');
  parts.store.emit({ type: 'jobEnded', job, newFile });
}

function endedJob(parts: Parts, run: Run, ending: Ending): EndedJob {
  const { jobId, jobType, assetUuid, sourcePath, claimedAt } = run;
  const endedAt = instant(parts.clock);
  const wallMs = Math.max(0, Date.parse(endedAt) - Date.parse(claimedAt));
  return { jobId, jobType, assetUuid, sourcePath, claimedAt, endedAt, wallMs, ending };
}
