import { OPERATOR_ROLES, type OperatorRole } from '../../shared/operator-roles.ts';
import type { Caller } from '../agents/caller.ts';
import { agentOfBearer } from '../agents/enroll.ts';
import type { Context } from '../context.ts';
import { sameHash, sha256 } from '../hash.ts';
import { isOfOperator, operatorOfToken, SHARED_OPERATOR } from '../operators/operators.ts';
import { forbidden, unauthorized } from '../problem.ts';
import { callerOfSession, isSession, type Asking, type PageAccess } from './page-sessions.ts';

/** `none`: the call needs no bearer. `any`: readable by both. */
export type Scope = 'agent' | 'operator' | 'any' | 'none';

/** By what people and agents are let in beside tokens of their own. Of the shared bearers only the sha256 is known here. */
export interface SharedTokens {
  /** Null: every agent needs a token of its own. */
  readonly agentHash: string | null;
  /** An admin’s. Null: every operator needs a token of their own. */
  readonly operatorHash: string | null;
  /** Null: this server shows no page. */
  readonly page: PageAccess | null;
}

/** Whose call it is, and what an operator has to be at least to make it. */
export interface Needed {
  readonly scope: Exclude<Scope, 'none'>;
  readonly role: OperatorRole;
}

/** The token in an `Authorization` header; undefined where there is none. */
export function bearerOf(authorization: string | undefined): string | undefined {
  return /^Bearer +([^\s]+) *$/i.exec(authorization ?? '')?.[1];
}

/**
 * Decides who a bearer, or the session of a page, belongs to and whether it may make this call.
 * @throws Problem 401 without a bearer, with an unknown one or one that has expired, 403 with one of the wrong scope or
 * of too small a role
 */
export async function authenticate(
  context: Context,
  shared: SharedTokens,
  asking: Asking,
  { scope, role }: Needed,
): Promise<Caller> {
  const bearer = bearerOf(asking.headers.authorization);
  if (bearer === undefined) throw unauthorized('This call needs the header “Authorization: Bearer <token>”.');
  const caller = await callerOf(context, shared, asking, bearer);
  if (caller === null) throw unauthorized('The token is not known here; ask for a new one or enrol the agent again.');
  if (scope !== 'any' && caller.scope !== scope) {
    throw forbidden(`This call needs the ${scope} token; the token sent is of the ${caller.scope} scope.`);
  }
  if (caller.scope === 'operator' && !isAtLeast(caller.role, role)) {
    throw forbidden(`This call needs the role ${role}; ${caller.name} is ${caller.role}.`);
  }
  return caller;
}

const isAtLeast = (role: OperatorRole, needed: OperatorRole): boolean =>
  OPERATOR_ROLES.indexOf(role) >= OPERATOR_ROLES.indexOf(needed);

async function callerOf(
  context: Context,
  shared: SharedTokens,
  asking: Asking,
  bearer: string,
): Promise<Caller | null> {
  if (isSession(bearer)) return callerOfSession(context, shared, asking, bearer);
  const hash = sha256(bearer);
  // Both comparisons always run, each in constant time.
  const isOperator = shared.operatorHash !== null && sameHash(hash, shared.operatorHash);
  const isAgent = shared.agentHash !== null && sameHash(hash, shared.agentHash);
  if (isOperator) return { scope: 'operator', name: SHARED_OPERATOR, role: 'admin' };
  if (isAgent) return { scope: 'agent', boundAgentId: null };
  if (isOfOperator(bearer)) return operatorOfToken(context, hash);
  const agentId = await agentOfBearer(context, hash);
  return agentId === null ? null : { scope: 'agent', boundAgentId: agentId };
}
