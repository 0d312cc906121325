import type { OperatorRole } from '../../shared/operator-roles.ts';

/** Who is calling. `name`: stands in the ledger. `boundAgentId` is set when the bearer belongs to one agent only (enrolment, rotation). */
export type Caller =
  | { readonly scope: 'operator'; readonly name: string; readonly role: OperatorRole }
  | { readonly scope: 'agent'; readonly boundAgentId: string | null };
