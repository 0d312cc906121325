import { sql } from 'kysely';
import type { QueueBatch, QueueOverview } from '../../shared/wire.ts';
import { iso, type Context } from '../context.ts';
import { ALL_BATCHES, NO_BATCH, type Database } from '../database/schema.ts';
import { expireLeases } from './expire-leases.ts';

/** Pending jobs of one batch, or of none, and of one type. */
interface Waiting {
  readonly batch: string;
  readonly job_type: string;
  readonly held: number;
  readonly jobs: number;
}

/** What still has to be done, in files and in jobs: read from counters, and so as fast with a million jobs as with ten. */
export async function queueOverview(context: Context): Promise<QueueOverview> {
  await expireLeases(context);
  const { database } = context;
  const waiting: Waiting[] = await database.selectFrom('pending_count').selectAll().execute();
  const all = await database.selectFrom('batch_count').selectAll().where('batch', '=', ALL_BATCHES).executeTakeFirst();
  return {
    files: Number(all?.pending_files ?? 0),
    held_jobs: waiting.reduce((sum, { held, jobs }) => sum + (held === 1 ? Number(jobs) : 0), 0),
    held_files: Number(all?.held_files ?? 0),
    pending: byType(waiting),
    batches: await openBatches(context, waiting),
  };
}

async function openBatches({ database }: Context, waiting: readonly Waiting[]): Promise<QueueBatch[]> {
  const rows = await database
    .selectFrom('batch_count')
    .selectAll()
    // In the text of the query, where SQLite sees that the index of open batches is enough.
    .where('open_files', '>', sql.lit(0))
    .where('batch', 'not in', [ALL_BATCHES, NO_BATCH])
    .orderBy('added_at')
    .execute();
  const names = rows.length === 0 ? new Map<string, string>() : await ruleNames(database);
  return rows.map(({ batch, added_at, jobs, files, open_files, failed_files }) => ({
    batch,
    name: names.get(batch),
    added_at: iso(Number(added_at)),
    files: Number(files),
    files_ended: Number(files) - Number(open_files),
    files_failed: Number(failed_files),
    jobs: Number(jobs),
    pending: byType(waiting.filter((each) => each.batch === batch)),
  }));
}

/** What a watched folder adds goes by its rule's id. */
async function ruleNames(database: Database): Promise<ReadonlyMap<string, string>> {
  const rules = await database.selectFrom('watch_rule').select(['rule_id', 'name']).execute();
  return new Map(rules.map(({ rule_id, name }) => [rule_id, name]));
}

/** Job type → jobs that would start by themselves. */
function byType(waiting: readonly Waiting[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { job_type, jobs, held } of waiting) {
    if (held === 0) counts[job_type] = (counts[job_type] ?? 0) + Number(jobs);
  }
  return counts;
}
