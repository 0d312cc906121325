import type { Caller } from '../agents/caller.ts';
import { agentOfBearer } from '../agents/enroll.ts';
import type { Context } from '../context.ts';
import { sameHash, sha256 } from '../hash.ts';
import { forbidden, unauthorized } from '../problem.ts';

/** `none`: the call needs no bearer. `any`: readable by both. */
export type Scope = 'agent' | 'operator' | 'any' | 'none';

/** sha256 of the two shared bearers; the bearers themselves are not kept in memory by this part. */
export interface SharedTokens {
  /** Null: every agent needs a token of its own. */
  readonly agentHash: string | null;
  readonly operatorHash: string;
}

/**
 * Decides who a bearer belongs to and whether it may make this call.
 * @throws Problem 401 without or with an unknown bearer, 403 with one of the wrong scope
 */
export async function authenticate(
  context: Context,
  shared: SharedTokens,
  authorization: string | undefined,
  scope: Exclude<Scope, 'none'>,
): Promise<Caller> {
  const bearer = /^Bearer +([^\s]+) *$/i.exec(authorization ?? '')?.[1];
  if (bearer === undefined) throw unauthorized('This call needs the header “Authorization: Bearer <token>”.');
  const caller = await callerOf(context, shared, sha256(bearer));
  if (caller === null) throw unauthorized('The token is not known here; ask for a new one or enrol the agent again.');
  if (scope !== 'any' && caller.scope !== scope) {
    throw forbidden(`This call needs the ${scope} token; the token sent is of the ${caller.scope} scope.`);
  }
  return caller;
}

async function callerOf(context: Context, shared: SharedTokens, hash: string): Promise<Caller | null> {
  // Both comparisons always run, each in constant time.
  const isOperator = sameHash(hash, shared.operatorHash);
  const isAgent = shared.agentHash !== null && sameHash(hash, shared.agentHash);
  if (isOperator) return { scope: 'operator' };
  if (isAgent) return { scope: 'agent', boundAgentId: null };
  const agentId = await agentOfBearer(context, hash);
  return agentId === null ? null : { scope: 'agent', boundAgentId: agentId };
}
