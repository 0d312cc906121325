/** Causes of failures, and what operators want of agents. What failed before has its code alone for a cause. */
export const CAUSES_AND_ORDERS = `
ALTER TABLE job ADD cause name_text, ADD failed_by name_text;
UPDATE job SET cause = failure_json::json ->> 'error_code'
  WHERE status = 'failed' AND failure_json::json ->> 'error_code' <> 'CANCELLED';
CREATE INDEX job_failed ON job (cause, updated_at, sequence, failed_by) WHERE status = 'failed' AND cause IS NOT NULL;
ALTER TABLE agent ADD paused_at bigint, ADD paused_by text, ADD pause_note text, ADD paused_until bigint,
  ADD revoked_at bigint, ADD status_json text;
`;
