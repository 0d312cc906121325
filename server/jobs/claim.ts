import { randomBytes } from 'node:crypto';
import { sql } from 'kysely';
import { untilHours, type AgentPolicy } from '../../shared/wire-agent-policy.ts';
import type { WireJob } from '../../shared/wire.ts';
import { capabilitiesOf } from '../agents/known-agents.ts';
import { isPaused } from '../agents/orders.ts';
import { agentPolicyOf, allowsSource, allowsType } from '../agents/policy.ts';
import type { Context } from '../context.ts';
import { forWrite, isPostgres, together } from '../database/dialect.ts';
import type { JobRow, Tx } from '../database/schema.ts';
import { sha256 } from '../hash.ts';
import { keptAnswer, keptOf, newKey, type Kept, type RequestIdentity } from '../idempotency/idempotency.ts';
import { newLines } from '../ledger/ledger.ts';
import { orNotFound, stateConflict } from '../problem.ts';
import { claimedJob } from './job-row.ts';
import { jobForWrite, leaseOf } from './lease.ts';
import { writeTransaction } from '../write-transaction.ts';

/**
 * Gives a job to an agent, in one transaction. The same agent with the same key gets the same lock_token while that
 * lease lives. @throws Problem 404 unknown job, 409 whenever it cannot be had by this agent now
 */
export async function claim(context: Context, jobId: string, identity: RequestIdentity): Promise<WireJob> {
  const { agentId } = identity;
  return writeTransaction(context, async (tx, now) => {
    const job = await lockForClaim(tx, agentId, jobId);
    const { earlier, ...fitness } = await factsOf(tx, job, identity, { now, leaseNow: context.leaseTime() });
    if (earlier !== null) return sameLease(context, tx, job, earlier.answer);
    await refuseUnfit(context, tx, job, agentId, fitness);
    const lockToken = randomBytes(24).toString('base64url');
    const lease = { lock_token: lockToken, locked_until: context.leaseTime() + context.settings.leaseMs };
    const state = { in_grace: 0, cancel_requested: 0, progress: null, stage: null, heard_at: now };
    const entry = { at: now, event: 'jobClaimed', agentId, jobId, lockToken } as const;
    const [claimed] = await together(
      tx,
      [
        tx.insertInto('lease').values({ job_id: jobId, agent_id: agentId, ...lease, ...state }),
        // Only the hash: a lease that is over must not be readable from here.
        ...newKey(tx, identity, now, { lock_hash: sha256(lockToken) }),
        newLines(tx, { ...entry, detail: { attempt: job.attempts + 1 } }),
      ],
      tx
        .updateTable('job')
        .set({ status: 'claimed', claimed_by: agentId, not_before: null, updated_at: now })
        .where('job_id', '=', jobId)
        .where('status', '=', 'pending')
        .where('held', '=', 0)
        .returningAll(),
    );
    if (claimed === undefined) throw stateConflict('Another agent was faster.', { reason: 'not_pending' });
    return claimedJob(context, claimed, lease);
  });
}

/**
 * The agent first, then the job. What an agent holds is counted before it gets more: another claim of its own must not
 * pass in between; and of two requests with one key the second one waits here, and finds what the first was answered.
 * @throws Problem 404 unknown job
 */
async function lockForClaim(tx: Tx, agentId: string, jobId: string): Promise<JobRow> {
  const agent = forWrite(tx, tx.selectFrom('agent').select('agent_id').where('agent_id', '=', agentId));
  if (!isPostgres(tx)) return jobForWrite(tx, jobId);
  const both = sql<JobRow>`WITH mine AS MATERIALIZED (${agent})
    SELECT job.* FROM mine CROSS JOIN job WHERE job.job_id = ${jobId} FOR NO KEY UPDATE OF job`;
  return orNotFound((await both.execute(tx)).rows[0], 'job');
}

async function sameLease(context: Context, tx: Tx, job: JobRow, kept: unknown): Promise<WireJob> {
  // As `claim` kept it.
  const lockHash = (kept as { readonly lock_hash?: string }).lock_hash;
  const lease = await leaseOf(tx, job.job_id);
  if (lease !== undefined && sha256(lease.lock_token) === lockHash) return claimedJob(context, job, lease);
  throw stateConflict('The lease of this claim is over; claim again with a new key.', { reason: 'lease_over' });
}

async function refuseUnfit(
  context: Context,
  tx: Tx,
  job: JobRow,
  agentId: string,
  { held, lacks, paused, isLeft, own, now }: Fitness,
): Promise<void> {
  const { policy } = context.settings;
  if (job.status !== 'pending') throw stateConflict(`The job is ${job.status}.`, { reason: 'not_pending' });
  if (job.held === 1) throw stateConflict('The job is on hold.', { reason: 'held' });
  if (paused) throw stateConflict('An operator has paused this agent.', { reason: 'agent_paused' });
  if (job.not_before !== null && job.not_before > context.leaseTime()) {
    throw stateConflict('The job waits after a failure and is not due yet.', { reason: 'not_before' });
  }
  if (isLeft) {
    throw stateConflict('It failed on this agent, which leaves it to others first.', { reason: 'elsewhere_first' });
  }
  if (!policy.allowed_job_types.includes(job.job_type)) {
    throw stateConflict(`The server’s policy does not allow “${job.job_type}” jobs.`, { reason: 'job_type' });
  }
  if (held >= Math.min(policy.max_parallel_jobs_allowed, own?.max_parallel_jobs ?? Infinity)) {
    throw stateConflict('The agent already holds as many jobs as the server allows.', { reason: 'max_parallel_jobs' });
  }
  if (untilHours(own, now) !== null) throw stateConflict('It is outside the agent’s hours.', { reason: 'agent_hours' });
  if (job.invalid === 1) return;
  await refuseByPolicy(tx, job, own);
  if (lacks === 0) return;
  const declared = await capabilitiesOf(tx, agentId);
  const required = await tx
    .selectFrom('job_capability')
    .select('capability')
    .where('job_id', '=', job.job_id)
    .orderBy('capability')
    .execute();
  const missing = required.map((row) => row.capability).filter((capability) => !declared.includes(capability));
  throw stateConflict(`The agent did not declare ${missing.join(', ')}.`, { reason: 'capability', missing });
}

async function refuseByPolicy(tx: Tx, job: JobRow, own: AgentPolicy | null): Promise<void> {
  if (!allowsType(own, job.job_type)) {
    throw stateConflict(`The agent’s rules do not allow “${job.job_type}” jobs.`, { reason: 'agent_job_type' });
  }
  if (own?.roots === undefined || job.asset_uuid === null) return;
  const asset = await tx
    .selectFrom('asset')
    .select('source_path')
    .where('uuid', '=', job.asset_uuid)
    .executeTakeFirst();
  if (asset === undefined || allowsSource(own, asset.source_path)) return;
  throw stateConflict('The agent’s rules do not allow the media root of this job.', { reason: 'agent_root' });
}

interface Fitness {
  /** Leases of the agent. */
  readonly held: number;
  /** Capabilities that the job needs and the agent did not declare. */
  readonly lacks: number;
  /** An operator wants the agent to take nothing new. */
  readonly paused: boolean;
  /** The agent leaves it to others. */
  readonly isLeft: boolean;
  /** What operators said for the agent. */
  readonly own: AgentPolicy | null;
  /** Of the wall clock. */
  readonly now: number;
}

/** Asked once both are locked: of the moment after the wait. @throws Problem 422 when the key was another request's */
async function factsOf(
  tx: Tx,
  job: JobRow,
  identity: RequestIdentity,
  { now, leaseNow }: { readonly now: number; readonly leaseNow: number },
): Promise<Fitness & { earlier: Kept | null }> {
  const { agentId } = identity;
  const { held, lacks, paused_at, paused_until, policy_json, left_until, ...kept } = await tx
    .selectFrom('agent')
    .where('agent.agent_id', '=', agentId)
    .select((select) => [
      'paused_at',
      'paused_until',
      'policy_json',
      select
        .selectFrom('lease')
        .select((of) => of.fn.countAll<number>().as('jobs'))
        .where('agent_id', '=', agentId)
        .as('held'),
      select
        .selectFrom('job_capability as required')
        .select((of) => of.fn.countAll<number>().as('capabilities'))
        .where('required.job_id', '=', job.job_id)
        .where((where) =>
          where.not(
            where.exists(
              where
                .selectFrom('agent_capability as declared')
                .select('declared.capability')
                .where('declared.agent_id', '=', agentId)
                .whereRef('declared.capability', '=', 'required.capability'),
            ),
          ),
        )
        .as('lacks'),
      select
        .selectFrom('left_to_others')
        .select('until')
        .where('sequence', '=', job.sequence)
        .where('agent_id', '=', agentId)
        .as('left_until'),
      ...keptOf(tx, identity),
    ])
    .executeTakeFirstOrThrow();
  const paused = isPaused({ paused_at, paused_until }, now);
  const own = agentPolicyOf({ policy_json });
  const isLeft = left_until !== null && left_until > leaseNow;
  return { held: Number(held), lacks: Number(lacks), paused, isLeft, own, now, earlier: keptAnswer(kept, identity) };
}
