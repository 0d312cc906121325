import { z } from 'zod';
import type { GridAsset, GridPage, GridState } from '../../shared/wire-page.ts';
import type { Context } from '../context.ts';
import { decodeCursor, encodeCursor, type PageQuery } from '../cursor.ts';
import { pathHolds } from '../database/search.ts';
import type { JobRow } from '../database/schema.ts';
import { expireLeases } from '../jobs/expire-leases.ts';

const GridCursor = z.tuple([z.string()]);

/** Files with how their jobs are, in the order of their paths, a page at a time. `search`: a part of the path. */
export async function assetGrid(
  context: Context,
  { search, cursor, limit }: PageQuery & { readonly search?: string | undefined },
): Promise<GridPage> {
  await expireLeases(context);
  const { database } = context;
  let assets = database
    .selectFrom('asset')
    .select(['uuid', 'source_path'])
    .orderBy('source_path')
    .limit(limit + 1);
  if (search !== undefined) assets = assets.where(pathHolds(database, search));
  if (cursor !== undefined) assets = assets.where('source_path', '>', decodeCursor(GridCursor, cursor)[0]);
  const rows = await assets.execute();
  const page = rows.slice(0, limit);
  const jobs = await jobsOf(
    context,
    page.map(({ uuid }) => uuid),
  );
  const items = page.map(({ uuid, source_path }) => ({ uuid, source_path, jobs: jobs.get(uuid) ?? {} }));
  const last = page.at(-1);
  if (rows.length <= limit || last === undefined) return { items };
  return { items, next_cursor: encodeCursor([last.source_path]) };
}

/** Of each type the newest. */
async function jobsOf(
  { database }: Context,
  uuids: readonly string[],
): Promise<ReadonlyMap<string, GridAsset['jobs']>> {
  const found = new Map<string, GridAsset['jobs']>();
  if (uuids.length === 0) return found;
  const rows = await database
    .selectFrom('job')
    .select(['asset_uuid', 'job_id', 'job_type', 'status', 'held', 'cause', 'sequence'])
    .where('asset_uuid', 'in', uuids)
    .execute();
  for (const row of rows.sort((one, other) => one.sequence - other.sequence)) {
    const uuid = row.asset_uuid ?? '';
    const jobs = found.get(uuid) ?? {};
    jobs[row.job_type] = { job_id: row.job_id, state: gridState(row) };
    found.set(uuid, jobs);
  }
  return found;
}

export function gridState({ status, held, cause }: Pick<JobRow, 'status' | 'held' | 'cause'>): GridState {
  switch (status) {
    case 'pending':
      return held === 1 ? 'held' : 'waiting';
    case 'claimed':
      return 'running';
    case 'completed':
      return 'done';
    case 'failed':
      return cause === null ? 'cancelled' : 'failed';
  }
}
