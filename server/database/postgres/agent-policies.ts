/** What operators say for one agent. */
export const AGENT_POLICIES = `
ALTER TABLE agent ADD policy_json text, ADD policy_by text, ADD policy_at bigint;
`;
