import type { HeartbeatAnswer, HeartbeatRequest } from '../../shared/wire.ts';
import { isoOfLease, type Context } from '../context.ts';
import { lockInvalid, orNotFound } from '../problem.ts';
import { writeStatement } from '../write-transaction.ts';
import { findJob } from './job-row.ts';
import { extendLease, livingLease } from './lease.ts';

/** Extends the lease from now on and notes progress. @throws Problem 404, 409, 423 */
export async function heartbeat(
  context: Context,
  jobId: string,
  agentId: string,
  { lock_token: lockToken, progress, stage }: HeartbeatRequest,
): Promise<HeartbeatAnswer> {
  const claim = { jobId, agentId, lockToken };
  return writeStatement(context, async (database, heardAt) => {
    const now = context.leaseTime();
    const lockedUntil = now + context.settings.leaseMs;
    const cancelRequested = await extendLease(database, claim, { now, lockedUntil, heardAt, progress, stage });
    if (cancelRequested === undefined) {
      await livingLease(database, orNotFound(await findJob(database, jobId), 'job'), claim, now);
      // It is alive after all: it was claimed between the two looks, and a heartbeat cannot have known of it.
      throw lockInvalid();
    }
    return { locked_until: isoOfLease(context, lockedUntil), cancel_requested: cancelRequested };
  });
}
