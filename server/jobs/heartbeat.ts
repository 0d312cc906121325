import type { HeartbeatAnswer, HeartbeatRequest } from '../../shared/wire.ts';
import { iso, type Context } from '../context.ts';
import { leasedJob } from './lease.ts';
import { writing } from '../writing.ts';

/** Extends the lease from now on and notes progress. @throws Problem 404, 409, 423 */
export async function heartbeat(
  context: Context,
  jobId: string,
  agentId: string,
  request: HeartbeatRequest,
): Promise<HeartbeatAnswer> {
  return writing(context, async (tx, now) => {
    const job = await leasedJob(tx, { jobId, agentId, lockToken: request.lock_token });
    const lockedUntil = now + context.settings.leaseMs;
    await tx
      .updateTable('job')
      .set({
        locked_until: lockedUntil,
        progress: request.progress ?? job.progress,
        stage: request.stage ?? job.stage,
        updated_at: now,
      })
      .where('job_id', '=', jobId)
      .execute();
    return { locked_until: iso(lockedUntil), cancel_requested: job.cancel_requested === 1 };
  });
}
