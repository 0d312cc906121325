import { defined } from '../../shared/objects.ts';
import { ClipPart, type PageJob } from '../../shared/wire-page.ts';
import { iso, isoOfLease, type Context } from '../context.ts';
import { leftBy } from '../jobs/elsewhere.ts';
import { expireLeases } from '../jobs/expire-leases.ts';
import { operatorJob, seenJob } from '../jobs/job-row.ts';
import { readLedger } from '../ledger/ledger.ts';
import { orNotFound } from '../problem.ts';
import { agentNames } from './failures.ts';
import { gridState } from './grid.ts';

/** A job with ten attempts of a hundred parts has some thousand. */
const MOST_LINES = 1_000;

/** One job with its file, what was made and what happened to it, without its result. @throws Problem 404 */
export async function pageJob(context: Context, jobId: string): Promise<PageJob> {
  await expireLeases(context);
  const { database } = context;
  const row = orNotFound(await seenJob(database, jobId), 'job');
  const seen = operatorJob(context, row);
  const asset = await database
    .selectFrom('asset')
    .select('source_path')
    .where('uuid', '=', row.asset_uuid ?? '')
    .executeTakeFirst();
  const derived = await database
    .selectFrom('derived')
    .select(['kind', 'ref', 'content_type', 'size_bytes', 'sha256'])
    .where('job_id', '=', jobId)
    .where('status', '=', 'accepted')
    .orderBy('position')
    .execute();
  const names = await agentNames(context);
  const lines = await readLedger(database, { jobId, limit: MOST_LINES + 1 });
  const { progress, stage, not_before, failure } = seen;
  return {
    job_id: jobId,
    job_type: row.job_type,
    source_path: asset?.source_path ?? '',
    state: gridState(row),
    priority: row.priority,
    attempts: row.attempts,
    max_attempts: row.max_attempts,
    created_at: seen.created_at,
    updated_at: seen.updated_at,
    ...defined({
      asset_uuid: row.asset_uuid ?? undefined,
      part: await partOf(context, row.asset_uuid),
      agent_name: names.get(row.claimed_by ?? row.failed_by ?? ''),
      progress,
      stage,
      not_before,
      left: await leftOf(context, row, names),
      failure,
    }),
    derived,
    ledger: lines.slice(0, MOST_LINES).map(({ sequence, at, event, agentId, operator, detail }) => ({
      sequence,
      at: iso(at),
      event,
      ...defined({ agent_name: names.get(agentId ?? ''), operator: operator ?? undefined }),
      detail: { ...detail },
    })),
    more_ledger: lines.length > MOST_LINES,
  };
}

async function leftOf(
  context: Context,
  { status, sequence }: { readonly status: string; readonly sequence: number },
  names: ReadonlyMap<string, string>,
): Promise<PageJob['left']> {
  if (status !== 'pending') return undefined;
  const left = await leftBy(context.database, sequence, context.leaseTime());
  if (left === undefined) return undefined;
  return { agent_name: names.get(left.agent_id) ?? left.agent_id, until: isoOfLease(context, left.until) };
}

/** As the rule knows it that watches the file; a take that is a file of its own is no part. */
async function partOf({ database }: Context, assetUuid: string | null): Promise<ClipPart | undefined> {
  if (assetUuid === null) return undefined;
  const row = await database
    .selectFrom('watched_file')
    .select('part_json')
    .where('asset_uuid', '=', assetUuid)
    .where('part_json', 'is not', null)
    .limit(1)
    .executeTakeFirst();
  const told = row?.part_json ?? null;
  return told === null ? undefined : ClipPart.safeParse(JSON.parse(told)).data;
}
