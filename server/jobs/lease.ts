import { timingSafeEqual } from 'node:crypto';
import type { Updateable } from 'kysely';
import { forWrite } from '../database/dialect.ts';
import type { JobRow, JobTable, Tx } from '../database/schema.ts';
import { sha256 } from '../hash.ts';
import { lockInvalid, orNotFound, stateConflict } from '../problem.ts';

/** Who says they hold the lease of a job. */
export interface LeaseClaim {
  readonly jobId: string;
  readonly agentId: string;
  readonly lockToken: string;
}

/** A job that stays as it is until this transaction has ended. @throws Problem 404 */
export async function jobForWrite(tx: Tx, jobId: string): Promise<JobRow> {
  const job = forWrite(tx, tx.selectFrom('job').selectAll().where('job_id', '=', jobId));
  return orNotFound(await job.executeTakeFirst(), 'job');
}

/**
 * The job, if exactly this lease is alive at `now` of the lease clock. Called inside the transaction that writes; that
 * the lease has lapsed may not be written down yet where another process sees to it.
 * @throws Problem 404 unknown job, 409 not claimed (any more), 423 claimed under another token or by another agent
 */
export async function leasedJob(tx: Tx, lease: LeaseClaim, now: number): Promise<JobRow> {
  const job = await jobForWrite(tx, lease.jobId);
  refuseWithoutLease(job, lease, now);
  return job;
}

/** The same of a job that was looked at for writing. @throws Problem 409, 423 */
export function refuseWithoutLease(job: JobRow, lease: LeaseClaim, now: number): void {
  if (job.status !== 'claimed') throw stateConflict(`The job is ${job.status}, not claimed.`, { status: job.status });
  if (job.lock_token === null || !sameToken(job.lock_token, lease.lockToken)) throw lockInvalid();
  if (job.claimed_by !== lease.agentId) throw lockInvalid();
  if (job.locked_until !== null && job.locked_until <= now) {
    throw stateConflict('The lease of this job is over.', { status: 'pending' });
  }
}

/** Changes a job that `leasedJob` answered, if this lease still holds it at the moment of the write. @throws Problem 423 */
export async function changeLeased(tx: Tx, lease: LeaseClaim, changes: Updateable<JobTable>): Promise<void> {
  const { numUpdatedRows } = await tx
    .updateTable('job')
    .set(changes)
    .where('job_id', '=', lease.jobId)
    .where('status', '=', 'claimed')
    .where('claimed_by', '=', lease.agentId)
    .where('lock_token', '=', lease.lockToken)
    .executeTakeFirst();
  if (numUpdatedRows === 0n) throw lockInvalid();
}

function sameToken(left: string, right: string): boolean {
  return timingSafeEqual(Buffer.from(sha256(left), 'hex'), Buffer.from(sha256(right), 'hex'));
}

/** The columns of a job that nobody holds. */
export const NO_LEASE = {
  claimed_by: null,
  lock_token: null,
  locked_until: null,
  in_grace: 0,
  cancel_requested: 0,
  progress: null,
  stage: null,
} as const satisfies Updateable<JobTable>;

export const CANCELLED_FAILURE = JSON.stringify({
  error_code: 'CANCELLED',
  message: 'The job was cancelled.',
  retryable: false,
});

/** What a cancel leaves of a job, whoever asked for it and when. */
export const CANCELLED = {
  status: 'failed',
  failure_json: CANCELLED_FAILURE,
  not_before: null,
  held: 0,
} as const satisfies Updateable<JobTable>;
