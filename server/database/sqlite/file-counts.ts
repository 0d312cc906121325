import { sql } from 'kysely';
import { ALL_BATCHES, NO_BATCH, type Tx } from '../schema.ts';

type Row = 'new' | 'old';

const files = (job: Row): string =>
  `batch IN (coalesce(${job}.batch, '${NO_BATCH}'), '${ALL_BATCHES}') AND asset_uuid = ${job}.asset_uuid`;

/** A job is counted for its file, within its batch and within all. */
const JOB_TO_FILE = {
  add: `INSERT INTO file_count (batch, asset_uuid, pending, held, claimed, failed, jobs, added_at)
    SELECT batch, new.asset_uuid, new.status = 'pending', new.status = 'pending' AND new.held = 1,
      new.status = 'claimed', new.status = 'failed', 1, new.created_at
    FROM (SELECT coalesce(new.batch, '${NO_BATCH}') AS batch UNION ALL SELECT '${ALL_BATCHES}')
    WHERE new.asset_uuid IS NOT NULL
    ON CONFLICT (batch, asset_uuid) DO UPDATE SET pending = pending + excluded.pending, held = held + excluded.held,
      claimed = claimed + excluded.claimed, failed = failed + excluded.failed, jobs = jobs + 1`,
  takeOff: `UPDATE file_count SET pending = pending - (old.status = 'pending'),
    held = held - (old.status = 'pending' AND old.held = 1), claimed = claimed - (old.status = 'claimed'),
    failed = failed - (old.status = 'failed'), jobs = jobs - 1 WHERE ${files('old')}`,
  forget: `DELETE FROM file_count WHERE ${files('old')} AND jobs = 0`,
};

/** What one file adds to each counter of its batch. */
const WORTH: Readonly<Record<string, (file: Row) => string>> = {
  files: () => '1',
  open_files: (file) => `(${file}.pending + ${file}.claimed > 0)`,
  pending_files: (file) => `(${file}.pending > 0)`,
  held_files: (file) => `(${file}.held > 0)`,
  failed_files: (file) => `(${file}.failed > 0 AND ${file}.pending + ${file}.claimed = 0)`,
  jobs: (file) => `${file}.jobs`,
};
const COUNTERS = Object.keys(WORTH);
const worth = (name: string, file: Row): string => WORTH[name]?.(file) ?? '0';

const FILE_TO_BATCH = {
  add: `INSERT INTO batch_count (batch, added_at, ${COUNTERS.join(', ')})
    VALUES (new.batch, new.added_at, ${COUNTERS.map((name) => worth(name, 'new')).join(', ')})
    ON CONFLICT (batch) DO UPDATE SET added_at = min(added_at, excluded.added_at),
      ${COUNTERS.map((name) => `${name} = ${name} + excluded.${name}`).join(', ')}`,
  change: `UPDATE batch_count SET
    ${COUNTERS.map((name) => `${name} = ${name} + ${worth(name, 'new')} - ${worth(name, 'old')}`).join(', ')}
    WHERE batch = new.batch`,
  takeOff: `UPDATE batch_count SET
    ${COUNTERS.map((name) => `${name} = ${name} - ${worth(name, 'old')}`).join(', ')} WHERE batch = old.batch`,
  forget: `DELETE FROM batch_count WHERE batch = old.batch AND files = 0`,
};

const pendingOf = (job: Row): string =>
  `batch = coalesce(${job}.batch, '${NO_BATCH}') AND job_type = ${job}.job_type AND held = ${job}.held`;

const PENDING = {
  add: `INSERT INTO pending_count (batch, job_type, held, jobs)
    SELECT coalesce(new.batch, '${NO_BATCH}'), new.job_type, new.held, 1 WHERE new.status = 'pending'
    ON CONFLICT (batch, job_type, held) DO UPDATE SET jobs = jobs + 1`,
  takeOff: `UPDATE pending_count SET jobs = jobs - 1 WHERE old.status = 'pending' AND ${pendingOf('old')}`,
  forget: `DELETE FROM pending_count WHERE ${pendingOf('old')} AND jobs = 0`,
};

/**
 * Counters for the overview of the queue, in files and in jobs, kept with every change of a job in its own transaction:
 * to count a million waiting jobs takes a second each time, in which no heartbeat is answered.
 */
export async function keepFileCounts(tx: Tx): Promise<void> {
  const trigger = async (name: string, on: string, ...steps: readonly string[]): Promise<void> => {
    await sql.raw(`CREATE TRIGGER ${name} AFTER ${on} BEGIN ${steps.join('; ')}; END`).execute(tx);
  };
  await trigger('file_counted_in', 'INSERT ON file_count', FILE_TO_BATCH.add);
  await trigger('file_counted_on', 'UPDATE ON file_count', FILE_TO_BATCH.change);
  await trigger('file_counted_out', 'DELETE ON file_count', FILE_TO_BATCH.takeOff, FILE_TO_BATCH.forget);
  const { add, takeOff, forget } = JOB_TO_FILE;
  await trigger('job_filed_in', 'INSERT ON job', add, PENDING.add);
  await trigger('job_filed_out', 'DELETE ON job', takeOff, forget, PENDING.takeOff, PENDING.forget);
  const changed = 'UPDATE OF status, held ON job WHEN old.status <> new.status OR old.held <> new.held';
  await trigger('job_filed_on', changed, takeOff, add, PENDING.takeOff, PENDING.forget, PENDING.add);
  await countWhatIsThere(tx);
}

/** Of a database that had jobs before it had these counters. */
async function countWhatIsThere(tx: Tx): Promise<void> {
  await sql
    .raw(
      `INSERT INTO file_count (batch, asset_uuid, pending, held, claimed, failed, jobs, added_at)
       SELECT batches.batch, asset_uuid, sum(status = 'pending'), sum(status = 'pending' AND held = 1),
         sum(status = 'claimed'), sum(status = 'failed'), count(*), min(created_at)
       FROM (SELECT job.*, coalesce(job.batch, '${NO_BATCH}') AS of_batch FROM job WHERE asset_uuid IS NOT NULL) AS filed
       JOIN (SELECT DISTINCT coalesce(batch, '${NO_BATCH}') AS batch FROM job UNION SELECT '${ALL_BATCHES}') AS batches
         ON batches.batch IN (filed.of_batch, '${ALL_BATCHES}')
       GROUP BY batches.batch, asset_uuid`,
    )
    .execute(tx);
  await sql
    .raw(
      `INSERT INTO pending_count (batch, job_type, held, jobs)
       SELECT coalesce(batch, '${NO_BATCH}'), job_type, held, count(*) FROM job WHERE status = 'pending' GROUP BY 1, 2, 3`,
    )
    .execute(tx);
}
