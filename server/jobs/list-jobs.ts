import { sql } from 'kysely';
import { z } from 'zod';
import type { JobStatus, JobsSummary, OperatorJob, WireJob } from '../../shared/wire.ts';
import { JOB_STATUSES } from '../../shared/wire.ts';
import { capabilitiesOf } from '../agents/known-agents.ts';
import type { Context } from '../context.ts';
import { decodeCursor, encodeCursor } from '../cursor.ts';
import type { JobRow } from '../database/schema.ts';
import { expireLeases } from './lease.ts';
import { operatorJob, wireJob } from './job-row.ts';

interface PageQuery {
  readonly cursor?: string | undefined;
  readonly limit: number;
}

const OfferCursor = z.tuple([z.number(), z.number()]);

/**
 * What this agent may claim: pending jobs that are due and need nothing it has not declared, and invalid jobs, which
 * someone has to say so about. Highest priority first, then oldest; among equals each agent begins at another place.
 */
export async function offeredJobs(
  context: Context,
  agentId: string,
  query: PageQuery,
): Promise<{ items: WireJob[]; next_cursor?: string }> {
  await expireLeases(context);
  const { database } = context;
  const declared = new Set(await capabilitiesOf(database, agentId));
  const waiting = await database
    .selectFrom('job_count')
    .select('needs')
    .where('status', '=', 'pending')
    .where('jobs', '>', 0)
    .execute();
  const rows: JobRow[] = [];
  for (const { needs } of waiting) {
    const able = (JSON.parse(needs) as readonly string[]).every((capability) => declared.has(capability));
    if (able) rows.push(...(await dueJobs(context, needs, query)));
  }
  rows.sort((one, other) => other.priority - one.priority || one.sequence - other.sequence);
  const page = rows.slice(0, query.limit);
  const last = page.at(-1);
  const items = fromOwnPlace(page, await turnOf(context, agentId)).map((row) => wireJob(context, row));
  if (rows.length <= query.limit || last === undefined) return { items };
  return { items, next_cursor: encodeCursor([last.priority, last.sequence]) };
}

/**
 * Due jobs that need exactly this, one more than a page. The status stands in the text of the query: SQLite uses a
 * partial index only where it can see the condition.
 */
async function dueJobs(context: Context, needs: string, query: PageQuery): Promise<JobRow[]> {
  let select = context.database
    .selectFrom('job')
    .selectAll()
    .where('status', '=', sql.lit('pending' as const))
    .where('needs', '=', needs)
    .where((where) => where.or([where('not_before', 'is', null), where('not_before', '<=', context.leaseTime())]))
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
  return select.execute();
}

/** Which of how many agents this one is just now. */
interface Turn {
  readonly place: number;
  readonly agents: number;
}

/** Everybody comes first for a minute at a time, so that the oldest job waits for no agent that cannot do it. */
const TURN_MS = 60_000;

async function turnOf(context: Context, agentId: string): Promise<Turn> {
  const { all, before } = await context.database
    .selectFrom('agent')
    .select((select) => [
      select.fn.countAll<number>().as('all'),
      select.fn.sum<number>(select.case().when('agent_id', '<', agentId).then(1).else(0).end()).as('before'),
    ])
    .where('last_seen_at', '>', context.clock() - context.settings.agentSeenMs)
    .executeTakeFirstOrThrow();
  const agents = Math.max(1, Number(all));
  return { place: (Number(before ?? 0) + Math.floor(context.leaseTime() / TURN_MS)) % agents, agents };
}

/**
 * Jobs of one priority from another beginning for each agent, the first ones behind the last: agents that ask at the
 * same time do not race for the same job. One agent alone gets them in their order.
 */
function fromOwnPlace(page: readonly JobRow[], { place, agents }: Turn): readonly JobRow[] {
  return [...Map.groupBy(page, ({ priority }) => priority).values()].flatMap((equals) => {
    const first = Math.floor((place * equals.length) / agents);
    return [...equals.slice(first), ...equals.slice(0, first)];
  });
}

/** Every job without its result, newest first. */
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
  await expireLeases(context);
  const { database } = context;
  const counted = await database.selectFrom('job_count').selectAll().where('jobs', '>', 0).execute();
  const declared = await database
    .selectFrom('agent_capability')
    .innerJoin('agent', 'agent.agent_id', 'agent_capability.agent_id')
    .select('agent_capability.capability')
    .distinct()
    .where('agent.last_seen_at', '>', context.clock() - context.settings.agentSeenMs)
    .execute();
  const known = new Set(declared.map(({ capability }) => capability));
  const by_status = Object.fromEntries(JOB_STATUSES.map((status) => [status, 0])) as Record<JobStatus, number>;
  const missing = new Map<string, number>();
  for (const { status, needs, jobs } of counted) {
    by_status[status] += Number(jobs);
    if (status !== 'pending') continue;
    for (const capability of JSON.parse(needs) as readonly string[]) {
      if (!known.has(capability)) missing.set(capability, (missing.get(capability) ?? 0) + Number(jobs));
    }
  }
  return { by_status, by_missing_capability: Object.fromEntries([...missing].sort(([a], [b]) => (a < b ? -1 : 1))) };
}
