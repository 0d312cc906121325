import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { API_BASE } from '../../shared/wire.ts';
import { callingAgent, knownOr403, knownOr404 } from '../agents/known-agents.ts';
import type { Caller } from '../agents/caller.ts';
import { authenticate, type Needed, type SharedTokens } from '../auth/authenticate.ts';
import type { Context } from '../context.ts';
import type { AgentRow } from '../database/schema.ts';
import { idempotencyKey, requestHash, type RequestIdentity } from '../idempotency/idempotency.ts';
import { diskFull, lockRequired, parseOrRefuse } from '../problem.ts';
import type { CallLimit } from './rate-limit.ts';
import type { Route } from './route.ts';

/** No call before its authentication; a request that fails it is not even read. */
const callers = new WeakMap<FastifyRequest, Caller>();
const DEFAULT_BODY_BYTES = 1024 * 1024;
/** Stands for "nobody" where a route needs no agent, so that handlers need no null checks they cannot act on. */
const NO_CALLER: Caller = { scope: 'agent', boundAgentId: null };

/** Puts one route of the table behind HTTP: who calls, what is asked, then the handler. */
export function serve(
  app: FastifyInstance,
  context: Context,
  { shared, limit }: { readonly shared: SharedTokens; readonly limit: CallLimit },
  route: Route,
): void {
  app.route({
    method: route.content === 'file' ? ['GET', 'HEAD'] : route.method,
    url: `${API_BASE}${route.path}`,
    bodyLimit: route.bodyLimit ?? DEFAULT_BODY_BYTES,
    onRequest: async (request) => {
      if (route.scope !== 'none') {
        const caller = await authenticate(context, shared, request, neededFor(route));
        callers.set(request, caller);
        if (route.vital !== true) await limit(request, caller);
      }
      if (route.grows === true && context.reserve.low()) throw diskFull();
    },
    handler: (request, reply) => answer(context, shared, route, request, reply),
  });
}

/** The one place where it is decided who may make a call. */
function neededFor({ scope, role = 'admin' }: Route): Needed {
  return { scope: scope === 'none' ? 'any' : scope, role };
}

async function answer(
  context: Context,
  shared: SharedTokens,
  route: Route,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<unknown> {
  const caller = callers.get(request) ?? NO_CALLER;
  const agent = await agentFor(context, route, caller, request);
  if (route.locked === true && lacksLockToken(request.body)) throw lockRequired();
  const body: unknown = route.body === undefined ? undefined : parseOrRefuse(route.body, request.body ?? {});
  const query: unknown = route.query === undefined ? {} : parseOrRefuse(route.query, request.query);
  const identity = identityOf(route, request, agent);
  // Fastify's router gives a string for each name in the route's path.
  const params = request.params as Readonly<Record<string, string>>;
  const by = caller.scope === 'operator' ? caller.name : '';
  const call = { context, shared, params, body, query, caller, by, agent, identity, request, reply };
  const result = await route.handle(call);
  return result ?? {};
}

async function agentFor(context: Context, route: Route, caller: Caller, request: FastifyRequest): Promise<AgentRow> {
  const header = request.headers['x-agent-id'];
  const agent =
    caller.scope === 'agent' && route.scope !== 'none'
      ? await callingAgent(context, caller, Array.isArray(header) ? header[0] : header)
      : null;
  switch (route.agent) {
    case 'or404':
      return knownOr404(agent);
    case 'or403':
      return knownOr403(agent);
    case 'none':
      return agent ?? NOBODY;
  }
}

const NOBODY: AgentRow = {
  agent_id: '',
  installation_id: '',
  agent_name: '',
  agent_version: '',
  platform: null,
  max_parallel_jobs: null,
  registered_at: 0,
  last_seen_at: 0,
  token_hash: null,
  pending_token_hash: null,
  paused_at: null,
  paused_by: null,
  pause_note: null,
  paused_until: null,
  revoked_at: null,
  policy_json: null,
  policy_by: null,
  policy_at: null,
  status_json: null,
};

function identityOf(route: Route, request: FastifyRequest, agent: AgentRow): RequestIdentity {
  const key = route.idempotent === true ? idempotencyKey(request.headers['idempotency-key']) : null;
  const path = request.url.split('?')[0] ?? request.url;
  // A claim has no body; whatever a client sends there is not part of what it asks.
  const body = route.body === undefined ? undefined : request.body;
  return { agentId: agent.agent_id, key, requestHash: requestHash(route.method, path, body) };
}

function lacksLockToken(body: unknown): boolean {
  if (typeof body !== 'object' || body === null || !('lock_token' in body)) return true;
  const token = body.lock_token;
  return token === undefined || token === null || token === '';
}
