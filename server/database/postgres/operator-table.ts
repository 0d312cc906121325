/** Operators by name, and who of them asked for what the ledger tells. */
export const OPERATORS = `
CREATE TABLE operator (
  name name_text PRIMARY KEY, role name_text NOT NULL, token_hash name_text NOT NULL UNIQUE, expires_at bigint,
  previous_hash name_text UNIQUE, previous_until bigint, created_at bigint NOT NULL, rotated_at bigint NOT NULL
);
ALTER TABLE ledger ADD operator text;
`;
