import { sql, type Updateable } from 'kysely';
import type { Context } from '../context.ts';
import { databaseFailure } from '../database/failures.ts';
import { isPostgres } from '../database/dialect.ts';
import type { JobRow, JobTable, LeaseRow, Queries, Tx } from '../database/schema.ts';
import { newLines } from '../ledger/ledger.ts';
import { withReserve } from '../reserve.ts';
import { failureColumns } from './failure-columns.ts';
import { CANCELLED, endLease } from './lease.ts';

/**
 * Ends every lease that has lapsed, and every wait of a job that is over. An expired lease is over, even when nobody else
 * wants the job; after a time in which the server could not be reached, whoever holds one gets a whole one first.
 * Where several processes serve one database, one of them does it at a time, and the others go on without it.
 */
export async function expireLeases(context: Context): Promise<number> {
  const lapsed = await (context.shared === null ? expireAlone(context) : expireTogether(context, context.shared));
  if (lapsed > 0) context.meter.lapsed(lapsed);
  return lapsed;
}

async function expireAlone(context: Context): Promise<number> {
  const now = context.leaseTime();
  if (context.absence.noticed()) {
    await withReserve(context, () => grantGrace(context.database, now + context.settings.leaseMs));
  }
  if (await isAnyDue(context.database, now)) await withReserve(context, () => offerDue(context.database, now));
  if (!(await isAnyLapsed(context.database, now))) return 0;
  return withReserve(context, () =>
    context.database.transaction().execute((tx) => expireLapsed(tx, now, context.clock())),
  );
}

interface Looked {
  readonly at: number;
  readonly done: Promise<void>;
}
/** Of the process, by context: who asks meanwhile waits for the same look. */
const looked = new WeakMap<Context, Looked>();

async function expireTogether(context: Context, shared: NonNullable<Context['shared']>): Promise<number> {
  const now = context.leaseTime();
  const last = looked.get(context);
  const age = last === undefined || now < last.at ? Number.POSITIVE_INFINITY : now - last.at;
  if (last !== undefined && age < shared.lookEveryMs) {
    await last.done;
    return 0;
  }
  const work = shared.asLeader('leases', async (tx) => {
    if ((await shared.wasAway(tx, now)) === true) await grantGrace(tx, now + context.settings.leaseMs);
    if (await isAnyDue(tx, now)) await offerDue(tx, now);
    return (await isAnyLapsed(tx, now)) ? expireLapsed(tx, now, context.clock()) : 0;
  });
  // Where it was looked a moment ago, nobody waits: no time passed in which somebody would have had to be given grace,
  // and a lease that is written under is compared anyway.
  const isBeside = last !== undefined && shared.lookEveryMs > 0 && age < BESIDE_WITHIN_MS;
  looked.set(context, { at: now, done: isBeside ? last.done : work.then(noMatter, noMatter) });
  const ended = work.catch((error: unknown) => {
    looked.delete(context);
    // Somebody stood in the way; the next look is soon.
    if (databaseFailure(error) === 'raced' || isBeside) return 0;
    throw error;
  });
  return isBeside ? 0 : ((await ended) ?? 0);
}

/** Of an age of the last look at which the next one is made beside the request that causes it. */
const BESIDE_WITHIN_MS = 1_000;

const noMatter = (): void => undefined;

/** As text: a partial index is used only where its condition can be seen. */
const PENDING = sql.lit('pending' as const);

/** Whether a job that waited after a failure is due. */
async function isAnyDue(database: Queries, now: number): Promise<boolean> {
  const first = await database
    .selectFrom('job')
    .select('job_id')
    .where('status', '=', PENDING)
    .where('not_before', 'is not', null)
    .where('not_before', '<=', now)
    .limit(1)
    .executeTakeFirst();
  return first !== undefined;
}

/** From here on they are among what is offered. */
async function offerDue(database: Queries, now: number): Promise<void> {
  await database
    .updateTable('job')
    .set({ not_before: null })
    .where('status', '=', PENDING)
    .where('not_before', 'is not', null)
    .where('not_before', '<=', now)
    .execute();
}

async function isAnyLapsed(database: Queries, now: number): Promise<boolean> {
  const due = await database
    .selectFrom('lease')
    .select('job_id')
    .where('locked_until', '<=', now)
    .limit(1)
    .executeTakeFirst();
  return due !== undefined;
}

async function expireLapsed(tx: Tx, now: number, wall: number): Promise<number> {
  let lapsed = tx
    .selectFrom('lease')
    .innerJoin('job', 'job.job_id', 'lease.job_id')
    .selectAll('job')
    .select(['lease.agent_id', 'lease.lock_token', 'lease.in_grace', 'lease.cancel_requested'])
    .where('lease.locked_until', '<=', now);
  // One that is being written to, or extended, is not lapsed any more, or will still be next time.
  if (isPostgres(tx)) lapsed = lapsed.orderBy('job.sequence').forNoKeyUpdate().skipLocked();
  const jobs = await lapsed.execute();
  for (const job of jobs) await expire(tx, job, wall);
  return jobs.length;
}

/**
 * Gives every lease one more length from now on: the server was away, and nobody could extend theirs. Whoever does not
 * come back within it loses the lease, but the server's own absence costs the job no attempt.
 */
export async function grantGrace(database: Queries, lockedUntil: number): Promise<void> {
  await database.updateTable('lease').set({ locked_until: lockedUntil, in_grace: 1 }).execute();
}

type LapsedJob = JobRow & Pick<LeaseRow, 'agent_id' | 'lock_token' | 'in_grace' | 'cancel_requested'>;

/** A lapsed lease counts as an attempt, unless it was only grace; the job is offered again at once. */
async function expire(tx: Tx, job: LapsedJob, now: number): Promise<void> {
  const counts = job.in_grace === 0;
  const attempts = job.attempts + (counts ? 1 : 0);
  const claim = { agentId: job.agent_id, jobId: job.job_id, lockToken: job.lock_token };
  const entry = { at: now, ...claim };
  const last =
    job.cancel_requested === 1
      ? [{ ...entry, event: 'jobCancelled' } as const]
      : counts && attempts >= job.max_attempts
        ? [{ ...entry, event: 'jobFailed', detail: { error_code: 'LEASE_EXPIRED', attempts, final: true } } as const]
        : [];
  await endLease(tx, claim, { claimed_by: null, ...afterExpiry(job, attempts), attempts, updated_at: now }, [
    newLines(tx, { ...entry, event: 'leaseExpired', detail: { attempts, counts } }, ...last),
  ]);
}

function afterExpiry(job: LapsedJob, attempts: number): Updateable<JobTable> {
  if (job.cancel_requested === 1) return CANCELLED;
  if (job.in_grace === 1 || attempts < job.max_attempts) return { status: 'pending', not_before: null };
  const failure = {
    error_code: 'LEASE_EXPIRED',
    message: `The agent was not heard of in time, ${attempts} times; check the agent and the network, then retry.`,
    retryable: true,
  };
  return { status: 'failed', ...failureColumns(failure, job.agent_id), not_before: null };
}
