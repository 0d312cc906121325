import { timingSafeEqual } from 'node:crypto';
import { sql, type Updateable } from 'kysely';
import type { Context } from '../context.ts';
import type { JobRow, JobTable, Queries, Tx } from '../database/schema.ts';
import { sha256 } from '../hash.ts';
import { record } from '../ledger/ledger.ts';
import { lockInvalid, notFound, stateConflict } from '../problem.ts';
import { withReserve } from '../reserve.ts';
import { findJob } from './job-row.ts';

/** Who says they hold the lease of a job. */
export interface LeaseClaim {
  readonly jobId: string;
  readonly agentId: string;
  readonly lockToken: string;
}

/**
 * The job, if exactly this lease is alive. Called inside the transaction that writes, after lapsed leases were ended.
 * @throws Problem 404 unknown job, 409 not claimed (any more), 423 claimed under another token or by another agent
 */
export async function leasedJob(tx: Tx, lease: LeaseClaim): Promise<JobRow> {
  const job = await findJob(tx, lease.jobId);
  if (job === undefined) throw notFound('There is no such job.');
  if (job.status !== 'claimed') throw stateConflict(`The job is ${job.status}, not claimed.`, { status: job.status });
  if (job.lock_token === null || !sameToken(job.lock_token, lease.lockToken)) throw lockInvalid();
  if (job.claimed_by !== lease.agentId) throw lockInvalid();
  return job;
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

/** Jobs that waited after a failure are due: from here on they are among what is offered. */
async function offerDue({ database, ...context }: Context, now: number): Promise<void> {
  // As text: SQLite uses a partial index only where it can see the condition.
  const status = sql.lit('pending' as const);
  const first = await database
    .selectFrom('job')
    .select('job_id')
    .where('status', '=', status)
    .where('not_before', 'is not', null)
    .where('not_before', '<=', now)
    .limit(1)
    .executeTakeFirst();
  if (first === undefined) return;
  await withReserve(context, async () => {
    await database
      .updateTable('job')
      .set({ not_before: null })
      .where('status', '=', status)
      .where('not_before', 'is not', null)
      .where('not_before', '<=', now)
      .execute();
  });
}

/**
 * Ends every lease that has lapsed, and every wait of a job that is over. An expired lease is over, even when nobody else wants the job; after a time in
 * which the server could not be reached, whoever holds one gets a whole one first.
 */
export async function expireLeases(context: Context): Promise<number> {
  const now = context.leaseTime();
  if (context.absence.noticed()) {
    await withReserve(context, () => grantGrace(context.database, now + context.settings.leaseMs));
  }
  await offerDue(context, now);
  const due = await context.database
    .selectFrom('job')
    .select('job_id')
    .where('status', '=', 'claimed')
    .where('locked_until', '<=', now)
    .limit(1)
    .executeTakeFirst();
  if (due === undefined) return 0;
  return withReserve(context, () =>
    context.database.transaction().execute(async (tx) => {
      const lapsed = await tx
        .selectFrom('job')
        .selectAll()
        .where('status', '=', 'claimed')
        .where('locked_until', '<=', now)
        .execute();
      for (const job of lapsed) await expire(tx, job, context.clock());
      return lapsed.length;
    }),
  );
}

/**
 * Gives every lease one more length from now on: the server was away, and nobody could extend theirs. Whoever does not
 * come back within it loses the lease, but the server's own absence costs the job no attempt.
 */
export async function grantGrace(database: Queries, lockedUntil: number): Promise<void> {
  await database
    .updateTable('job')
    .set({ locked_until: lockedUntil, in_grace: 1 })
    .where('status', '=', 'claimed')
    .execute();
}

/** A lapsed lease counts as an attempt, unless it was only grace; the job is offered again at once. */
async function expire(tx: Tx, job: JobRow, now: number): Promise<void> {
  const counts = job.in_grace === 0;
  const attempts = job.attempts + (counts ? 1 : 0);
  const entry = { at: now, agentId: job.claimed_by, jobId: job.job_id, lockToken: job.lock_token };
  await record(tx, { ...entry, event: 'leaseExpired', detail: { attempts, counts } });
  await tx
    .updateTable('job')
    .set({ ...NO_LEASE, ...afterExpiry(job, attempts), attempts, updated_at: now })
    .where('job_id', '=', job.job_id)
    .where('lock_token', '=', job.lock_token)
    .execute();
  if (job.cancel_requested === 1) await record(tx, { ...entry, event: 'jobCancelled' });
  else if (counts && attempts >= job.max_attempts) {
    await record(tx, { ...entry, event: 'jobFailed', detail: { error_code: 'LEASE_EXPIRED', attempts } });
  }
}

function afterExpiry(job: JobRow, attempts: number): Updateable<JobTable> {
  if (job.cancel_requested === 1) return CANCELLED;
  if (job.in_grace === 1 || attempts < job.max_attempts) return { status: 'pending', not_before: null };
  const failure = {
    error_code: 'LEASE_EXPIRED',
    message: `The agent was not heard of in time, ${attempts} times; check the agent and the network, then retry.`,
    retryable: true,
  };
  return { status: 'failed', failure_json: JSON.stringify(failure), not_before: null };
}
