import { sql } from 'kysely';
import { z } from 'zod';
import { defined } from '../../shared/objects.ts';
import type { FailedJob, FailureCause } from '../../shared/wire-page.ts';
import { iso, type Context } from '../context.ts';
import { decodeCursor, encodeCursor, type PageQuery } from '../cursor.ts';
import { expireLeases } from '../jobs/expire-leases.ts';

/** Beyond these nobody reads on; those with most jobs are shown. */
const MOST_CAUSES = 200;

/** As text: a partial index is used only where its condition can be seen. */
const FAILED = sql.lit('failed' as const);

interface Counted {
  readonly cause: string;
  readonly jobs: number;
  readonly lastAt: number;
  /** Agent → jobs that failed on it last. */
  readonly agents: readonly (readonly [agentId: string | null, jobs: number])[];
}

/** What failed for good, by cause, most first: counted in the index of failures alone. */
export async function failureCauses(context: Context): Promise<{ at: string; items: FailureCause[] }> {
  await expireLeases(context);
  const at = iso(context.clock());
  const counted = (await countCauses(context)).slice(0, MOST_CAUSES);
  const names = await agentNames(context);
  const items: FailureCause[] = [];
  for (const { cause, jobs, lastAt, agents } of counted) {
    const [newest] = await failedOf(context, cause, { limit: 1 }).execute();
    if (newest === undefined) continue;
    items.push({
      cause,
      jobs,
      last_at: iso(lastAt),
      agents: agents.flatMap(([agentId, count]) => {
        const agent_name = names.get(agentId ?? '');
        return agent_name === undefined ? [] : [{ agent_name, jobs: count }];
      }),
      example: {
        job_id: newest.job_id,
        job_type: newest.job_type,
        source_path: newest.source_path ?? '',
        ...failureIn(newest),
      },
    });
  }
  return { at, items };
}

async function countCauses({ database }: Context): Promise<readonly Counted[]> {
  const rows = await database
    .selectFrom('job')
    .select((select) => [
      'cause',
      'failed_by',
      select.fn.countAll<number>().as('jobs'),
      select.fn.max<number>('updated_at').as('last_at'),
    ])
    .where('status', '=', FAILED)
    .where('cause', 'is not', null)
    .groupBy(['cause', 'failed_by'])
    .execute();
  return [...Map.groupBy(rows, ({ cause }) => cause ?? '')]
    .map(([cause, group]) => ({
      cause,
      jobs: group.reduce((sum, { jobs }) => sum + Number(jobs), 0),
      lastAt: Math.max(...group.map(({ last_at }) => Number(last_at))),
      agents: group
        .map(({ failed_by, jobs }) => [failed_by, Number(jobs)] as const)
        .sort(([, one], [, other]) => other - one),
    }))
    .sort((one, other) => other.jobs - one.jobs || (one.cause < other.cause ? -1 : 1));
}

const FailedCursor = z.tuple([z.number(), z.number()]);

/** The jobs of one cause, newest first, a page at a time. */
export async function failedJobs(
  context: Context,
  { cause, ...query }: PageQuery & { readonly cause: string },
): Promise<{ items: FailedJob[]; next_cursor?: string }> {
  const rows = await failedOf(context, cause, query).execute();
  const names = await agentNames(context);
  const page = rows.slice(0, query.limit);
  const items = page.map((row) => ({
    job_id: row.job_id,
    job_type: row.job_type,
    source_path: row.source_path ?? '',
    failed_at: iso(row.updated_at),
    message: failureIn(row).message,
    ...defined({ agent_name: names.get(row.failed_by ?? '') }),
  }));
  const last = page.at(-1);
  if (rows.length <= query.limit || last === undefined) return { items };
  return { items, next_cursor: encodeCursor([last.updated_at, last.sequence]) };
}

function failedOf({ database }: Context, cause: string, { cursor, limit }: PageQuery) {
  const newest = database
    .selectFrom('job')
    .leftJoin('asset', 'asset.uuid', 'job.asset_uuid')
    .select(['job.job_id', 'job.job_type', 'job.sequence', 'job.updated_at', 'job.failure_json', 'job.failed_by'])
    .select('asset.source_path')
    .where('job.status', '=', FAILED)
    .where('job.cause', '=', cause)
    .orderBy('job.updated_at', 'desc')
    .orderBy('job.sequence', 'desc')
    .limit(limit + 1);
  if (cursor === undefined) return newest;
  const [updatedAt, sequence] = decodeCursor(FailedCursor, cursor);
  return newest.where((where) =>
    where.or([
      where('job.updated_at', '<', updatedAt),
      where.and([where('job.updated_at', '=', updatedAt), where('job.sequence', '<', sequence)]),
    ]),
  );
}

/** Written by jobs/failure-columns.ts. */
function failureIn({ failure_json }: { readonly failure_json: string | null }): {
  readonly error_code: string;
  readonly message: string;
} {
  // The column has the object that was written there.
  const { error_code = '', message = '' } = JSON.parse(failure_json ?? '{}') as Partial<Record<string, string>>;
  return { error_code, message };
}

/** Every agent that ever registered, by its id. */
export async function agentNames({ database }: Pick<Context, 'database'>): Promise<ReadonlyMap<string, string>> {
  const rows = await database.selectFrom('agent').select(['agent_id', 'agent_name']).execute();
  return new Map(rows.map(({ agent_id, agent_name }) => [agent_id, agent_name]));
}
