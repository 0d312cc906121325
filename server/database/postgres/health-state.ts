/** States of health, and when each was told. */
export const HEALTH_STATE = `
CREATE TABLE health_state (
  state_id name_text PRIMARY KEY, code name_text NOT NULL, subject name_text NOT NULL, detail_json text NOT NULL,
  began_at bigint NOT NULL, shown_at bigint, hidden bigint NOT NULL, over_at bigint
);
CREATE UNIQUE INDEX health_state_now ON health_state (code, subject) WHERE over_at IS NULL;
CREATE INDEX health_state_over ON health_state (over_at) WHERE over_at IS NOT NULL;
`;
