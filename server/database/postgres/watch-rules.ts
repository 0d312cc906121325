/** Watched folders, and what is known of the files below them. A folder's steps are joined by U+0001 (rules/folder-key.ts). */
export const WATCH_RULES = `
CREATE TABLE watch_rule (
  rule_id name_text PRIMARY KEY, name text NOT NULL, root name_text NOT NULL, folder name_text NOT NULL, pattern text,
  kinds_json text NOT NULL, job_types_json text NOT NULL, inputs_json text NOT NULL, priority bigint NOT NULL,
  settle_ms bigint NOT NULL, enabled bigint NOT NULL, created_at bigint NOT NULL, created_by text NOT NULL,
  scan_place name_text, scan_began_at bigint, scanned_at bigint, scan_ms bigint, problem text,
  taken bigint NOT NULL, jobs bigint NOT NULL, passed_over bigint NOT NULL, held_by name_text, held_until bigint
);
CREATE TABLE watched_file (
  rule_id name_text NOT NULL REFERENCES watch_rule, folder name_text NOT NULL, name name_text NOT NULL,
  size_bytes bigint NOT NULL, modified_ms bigint NOT NULL, state name_text NOT NULL, due_at bigint NOT NULL,
  same_since bigint NOT NULL, quick_hash name_text, asset_uuid name_text REFERENCES asset, gone_at bigint,
  card name_text, part_json text,
  PRIMARY KEY (rule_id, folder, name)
);
CREATE INDEX watched_file_due ON watched_file (rule_id, due_at) WHERE state = 'growing';
CREATE INDEX watched_file_of_card ON watched_file (rule_id, card) WHERE card IS NOT NULL;
CREATE INDEX watched_file_of_asset ON watched_file (asset_uuid) WHERE part_json IS NOT NULL;
CREATE INDEX watched_file_like ON watched_file (rule_id, quick_hash) WHERE quick_hash IS NOT NULL;
`;
