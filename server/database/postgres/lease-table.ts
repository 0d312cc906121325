/**
 * Leases apart from jobs. A heartbeat changes one narrow row, in place: nothing that it changes is in an index, and every
 * page has room for next versions beside the rows, which the next who come by clear away. So whoever looks for lapsed
 * leases passes over all of them; a thousand agents have a few thousand. Of a table that is as small as this and as busy,
 * what is left of ended leases is cleared away soon, whatever share of it that is.
 *
 * A job, which now changes only when it changes its state, always changes an index with it: room for its next version
 * beside it would buy nothing.
 */
export const LEASES = `
CREATE TABLE lease (
  job_id name_text PRIMARY KEY REFERENCES job (job_id), agent_id name_text NOT NULL, lock_token text NOT NULL,
  locked_until bigint NOT NULL, in_grace bigint NOT NULL, cancel_requested bigint NOT NULL, progress double precision,
  stage text, heard_at bigint NOT NULL
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 200,
  autovacuum_vacuum_cost_delay = 0);
CREATE INDEX lease_of_agent ON lease (agent_id);
INSERT INTO lease SELECT job_id, claimed_by, lock_token, locked_until, in_grace, cancel_requested, progress, stage, updated_at
  FROM job WHERE status = 'claimed';

DROP INDEX job_held;
ALTER TABLE job DROP lock_token, DROP locked_until, DROP in_grace, DROP cancel_requested, DROP progress, DROP stage,
  SET (fillfactor = 90);
CREATE INDEX job_ended ON job (updated_at) WHERE status IN ('completed', 'failed');
`;
