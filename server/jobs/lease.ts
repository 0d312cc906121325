import type { ExpressionBuilder, Updateable } from 'kysely';
import { forWrite, together, type Write } from '../database/dialect.ts';
import type { JobRow, JobTable, LeaseRow, Queries, Tables, Tx } from '../database/schema.ts';
import { sameHash, sha256 } from '../hash.ts';
import { keptAnswer, keptOf, type RequestIdentity } from '../idempotency/idempotency.ts';
import { lockInvalid, orNotFound, stateConflict } from '../problem.ts';
import { isRepeat } from './repeat.ts';

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
interface LeasedJob {
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
  return refuseDead(job, await leaseOf(queries, job.job_id), claim, now);
}

/** What of a lease says whether it is alive, and whose. */
type LeaseState = Pick<LeaseRow, 'agent_id' | 'lock_token' | 'locked_until'>;

function refuseDead<L extends LeaseState>(job: JobRow, lease: L | undefined, claim: LeaseClaim, now: number): L {
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

/**
 * Ends a lease that was found alive, makes of its job what `changes` say, and writes what else goes with that.
 * @throws Problem 423
 */
export async function endLease(
  tx: Tx,
  claim: LeaseClaim,
  changes: Updateable<JobTable>,
  beside: readonly Write[],
): Promise<void> {
  const job = tx.updateTable('job').set(changes).where('job_id', '=', claim.jobId);
  const ended = await together(tx, [job, ...beside], tx.deleteFrom('lease').where(isHeld(claim)).returning('job_id'));
  if (ended.length === 0) throw lockInvalid();
}

/** A report that ends a lease, as it was found: the first of its kind, or what it was answered before. */
type Report =
  | { readonly kind: 'repeat'; readonly answer: unknown }
  | { readonly kind: 'first'; readonly job: JobRow; readonly cancelRequested: boolean };

/**
 * The job of a report, if the report is the first one of a lease that is alive. Of two with one key, or with the same
 * words, the second one waits for the job, and finds what the first one left. @throws Problem 404, 409, 422, 423
 */
export async function jobOfReport(tx: Tx, claim: LeaseClaim, identity: RequestIdentity, now: number): Promise<Report> {
  const job = await jobForWrite(tx, claim.jobId);
  const { lock_token, agent_id, locked_until, cancel_requested, ...kept } = await tx
    .selectFrom('job')
    .leftJoin('lease', 'lease.job_id', 'job.job_id')
    .select(['lock_token', 'agent_id', 'locked_until', 'cancel_requested'])
    .select(keptOf(tx, identity))
    .where('job.job_id', '=', claim.jobId)
    .executeTakeFirstOrThrow();
  const earlier = keptAnswer(kept, identity);
  if (earlier !== null) return { kind: 'repeat', answer: earlier.answer };
  if (isRepeat(job, claim, identity)) return { kind: 'repeat', answer: {} };
  const lease =
    lock_token === null || agent_id === null || locked_until === null
      ? undefined
      : { lock_token, agent_id, locked_until };
  refuseDead(job, lease, claim, now);
  return { kind: 'first', job, cancelRequested: cancel_requested === 1 };
}

const sameToken = (left: string, right: string): boolean => sameHash(sha256(left), sha256(right));

export const CANCELLED_FAILURE = JSON.stringify({
  error_code: 'CANCELLED',
  message: 'The job was cancelled.',
  retryable: false,
});

/** What a cancel leaves of a job, whoever asked for it and when. */
export const CANCELLED = {
  status: 'failed',
  failure_json: CANCELLED_FAILURE,
  cause: null,
  failed_by: null,
  not_before: null,
  held: 0,
} as const satisfies Updateable<JobTable>;
