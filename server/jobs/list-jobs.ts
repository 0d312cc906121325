import { z } from 'zod';
import type { JobStatus, JobsSummary, OperatorJob, WireJob } from '../../shared/wire.ts';
import { JOB_STATUSES } from '../../shared/wire.ts';
import type { Context } from '../context.ts';
import { decodeCursor, encodeCursor } from '../cursor.ts';
import { expireLeases } from './lease.ts';
import { operatorJob, wireJob } from './job-row.ts';

interface PageQuery {
  readonly cursor?: string | undefined;
  readonly limit: number;
}

const OfferCursor = z.tuple([z.number(), z.number()]);

/**
 * What this agent may claim: pending jobs that are due and need nothing it has not declared, and invalid jobs, which
 * someone has to say so about. Highest priority first, then oldest.
 */
export async function offeredJobs(
  context: Context,
  agentId: string,
  query: PageQuery,
): Promise<{ items: WireJob[]; next_cursor?: string }> {
  await expireLeases(context);
  let select = context.database
    .selectFrom('job')
    .selectAll()
    .where('status', '=', 'pending')
    .where((where) => where.or([where('not_before', 'is', null), where('not_before', '<=', context.leaseTime())]))
    .where((where) =>
      where.or([
        where('invalid', '=', 1),
        where.not(
          where.exists(
            where
              .selectFrom('job_capability')
              .select('job_capability.capability')
              .whereRef('job_capability.job_id', '=', 'job.job_id')
              .where('job_capability.capability', 'not in', (declared) =>
                declared
                  .selectFrom('agent_capability')
                  .select('agent_capability.capability')
                  .where('agent_capability.agent_id', '=', agentId),
              ),
          ),
        ),
      ]),
    )
    .orderBy('priority', 'desc')
    .orderBy('sequence', 'asc')
    .limit(query.limit + 1);
  if (query.cursor !== undefined) {
    const [priority, sequence] = decodeCursor(OfferCursor, query.cursor);
    select = select.where((where) =>
      where.or([
        where('priority', '<', priority),
        where.and([where('priority', '=', priority), where('sequence', '>', sequence)]),
      ]),
    );
  }
  const rows = await select.execute();
  const page = rows.slice(0, query.limit);
  const last = page.at(-1);
  const items = page.map((row) => wireJob(context, row));
  if (rows.length <= query.limit || last === undefined) return { items };
  return { items, next_cursor: encodeCursor([last.priority, last.sequence]) };
}

/** Every job, newest first. */
export async function allJobs(
  context: Context,
  query: PageQuery & { readonly status?: JobStatus | undefined; readonly job_type?: string | undefined },
): Promise<{ items: OperatorJob[]; next_cursor?: string }> {
  await expireLeases(context);
  let select = context.database
    .selectFrom('job')
    .selectAll()
    .orderBy('sequence', 'desc')
    .limit(query.limit + 1);
  if (query.status !== undefined) select = select.where('status', '=', query.status);
  if (query.job_type !== undefined) select = select.where('job_type', '=', query.job_type);
  if (query.cursor !== undefined) {
    const [before] = decodeCursor(z.tuple([z.number()]), query.cursor);
    select = select.where('sequence', '<', before);
  }
  const rows = await select.execute();
  const page = rows.slice(0, query.limit);
  const last = page.at(-1);
  const items = page.map((row) => operatorJob(context, row));
  if (rows.length <= query.limit || last === undefined) return { items };
  return { items, next_cursor: encodeCursor([last.sequence]) };
}

/** Counts by status, and pending jobs by the capability that no agent heard of lately declares. */
export async function jobsSummary(context: Context): Promise<JobsSummary> {
  const now = context.clock();
  await expireLeases(context);
  const counted = await context.database
    .selectFrom('job')
    .select((select) => ['status', select.fn.countAll<number>().as('jobs')])
    .groupBy('status')
    .execute();
  const missing = await context.database
    .selectFrom('job')
    .innerJoin('job_capability', 'job_capability.job_id', 'job.job_id')
    .select((select) => ['job_capability.capability', select.fn.countAll<number>().as('jobs')])
    .where('job.status', '=', 'pending')
    .where('job.invalid', '=', 0)
    .where('job_capability.capability', 'not in', (declared) =>
      declared
        .selectFrom('agent_capability')
        .innerJoin('agent', 'agent.agent_id', 'agent_capability.agent_id')
        .select('agent_capability.capability')
        .where('agent.last_seen_at', '>', now - context.settings.agentSeenMs),
    )
    .groupBy('job_capability.capability')
    .orderBy('job_capability.capability')
    .execute();
  const zero = Object.fromEntries(JOB_STATUSES.map((status) => [status, 0]));
  return {
    by_status: { ...zero, ...Object.fromEntries(counted.map((row) => [row.status, Number(row.jobs)])) },
    by_missing_capability: Object.fromEntries(missing.map((row) => [row.capability, Number(row.jobs)])),
  };
}
