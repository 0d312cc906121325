import type { FastifyReply, FastifyRequest } from 'fastify';
import type { z } from 'zod';
import type { Caller } from '../agents/caller.ts';
import type { OperatorRole } from '../../shared/operator-roles.ts';
import type { Scope, SharedTokens } from '../auth/authenticate.ts';
import type { Context } from '../context.ts';
import type { AgentRow } from '../database/schema.ts';
import type { RequestIdentity } from '../idempotency/idempotency.ts';

/** What a handler gets: everything checked, nothing raw unless it streams. */
interface Call<Body, Query> {
  readonly context: Context;
  /** By what callers are let in. */
  readonly shared: SharedTokens;
  readonly params: Readonly<Record<string, string>>;
  readonly body: Body;
  readonly query: Query;
  readonly caller: Caller;
  /** The operator’s name, for the ledger; empty where an agent calls. */
  readonly by: string;
  /** The registered agent, where `agent` of the route asks for one. */
  readonly agent: AgentRow;
  readonly identity: RequestIdentity;
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
}

export type Status =
  200 | 206 | 304 | 307 | 400 | 401 | 403 | 404 | 409 | 410 | 413 | 415 | 416 | 422 | 423 | 429 | 503;

/**
 * One call of the protocol as data: the server is built from these, and so is the OpenAPI document.
 * Statuses that every call may answer (401, 403, 503 …) are added by scope; `statuses` lists what is its own.
 */
export interface Route<Body extends z.ZodType = z.ZodType, Query extends z.ZodType = z.ZodType> {
  readonly method: 'GET' | 'POST';
  /** Below the API's base, parameters as `:name`. */
  readonly path: string;
  readonly operationId: string;
  readonly summary: string;
  readonly scope: Scope;
  /** The least an operator must be to make the call; absent: an admin. */
  readonly role?: OperatorRole;
  /** What happens to an agent that is not registered: a 404 on the list of jobs, a 403 elsewhere. */
  readonly agent: 'none' | 'or403' | 'or404';
  readonly body?: Body;
  readonly query?: Query;
  /** The `200` answer; absent where it is not JSON. */
  readonly answer?: z.ZodType;
  readonly statuses: readonly Status[];
  /** The body carries a lock_token: without one the answer is 423 LOCK_REQUIRED. */
  readonly locked?: true;
  /** `Idempotency-Key` is honoured. */
  readonly idempotent?: true;
  /** A lease or a result of a running job: never limited by how many calls the agent makes. */
  readonly vital?: true;
  /** It takes room on the disk that no running job needs: refused while the disk is full. */
  readonly grows?: true;
  /** Largest JSON body in bytes, default 1 MiB. */
  readonly bodyLimit?: number;
  /** Not JSON: a multipart request, or a file as the answer. */
  readonly content?: 'multipart' | 'file';
  handle(call: Call<z.output<Body>, z.output<Query>>): Promise<unknown>;
}

/** Infers a route's body and query for its handler, then forgets them so that routes fit into one table. */
export function route<Body extends z.ZodType = z.ZodUndefined, Query extends z.ZodType = z.ZodObject<{}>>(
  definition: Route<Body, Query>,
): Route {
  return definition;
}

/** Calls of people and tools, by the least they must be. */
export const viewer = { scope: 'operator', role: 'viewer', agent: 'none' } as const;
export const operator = { scope: 'operator', role: 'operator', agent: 'none' } as const;
export const admin = { scope: 'operator', role: 'admin', agent: 'none' } as const;
