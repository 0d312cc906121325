import type { HeartbeatAnswer, HeartbeatRequest } from '../../shared/wire.ts';
import { isoOfLease, type Context } from '../context.ts';
import { changeLeased, leasedJob } from './lease.ts';
import { writeTransaction } from '../write-transaction.ts';

/** Extends the lease from now on and notes progress. @throws Problem 404, 409, 423 */
export async function heartbeat(
  context: Context,
  jobId: string,
  agentId: string,
  request: HeartbeatRequest,
): Promise<HeartbeatAnswer> {
  return writeTransaction(context, async (tx, now) => {
    const lease = { jobId, agentId, lockToken: request.lock_token };
    const leaseNow = context.leaseTime();
    const job = await leasedJob(tx, lease, leaseNow);
    const lockedUntil = leaseNow + context.settings.leaseMs;
    await changeLeased(tx, lease, {
      locked_until: lockedUntil,
      in_grace: 0,
      progress: request.progress ?? job.progress,
      stage: request.stage ?? job.stage,
      updated_at: now,
    });
    return { locked_until: isoOfLease(context, lockedUntil), cancel_requested: job.cancel_requested === 1 };
  });
}
