/** What operators of a server may do; each may do what those before it may. */
export const OPERATOR_ROLES = ['viewer', 'operator', 'admin'] as const;
export type OperatorRole = (typeof OPERATOR_ROLES)[number];

/** Somebody who has a token of their own at a server. Instants in ISO 8601. */
export interface OperatorEntry {
  readonly name: string;
  readonly role: OperatorRole;
  readonly created_at: string;
  readonly rotated_at: string;
  /** Absent: the token does not expire. */
  readonly expires_at?: string | undefined;
}

/** The token is told once; only its hash is kept. */
export interface OperatorToken extends OperatorEntry {
  readonly token: string;
}
