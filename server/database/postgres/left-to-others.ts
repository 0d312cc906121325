/** Jobs that the agent of which they failed leaves to others. */
export const LEFT_TO_OTHERS = `
CREATE TABLE left_to_others (sequence bigint PRIMARY KEY, agent_id name_text NOT NULL, until bigint NOT NULL);
CREATE INDEX left_by_agent ON left_to_others (agent_id, until);
CREATE INDEX left_until ON left_to_others (until);
`;
