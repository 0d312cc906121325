import { timingSafeEqual } from 'node:crypto';
import type { ExpressionBuilder, Updateable } from 'kysely';
import { forWrite } from '../database/dialect.ts';
import type { JobRow, JobTable, LeaseRow, Queries, Tables, Tx } from '../database/schema.ts';
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

/** A job under a lease that is alive. */
export interface LeasedJob {
  readonly job: JobRow;
  readonly lease: LeaseRow;
}

/**
 * The job, if exactly this lease is alive at `now` of the lease clock. Called inside the transaction that writes; that
 * the lease has lapsed may not be written down yet where another process sees to it.
 * @throws Problem 404 unknown job, 409 not claimed (any more), 423 claimed under another token or by another agent
 */
export async function leasedJob(tx: Tx, claim: LeaseClaim, now: number): Promise<LeasedJob> {
  const job = await jobForWrite(tx, claim.jobId);
  return { job, lease: await livingLease(tx, job, claim, now) };
}

/**
 * The same of a job that was looked at for writing. Asked after the job was locked, so that it is the lease of now and
 * not the one of before the wait. @throws Problem 409, 423
 */
export async function livingLease(queries: Queries, job: JobRow, claim: LeaseClaim, now: number): Promise<LeaseRow> {
  const lease = await leaseOf(queries, job.job_id);
  if (lease === undefined) throw stateConflict(`The job is ${job.status}, not claimed.`, { status: job.status });
  if (!sameToken(lease.lock_token, claim.lockToken) || lease.agent_id !== claim.agentId) throw lockInvalid();
  if (lease.locked_until <= now) throw stateConflict('The lease of this job is over.', { status: 'pending' });
  return lease;
}

export async function leaseOf(queries: Queries, jobId: string): Promise<LeaseRow | undefined> {
  return queries.selectFrom('lease').selectAll().where('job_id', '=', jobId).executeTakeFirst();
}

/** Every write under a lease names it like this, so that it finds nothing once the lease is another's. */
const isHeld =
  ({ jobId, agentId, lockToken }: LeaseClaim) =>
  (where: ExpressionBuilder<Tables, 'lease'>) =>
    where.and({ job_id: jobId, agent_id: agentId, lock_token: lockToken });

/** What a heartbeat brings. */
interface Beat {
  /** Of the lease clock. */
  readonly now: number;
  readonly lockedUntil: number;
  /** Of the wall clock. */
  readonly heardAt: number;
  readonly progress: number | undefined;
  readonly stage: string | undefined;
}

/**
 * Extends a lease that is alive, in one statement that touches nothing but its row: heartbeats are the most frequent of
 * all writes. Answers whether a cancel was asked for; undefined where there is no such lease alive.
 */
export async function extendLease(queries: Queries, claim: LeaseClaim, beat: Beat): Promise<boolean | undefined> {
  const { progress, stage } = beat;
  const extended = await queries
    .updateTable('lease')
    .set({
      locked_until: beat.lockedUntil,
      in_grace: 0,
      heard_at: beat.heardAt,
      ...(progress === undefined ? {} : { progress }),
      ...(stage === undefined ? {} : { stage }),
    })
    .where(isHeld(claim))
    .where('locked_until', '>', beat.now)
    .returning('cancel_requested')
    .executeTakeFirst();
  return extended === undefined ? undefined : extended.cancel_requested === 1;
}

/** Ends a lease that `leasedJob` answered, and makes of its job what `changes` say. @throws Problem 423 */
export async function endLease(tx: Tx, claim: LeaseClaim, changes: Updateable<JobTable>): Promise<void> {
  const { numDeletedRows } = await tx.deleteFrom('lease').where(isHeld(claim)).executeTakeFirst();
  if (numDeletedRows === 0n) throw lockInvalid();
  await tx.updateTable('job').set(changes).where('job_id', '=', claim.jobId).execute();
}

function sameToken(left: string, right: string): boolean {
  return timingSafeEqual(Buffer.from(sha256(left), 'hex'), Buffer.from(sha256(right), 'hex'));
}

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
