import { sql, type ExpressionBuilder } from 'kysely';
import { z } from 'zod';
import { type JobStatus, JOB_STATUSES } from '../../shared/job.ts';
import type { JobsSummary, OperatorJob, WireJob } from '../../shared/wire.ts';
import { recordOf } from '../../shared/objects.ts';
import { capabilitiesOf } from '../agents/known-agents.ts';
import type { Context } from '../context.ts';
import { decodeCursor, encodeCursor } from '../cursor.ts';
import type { JobRow, Tables } from '../database/schema.ts';
import { pathHolds } from '../database/search.ts';
import { expireLeases } from './expire-leases.ts';
import { operatorJob, seenJobs, wireJob } from './job-row.ts';

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
    const able = capabilitiesIn(needs).every((capability) => declared.has(capability));
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
    .where('not_before', 'is', null)
    .where('held', '=', sql.lit(0))
    .orderBy('priority', 'desc')
    .orderBy('sequence', 'asc')
    .limit(query.limit + 1);
  if (query.cursor !== undefined) {
    const cursor = decodeCursor(OfferCursor, query.cursor);
    select = select.where((where) => where.or(behind(cursor, where)));
  }
  return select.execute();
}

/** What stands behind a place in the order of the queue. */
function behind([priority, sequence]: z.output<typeof OfferCursor>, where: ExpressionBuilder<Tables, 'job'>) {
  return [
    where('priority', '<', priority),
    where.and([where('priority', '=', priority), where('sequence', '>', sequence)]),
  ];
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

interface JobsQuery extends PageQuery {
  readonly status?: JobStatus | undefined;
  readonly job_type?: string | undefined;
  readonly search?: string | undefined;
  readonly held?: boolean | undefined;
  readonly order: 'newest' | 'queue';
}

/** Every job without its result; of a search, or of what is on hold, how many there are of those on all pages. */
export async function allJobs(
  context: Context,
  query: JobsQuery,
): Promise<{ items: OperatorJob[]; next_cursor?: string; total?: number }> {
  await expireLeases(context);
  const wanted = wantedJobs(context, query);
  const rows = await pageIn(wanted, query).execute();
  const page = rows.slice(0, query.limit);
  const last = page.at(-1);
  const items = page.map((row) => operatorJob(context, row));
  const total = query.search === undefined && query.held === undefined ? {} : { total: await countOf(context, query) };
  if (rows.length <= query.limit || last === undefined) return { items, ...total };
  const cursor = query.order === 'queue' ? [last.priority, last.sequence] : [last.sequence];
  return { items, next_cursor: encodeCursor(cursor), ...total };
}

function wantedJobs({ database }: Context, { status, job_type, search, held }: JobsQuery) {
  let select = seenJobs(database);
  if (status !== undefined) select = select.where('status', '=', status);
  if (job_type !== undefined) select = select.where('job_type', '=', job_type);
  if (held !== undefined) select = select.where('held', '=', held ? 1 : 0);
  if (search !== undefined) select = select.where('asset_uuid', 'in', assetsNamed(database, search));
  return select;
}

/** Files are fewer than jobs, and a name is looked at once. */
function assetsNamed(database: Context['database'], search: string) {
  return database.selectFrom('asset').select('uuid').where(pathHolds(database, search));
}

async function countOf(context: Context, query: JobsQuery): Promise<number> {
  const counted = await wantedJobs(context, query)
    .clearSelect()
    .select((select) => select.fn.countAll<number>().as('jobs'))
    .executeTakeFirstOrThrow();
  return Number(counted.jobs);
}

/** `queue`: in the order in which they start. */
function pageIn(select: ReturnType<typeof wantedJobs>, { order, cursor, limit }: JobsQuery) {
  if (order === 'newest') {
    const newest = select.orderBy('sequence', 'desc').limit(limit + 1);
    return cursor === undefined
      ? newest
      : newest.where('sequence', '<', decodeCursor(z.tuple([z.number()]), cursor)[0]);
  }
  const first = select
    .orderBy('priority', 'desc')
    .orderBy('sequence', 'asc')
    .limit(limit + 1);
  return cursor === undefined
    ? first
    : first.where((where) => where.or(behind(decodeCursor(OfferCursor, cursor), where)));
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
  const by_status = recordOf(JOB_STATUSES, () => 0);
  const missing = new Map<string, number>();
  for (const { status, needs, jobs } of counted) {
    by_status[status] += Number(jobs);
    if (status !== 'pending') continue;
    for (const capability of capabilitiesIn(needs)) {
      if (!known.has(capability)) missing.set(capability, (missing.get(capability) ?? 0) + Number(jobs));
    }
  }
  return { by_status, by_missing_capability: Object.fromEntries([...missing].sort(([a], [b]) => (a < b ? -1 : 1))) };
}

/** As the database's triggers write them (migrations.ts). */
function capabilitiesIn(needs: string): readonly string[] {
  return JSON.parse(needs) as readonly string[];
}
