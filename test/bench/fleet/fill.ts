import { sql } from 'kysely';
import { isPostgres } from '../../../server/database/dialect.ts';
import type { Database } from '../../../server/database/schema.ts';
import { CAPABILITY_OF, CONTRACT_OF, type JobType } from '../../../shared/job.ts';

/** Written at once: what the counters' triggers see of it lies in memory. */
const AT_ONCE = 50_000;
const JOBS_OF_A_FILE = 4;

/**
 * A queue of so many jobs, four of each file. The first half needs what nobody declares, and stands in front of the
 * rest: it is older, and of a higher priority.
 */
export async function fillQueue(database: Database, pending: number, now: number): Promise<void> {
  const half = Math.floor(pending / 2);
  for (let from = 1; from <= pending; from += AT_ONCE) {
    await fillPart(database, { from, to: Math.min(pending, from + AT_ONCE - 1), half, now });
  }
  if (!isPostgres(database)) return;
  await sql`SELECT fold_counters()`.execute(database);
  await sql`VACUUM ANALYZE`.execute(database);
}

interface Part {
  readonly from: number;
  readonly to: number;
  readonly half: number;
  readonly now: number;
}

async function fillPart(database: Database, { from, to, half, now }: Part): Promise<void> {
  const postgres = isPostgres(database);
  const hex = postgres ? sql`lpad(to_hex(n), 8, '0')` : sql`printf('%08x', n)`;
  const hexOfFile = postgres
    ? sql`lpad(to_hex((n - 1) / ${sql.lit(JOBS_OF_A_FILE)}), 8, '0')`
    : sql`printf('%08x', (n - 1) / ${sql.lit(JOBS_OF_A_FILE)})`;
  const numbers = sql`WITH RECURSIVE numbers (n) AS (
    SELECT ${sql.lit(from)} UNION ALL SELECT n + 1 FROM numbers WHERE n < ${sql.lit(to)}
  )`;
  const job = sql`${hex} || '-0000-4000-8000-00000000000a'`;
  const asset = sql`${hexOfFile} || '-0000-4000-8000-00000000000b'`;
  const path = sql`'RUSHES/day ' || ${hexOfFile} || '.mov'`;
  const of = (what: (type: JobType) => string) =>
    sql`CASE WHEN n <= ${sql.lit(half)} THEN ${sql.lit(what('generate_video_proxies'))}
      WHEN n % 2 = 0 THEN ${sql.lit(what('generate_thumbnails'))} ELSE ${sql.lit(what('transcribe_audio'))} END`;
  const document = of((type) =>
    JSON.stringify({
      asset_uuid: '@asset',
      required_capabilities: [CAPABILITY_OF[type]],
      inputs: { asset_uuid: '@asset', source_path: '@path' },
      expected_outputs: CONTRACT_OF[type].expectedOutputs,
      invariants: CONTRACT_OF[type].invariants,
    }),
  );
  const folded = postgres ? sql`, source_folded` : sql``;
  const lower = postgres ? sql`, lower(${path})` : sql``;
  await database.transaction().execute(async (tx) => {
    await sql`${numbers} INSERT INTO asset (uuid, source_path, created_at${folded})
      SELECT ${asset}, ${path}, ${sql.lit(now)}${lower} FROM numbers
      WHERE (n - 1) % ${sql.lit(JOBS_OF_A_FILE)} = 0`.execute(tx);
    await sql`${numbers} INSERT INTO job (job_id, job_type, asset_uuid, document_json, invalid, needs, priority, status,
        attempts, max_attempts, held, created_at, updated_at)
      SELECT ${job}, ${of((type) => type)}, ${asset},
        replace(replace(${document}, '@asset', ${asset}), '@path', ${path}), 0,
        ${of((type) => JSON.stringify([CAPABILITY_OF[type]]))}, CASE WHEN n <= ${sql.lit(half)} THEN 10 ELSE 0 END,
        'pending', 0, 3, 0, ${sql.lit(now)}, ${sql.lit(now)} FROM numbers`.execute(tx);
    await sql`${numbers} INSERT INTO job_capability (job_id, capability)
      SELECT ${job}, ${of((type) => CAPABILITY_OF[type])} FROM numbers`.execute(tx);
    await sql`${numbers} INSERT INTO ledger (at, event, job_id, detail_json)
      SELECT ${sql.lit(now)}, 'jobCreated', ${job}, '{}' FROM numbers`.execute(tx);
  });
}
