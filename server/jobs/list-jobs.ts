import { z } from 'zod';
import { type JobStatus, JOB_STATUSES } from '../../shared/job.ts';
import type { JobsSummary, OperatorJob } from '../../shared/wire.ts';
import { recordOf } from '../../shared/objects.ts';
import type { Context } from '../context.ts';
import { decodeCursor, encodeCursor, type PageQuery } from '../cursor.ts';
import { pathHolds } from '../database/search.ts';
import { declaredHere } from '../agents/known-agents.ts';
import { expireLeases } from './expire-leases.ts';
import { operatorJob, seenJobs } from './job-row.ts';
import { behind, capabilitiesIn, QueueCursor } from './due-jobs.ts';

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
    : first.where((where) => where.or(behind(decodeCursor(QueueCursor, cursor), where)));
}

/** Counts by status, and pending jobs by the capability that no agent heard of lately declares. */
export async function jobsSummary(context: Context): Promise<JobsSummary> {
  await expireLeases(context);
  const { database } = context;
  const counted = await database.selectFrom('job_count').selectAll().where('jobs', '>', 0).execute();
  const declared = await declaredHere(context, database).select('agent_capability.capability').distinct().execute();
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
