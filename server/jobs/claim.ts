import { randomBytes } from 'node:crypto';
import { sql } from 'kysely';
import type { WireJob } from '../../shared/wire.ts';
import { capabilitiesOf } from '../agents/known-agents.ts';
import type { Context } from '../context.ts';
import { forWrite } from '../database/dialect.ts';
import type { JobRow, Tx } from '../database/schema.ts';
import { sha256 } from '../hash.ts';
import { keepAnswer, takeKey, type RequestIdentity } from '../idempotency/idempotency.ts';
import { record } from '../ledger/ledger.ts';
import { orNotFound, stateConflict } from '../problem.ts';
import { claimedJob, findJob } from './job-row.ts';
import { writeTransaction } from '../write-transaction.ts';

/**
 * Gives a job to an agent, in one transaction. The same agent with the same key gets the same lock_token while that
 * lease lives. @throws Problem 404 unknown job, 409 whenever it cannot be had by this agent now
 */
export async function claim(context: Context, jobId: string, identity: RequestIdentity): Promise<WireJob> {
  return writeTransaction(context, async (tx, now) => {
    const job = orNotFound(await findJob(tx, jobId), 'job');
    const earlier = await takeKey(tx, identity, now);
    if (earlier !== null) return sameLease(context, await findJob(tx, jobId), earlier.answer);
    await oneClaimAtATime(tx, identity.agentId);
    if (job.status !== 'pending') throw stateConflict(`The job is ${job.status}.`, { reason: 'not_pending' });
    await refuseUnfit(context, tx, job, identity.agentId);
    const lockToken = randomBytes(24).toString('base64url');
    const claimed = await tx
      .updateTable('job')
      .set({
        status: 'claimed',
        claimed_by: identity.agentId,
        lock_token: lockToken,
        locked_until: context.leaseTime() + context.settings.leaseMs,
        in_grace: 0,
        not_before: null,
        progress: null,
        stage: null,
        updated_at: now,
      })
      .where('job_id', '=', jobId)
      .where('status', '=', 'pending')
      .where('held', '=', 0)
      .returningAll()
      .executeTakeFirst();
    if (claimed === undefined) throw stateConflict('Another agent was faster.', { reason: 'not_pending' });
    // Only the hash: a lease that is over must not be readable from here.
    await keepAnswer(tx, identity, { lock_hash: sha256(lockToken) });
    await record(tx, {
      at: now,
      event: 'jobClaimed',
      agentId: identity.agentId,
      jobId,
      lockToken,
      detail: { attempt: claimed.attempts + 1 },
    });
    return claimedJob(context, claimed);
  });
}

/** What an agent holds is counted before it gets more: another claim of its own must not pass in between. */
async function oneClaimAtATime(tx: Tx, agentId: string): Promise<void> {
  await forWrite(tx, tx.selectFrom('agent').select('agent_id').where('agent_id', '=', agentId)).execute();
}

function sameLease(context: Context, job: JobRow | undefined, kept: unknown): WireJob {
  // As `claim` kept it.
  const lockHash = (kept as { readonly lock_hash?: string }).lock_hash;
  if (job?.status === 'claimed' && job.lock_token !== null && sha256(job.lock_token) === lockHash) {
    return claimedJob(context, job);
  }
  throw stateConflict('The lease of this claim is over; claim again with a new key.', { reason: 'lease_over' });
}

async function refuseUnfit(context: Context, tx: Tx, job: JobRow, agentId: string): Promise<void> {
  const { policy } = context.settings;
  if (job.held === 1) throw stateConflict('The job is on hold.', { reason: 'held' });
  if (job.not_before !== null && job.not_before > context.leaseTime()) {
    throw stateConflict('The job waits after a failure and is not due yet.', { reason: 'not_before' });
  }
  if (!policy.allowed_job_types.includes(job.job_type)) {
    throw stateConflict(`The server’s policy does not allow “${job.job_type}” jobs.`, { reason: 'job_type' });
  }
  const running = await tx
    .selectFrom('job')
    .select((select) => select.fn.countAll<number>().as('jobs'))
    .where('status', '=', sql.lit('claimed' as const))
    .where('claimed_by', '=', agentId)
    .executeTakeFirstOrThrow();
  if (Number(running.jobs) >= policy.max_parallel_jobs_allowed) {
    throw stateConflict('The agent already holds as many jobs as the server allows.', { reason: 'max_parallel_jobs' });
  }
  if (job.invalid === 1) return;
  const declared = await capabilitiesOf(tx, agentId);
  const required = await tx
    .selectFrom('job_capability')
    .select('capability')
    .where('job_id', '=', job.job_id)
    .orderBy('capability')
    .execute();
  const missing = required.map((row) => row.capability).filter((capability) => !declared.includes(capability));
  if (missing.length > 0) {
    throw stateConflict(`The agent did not declare ${missing.join(', ')}.`, { reason: 'capability', missing });
  }
}
