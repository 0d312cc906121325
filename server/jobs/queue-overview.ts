import { sql } from 'kysely';
import type { QueueBatch, QueueOverview } from '../../shared/wire.ts';
import { iso, type Context } from '../context.ts';
import { expireLeases } from './lease.ts';

/** Pending jobs of one batch, or of none, and of one type. */
interface Waiting {
  readonly batch: string | null;
  readonly job_type: string;
  readonly held: number;
  readonly jobs: number;
}

/** What still has to be done, in files and in jobs. */
export async function queueOverview(context: Context): Promise<QueueOverview> {
  await expireLeases(context);
  const { database } = context;
  const pending = sql.lit('pending' as const);
  const waiting: Waiting[] = await database
    .selectFrom('job')
    .select((select) => ['batch', 'job_type', 'held', select.fn.countAll<number>().as('jobs')])
    .where('status', '=', pending)
    .groupBy(['batch', 'job_type', 'held'])
    .execute();
  const { files, held_files } = await database
    .selectFrom('job')
    .select([
      sql<number>`count(DISTINCT asset_uuid)`.as('files'),
      sql<number>`count(DISTINCT CASE WHEN held = 1 THEN asset_uuid END)`.as('held_files'),
    ])
    .where('status', '=', pending)
    .executeTakeFirstOrThrow();
  return {
    files: Number(files),
    held_jobs: sumOf(waiting.filter(({ held }) => held === 1)),
    held_files: Number(held_files),
    pending: byType(waiting),
    batches: await openBatches(context, waiting),
  };
}

async function openBatches({ database }: Context, waiting: readonly Waiting[]): Promise<QueueBatch[]> {
  const open = sql`('pending', 'claimed')`;
  const rows = await database
    .selectFrom('job')
    .select((select) => [
      sql<string>`batch`.as('batch'),
      select.fn.min<number>('created_at').as('added_at'),
      select.fn.countAll<number>().as('jobs'),
      sql<number>`count(DISTINCT asset_uuid)`.as('files'),
      sql<number>`count(DISTINCT CASE WHEN status IN ${open} THEN asset_uuid END)`.as('open_files'),
    ])
    .where('batch', 'in', sql<string>`(SELECT DISTINCT batch FROM job WHERE status IN ${open} AND batch IS NOT NULL)`)
    .groupBy('batch')
    .orderBy('added_at')
    .execute();
  return Promise.all(
    rows.map(async ({ batch, added_at, jobs, files, open_files }) => ({
      batch,
      added_at: iso(Number(added_at)),
      files: Number(files),
      files_ended: Number(files) - Number(open_files),
      files_failed: await failedFiles(database, batch),
      jobs: Number(jobs),
      pending: byType(waiting.filter((each) => each.batch === batch)),
    })),
  );
}

/** Files of which nothing is left to do and something failed. */
async function failedFiles(database: Context['database'], batch: string): Promise<number> {
  const { files } = await database
    .selectFrom('job')
    .select(sql<number>`count(DISTINCT asset_uuid)`.as('files'))
    .where('batch', '=', batch)
    .where('status', '=', 'failed')
    .where(
      'asset_uuid',
      'not in',
      sql<string>`(SELECT asset_uuid FROM job WHERE batch = ${batch} AND status IN ('pending', 'claimed'))`,
    )
    .executeTakeFirstOrThrow();
  return Number(files);
}

/** Job type → jobs that would start by themselves. */
function byType(waiting: readonly Waiting[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { job_type, jobs, held } of waiting) {
    if (held === 0) counts[job_type] = (counts[job_type] ?? 0) + Number(jobs);
  }
  return counts;
}

function sumOf(waiting: readonly Waiting[]): number {
  return waiting.reduce((sum, { jobs }) => sum + Number(jobs), 0);
}
