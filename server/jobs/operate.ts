import type { Updateable } from 'kysely';
import type { OperatorJob, RetryRequest } from '../../shared/wire.ts';
import { assetForUse } from '../assets/assets.ts';
import type { Context } from '../context.ts';
import type { JobRow, JobTable, Tx } from '../database/schema.ts';
import { newLines, record } from '../ledger/ledger.ts';
import { orNotFound, Problem, purged, stateConflict } from '../problem.ts';
import { leaveToOthers } from './elsewhere.ts';
import { NO_FAILURE } from './failure-columns.ts';
import { operatorJob, seenJob } from './job-row.ts';
import { CANCELLED, endLease, jobForWrite, leaseOf } from './lease.ts';
import { writeTransaction } from '../write-transaction.ts';

/** What a person may do to a job. Each answers the job as it is afterwards. */

/** A pending job ends at once; the agent of a claimed one learns of it by its next heartbeat. @throws Problem 404, 409 */
export async function cancelJob(context: Context, jobId: string, by: string): Promise<OperatorJob> {
  return writeTransaction(context, async (tx, now) => {
    const job = await jobForWrite(tx, jobId);
    if (job.status === 'pending') {
      await record(tx, { at: now, event: 'jobCancelled', jobId, operator: by });
      return change(context, tx, job, CANCELLED, now);
    }
    if (job.status !== 'claimed') throw stateConflict(`The job is ${job.status}; there is nothing to cancel.`);
    if ((await leaseOf(tx, jobId))?.cancel_requested === 1) return asSeen(context, tx, jobId);
    await record(tx, { at: now, event: 'cancelRequested', jobId, operator: by, agentId: job.claimed_by });
    await tx.updateTable('lease').set({ cancel_requested: 1 }).where('job_id', '=', jobId).execute();
    return change(context, tx, job, {}, now);
  });
}

/**
 * Ends the lease of a claimed job at once, whatever its agent does: a machine that hangs, or is not trusted any more.
 * Its agent is refused from its next call on, and ends the work as after any lost lease; no attempt is counted, and a
 * cancel that was asked for is carried out. @throws Problem 404, 409 when nobody holds the job
 */
export async function takeBackJob(context: Context, jobId: string, by: string): Promise<OperatorJob> {
  return writeTransaction(context, async (tx, now) => {
    const job = await jobForWrite(tx, jobId);
    const lease = await leaseOf(tx, jobId);
    if (lease === undefined) throw stateConflict(`The job is ${job.status}; nobody holds it.`);
    const { agent_id: agentId, lock_token: lockToken, cancel_requested: isCancelled } = lease;
    const entry = { at: now, jobId, agentId, lockToken, operator: by };
    const next: Updateable<JobTable> = isCancelled === 1 ? CANCELLED : { status: 'pending', not_before: null };
    await endLease(tx, { jobId, agentId, lockToken }, { ...next, claimed_by: null, updated_at: now }, [
      newLines(
        tx,
        { ...entry, event: 'jobTakenBack' },
        ...(isCancelled === 1 ? [{ ...entry, event: 'jobCancelled' } as const] : []),
      ),
    ]);
    return asSeen(context, tx, jobId);
  });
}

/** The same of jobs of an agent that is let in no more; what ended meanwhile is left alone. */
export async function takeBackAll(context: Context, jobIds: readonly string[], by: string): Promise<void> {
  await eachThatStillFits(jobIds, (jobId) => takeBackJob(context, jobId, by));
}

/** Cancels many; what ended meanwhile is left alone. */
export async function cancelAll(context: Context, jobIds: readonly string[], by: string): Promise<void> {
  await eachThatStillFits(jobIds, (jobId) => cancelJob(context, jobId, by));
}

async function eachThatStillFits(jobIds: readonly string[], act: (jobId: string) => Promise<unknown>): Promise<void> {
  for (const jobId of jobIds) {
    await act(jobId).catch((error: unknown) => {
      if (!(error instanceof Problem) || error.status !== 409) throw error;
    });
  }
}

/**
 * Offers an ended job again, with all its attempts. Earlier derived files stay until new ones are accepted.
 * @throws Problem 404, 409, 410
 */
export async function retryJob(
  context: Context,
  jobId: string,
  { elsewhere_first }: RetryRequest,
  by: string,
): Promise<OperatorJob> {
  return writeTransaction(context, async (tx, now) => {
    const job = await jobForWrite(tx, jobId);
    if (job.status === 'pending' || job.status === 'claimed') {
      throw stateConflict(`The job is ${job.status}; only an ended job can be retried.`);
    }
    if (job.asset_uuid !== null && (await assetForUse(tx, job.asset_uuid)).purged_at !== null)
      throw purged('What was made of the file was removed; add it anew first.');
    await offerAnew(tx, [jobId], { now, by, elsewhereOf: elsewhere_first ? context : undefined });
    return asSeen(context, tx, jobId);
  });
}

interface Anew {
  readonly now: number;
  readonly by: string | null;
  /** Where agents leave what failed of them to others first. */
  readonly elsewhereOf?: Context | undefined;
}

/** Of ended jobs that were looked at for writing: they wait again, with all their attempts and without their results. */
export async function offerAnew(tx: Tx, jobIds: readonly string[], { now, by, elsewhereOf }: Anew): Promise<void> {
  if (jobIds.length === 0) return;
  const left = elsewhereOf === undefined ? new Map<string, string>() : await leaveToOthers(elsewhereOf, tx, jobIds);
  const event = 'jobRetried';
  const leftOf = (jobId: string) => (left.has(jobId) ? { detail: { left_by: left.get(jobId) } } : {});
  await record(tx, ...jobIds.map((jobId) => ({ at: now, event, jobId, operator: by, ...leftOf(jobId) }) as const));
  await tx.deleteFrom('job_result').where('job_id', 'in', jobIds).execute();
  await tx
    .updateTable('job')
    .set({
      status: 'pending',
      claimed_by: null,
      attempts: 0,
      not_before: null,
      ...NO_FAILURE,
      updated_at: now,
    })
    .where('job_id', 'in', jobIds)
    .execute();
}

/** Higher runs earlier. @throws Problem 404, 409 when the job has ended */
export async function setPriority(context: Context, jobId: string, priority: number, by: string): Promise<OperatorJob> {
  return writeTransaction(context, async (tx, now) => {
    const job = await jobForWrite(tx, jobId);
    if (job.status === 'completed' || job.status === 'failed') throw stateConflict(`The job is ${job.status} already.`);
    await record(tx, {
      at: now,
      event: 'priorityChanged',
      jobId,
      operator: by,
      detail: { from: job.priority, to: priority },
    });
    return change(context, tx, job, { priority }, now);
  });
}

/** @throws Problem 409 when the job left the state in which it was looked at */
async function change(
  context: Context,
  tx: Tx,
  job: JobRow,
  changes: Updateable<JobTable>,
  now: number,
): Promise<OperatorJob> {
  const { numUpdatedRows } = await tx
    .updateTable('job')
    .set({ ...changes, updated_at: now })
    .where('job_id', '=', job.job_id)
    .where('status', '=', job.status)
    .executeTakeFirst();
  if (numUpdatedRows === 0n) throw stateConflict(`The job is not ${job.status} any more; look at it again.`);
  return asSeen(context, tx, job.job_id);
}

/** @throws Problem 404 */
async function asSeen(context: Context, tx: Tx, jobId: string): Promise<OperatorJob> {
  return operatorJob(context, orNotFound(await seenJob(tx, jobId), 'job'));
}
