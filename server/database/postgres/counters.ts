import { ALL_BATCHES, NO_BATCH } from '../schema.ts';

const BATCH = `coalesce(job.batch, '${NO_BATCH}')`;

/** What the jobs of a statement are to each of their files, within its batch and within all. */
const CHANGED_BY_FILE = `SELECT counted.batch, job.asset_uuid, count(*) FILTER (WHERE status = 'pending') AS pending,
      count(*) FILTER (WHERE status = 'pending' AND held = 1) AS held,
      count(*) FILTER (WHERE status = 'claimed') AS claimed, count(*) FILTER (WHERE status = 'failed') AS failed,
      count(*) AS jobs, min(created_at) AS added_at
    FROM changed AS job CROSS JOIN LATERAL (VALUES (${BATCH}), ('${ALL_BATCHES}')) AS counted (batch)
    WHERE asset_uuid IS NOT NULL GROUP BY 1, 2`;

/**
 * Counters of the queue, kept with every change of a job in its own transaction, as on SQLite (sqlite/file-counts.ts).
 * There a counter is a row that each change counts up or down. Here that row would make all who write wait for each
 * other: each change adds a line of what it changes by, a counter is the sum of its lines (the views have the names and
 * columns of the tables), and one server now and then makes one line of many (`fold_counters`). Only the jobs of one
 * file are still counted in one row, because whether a file is open depends on all of them.
 */
export const COUNTERS = `
CREATE TABLE job_tally (status name_text NOT NULL, needs name_text NOT NULL, jobs bigint NOT NULL)
  WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000);
CREATE VIEW job_count AS SELECT status, needs, sum(jobs)::bigint AS jobs FROM job_tally GROUP BY status, needs;

CREATE TABLE pending_tally (batch name_text NOT NULL, job_type name_text NOT NULL, held bigint NOT NULL, jobs bigint NOT NULL)
  WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000);
CREATE VIEW pending_count AS SELECT batch, job_type, held, sum(jobs)::bigint AS jobs FROM pending_tally
  GROUP BY batch, job_type, held HAVING sum(jobs) <> 0;

CREATE TABLE file_count (
  batch name_text NOT NULL, asset_uuid name_text NOT NULL, pending bigint NOT NULL, held bigint NOT NULL,
  claimed bigint NOT NULL, failed bigint NOT NULL, jobs bigint NOT NULL, added_at bigint NOT NULL,
  PRIMARY KEY (batch, asset_uuid)
) WITH (fillfactor = 70);

CREATE TABLE batch_tally (
  batch name_text NOT NULL, added_at bigint NOT NULL, files bigint NOT NULL, open_files bigint NOT NULL,
  pending_files bigint NOT NULL, held_files bigint NOT NULL, failed_files bigint NOT NULL, jobs bigint NOT NULL
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000);
CREATE INDEX batch_tally_of ON batch_tally (batch);
CREATE VIEW batch_count AS
  SELECT batch, min(added_at) AS added_at, sum(files)::bigint AS files, sum(open_files)::bigint AS open_files,
    sum(pending_files)::bigint AS pending_files, sum(held_files)::bigint AS held_files,
    sum(failed_files)::bigint AS failed_files, sum(jobs)::bigint AS jobs
  FROM batch_tally GROUP BY batch HAVING sum(files) <> 0;

CREATE FUNCTION count_added_jobs() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO job_tally SELECT status, needs, count(*) FROM changed GROUP BY 1, 2;
  INSERT INTO pending_tally SELECT ${BATCH}, job_type, held, count(*) FROM changed AS job
    WHERE status = 'pending' GROUP BY 1, 2, 3;
  INSERT INTO file_count AS kept
    ${CHANGED_BY_FILE} ORDER BY 1, 2
    ON CONFLICT (batch, asset_uuid) DO UPDATE SET pending = kept.pending + excluded.pending,
      held = kept.held + excluded.held, claimed = kept.claimed + excluded.claimed,
      failed = kept.failed + excluded.failed, jobs = kept.jobs + excluded.jobs;
  RETURN NULL;
END $$;
CREATE TRIGGER job_counted_in AFTER INSERT ON job REFERENCING NEW TABLE AS changed
  FOR EACH STATEMENT EXECUTE FUNCTION count_added_jobs();

CREATE FUNCTION count_removed_jobs() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO job_tally SELECT status, needs, -count(*) FROM changed GROUP BY 1, 2;
  INSERT INTO pending_tally SELECT ${BATCH}, job_type, held, -count(*) FROM changed AS job
    WHERE status = 'pending' GROUP BY 1, 2, 3;
  UPDATE file_count AS kept SET pending = kept.pending - gone.pending, held = kept.held - gone.held,
      claimed = kept.claimed - gone.claimed, failed = kept.failed - gone.failed, jobs = kept.jobs - gone.jobs
    FROM (${CHANGED_BY_FILE}) AS gone
    WHERE kept.batch = gone.batch AND kept.asset_uuid = gone.asset_uuid;
  DELETE FROM file_count WHERE jobs = 0 AND asset_uuid IN (SELECT asset_uuid FROM changed);
  RETURN NULL;
END $$;
CREATE TRIGGER job_counted_out AFTER DELETE ON job REFERENCING OLD TABLE AS changed
  FOR EACH STATEMENT EXECUTE FUNCTION count_removed_jobs();

CREATE FUNCTION count_changed_job() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO job_tally VALUES (old.status, old.needs, -1), (new.status, new.needs, 1);
  IF old.status = 'pending' THEN
    INSERT INTO pending_tally VALUES (coalesce(old.batch, '${NO_BATCH}'), old.job_type, old.held, -1);
  END IF;
  IF new.status = 'pending' THEN
    INSERT INTO pending_tally VALUES (coalesce(new.batch, '${NO_BATCH}'), new.job_type, new.held, 1);
  END IF;
  UPDATE file_count SET
      pending = pending + (new.status = 'pending')::int - (old.status = 'pending')::int,
      held = held + (new.status = 'pending' AND new.held = 1)::int - (old.status = 'pending' AND old.held = 1)::int,
      claimed = claimed + (new.status = 'claimed')::int - (old.status = 'claimed')::int,
      failed = failed + (new.status = 'failed')::int - (old.status = 'failed')::int
    WHERE asset_uuid = new.asset_uuid AND batch IN (coalesce(new.batch, '${NO_BATCH}'), '${ALL_BATCHES}');
  RETURN NULL;
END $$;
CREATE TRIGGER job_counted_on AFTER UPDATE OF status, held, needs ON job FOR EACH ROW
  WHEN (old.status <> new.status OR old.held <> new.held OR old.needs <> new.needs)
  EXECUTE FUNCTION count_changed_job();

CREATE FUNCTION count_file() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  line batch_tally;
BEGIN
  IF tg_op = 'DELETE' THEN line := (old.batch, old.added_at, -1, 0, 0, 0, 0, 0);
  ELSE line := (new.batch, new.added_at, (tg_op = 'INSERT')::int, 0, 0, 0, 0, 0);
  END IF;
  IF tg_op <> 'INSERT' THEN
    line.open_files := - (old.pending + old.claimed > 0)::int;
    line.pending_files := - (old.pending > 0)::int;
    line.held_files := - (old.held > 0)::int;
    line.failed_files := - (old.failed > 0 AND old.pending + old.claimed = 0)::int;
    line.jobs := - old.jobs;
  END IF;
  IF tg_op <> 'DELETE' THEN
    line.open_files := line.open_files + (new.pending + new.claimed > 0)::int;
    line.pending_files := line.pending_files + (new.pending > 0)::int;
    line.held_files := line.held_files + (new.held > 0)::int;
    line.failed_files := line.failed_files + (new.failed > 0 AND new.pending + new.claimed = 0)::int;
    line.jobs := line.jobs + new.jobs;
  END IF;
  IF (line.files, line.open_files, line.pending_files, line.held_files, line.failed_files, line.jobs)
    <> (0::bigint, 0::bigint, 0::bigint, 0::bigint, 0::bigint, 0::bigint)
  THEN INSERT INTO batch_tally SELECT line.*;
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER file_counted AFTER INSERT OR UPDATE OR DELETE ON file_count FOR EACH ROW EXECUTE FUNCTION count_file();

-- What others add meanwhile is not among what is taken away, and stays.
CREATE FUNCTION fold_counters() RETURNS void LANGUAGE sql AS $$
  WITH gone AS (DELETE FROM job_tally RETURNING *)
    INSERT INTO job_tally SELECT status, needs, sum(jobs) FROM gone GROUP BY 1, 2 HAVING sum(jobs) <> 0;
  WITH gone AS (DELETE FROM pending_tally RETURNING *)
    INSERT INTO pending_tally SELECT batch, job_type, held, sum(jobs) FROM gone GROUP BY 1, 2, 3 HAVING sum(jobs) <> 0;
  WITH gone AS (DELETE FROM batch_tally RETURNING *)
    INSERT INTO batch_tally SELECT batch, min(added_at), sum(files), sum(open_files), sum(pending_files),
      sum(held_files), sum(failed_files), sum(jobs) FROM gone GROUP BY 1 HAVING sum(files) <> 0;
$$;
`;
