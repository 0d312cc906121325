import rateLimit from '@fastify/rate-limit';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Caller } from '../agents/caller.ts';
import { rateLimited } from '../problem.ts';

const WINDOW_SECONDS = 10;
/** What is kept of an agent is some numbers; ids that somebody makes up push only each other out. */
const MOST_AGENTS = 10_000;

/** Counts the call of an agent. @throws Problem 429 where it had too many in this window */
export type CallLimit = (request: FastifyRequest, caller: Caller) => Promise<void>;

const NO_LIMIT: CallLimit = async () => {};

/**
 * A limit of calls for each agent by itself, whoever shares its address or its token; of this process. People and tools
 * have none. `perMinute` undefined: nobody has.
 */
export async function callLimit(app: FastifyInstance, perMinute: number | undefined): Promise<CallLimit> {
  if (perMinute === undefined) return NO_LIMIT;
  await app.register(rateLimit, { global: false, cache: MOST_AGENTS });
  const keys = new WeakMap<FastifyRequest, string>();
  const count = app.createRateLimit({
    max: Math.max(1, Math.ceil((perMinute * WINDOW_SECONDS) / 60)),
    timeWindow: WINDOW_SECONDS * 1_000,
    keyGenerator: (request) => keys.get(request) ?? '',
  });
  return async (request, caller) => {
    if (caller.scope !== 'agent') return;
    keys.set(request, caller.boundAgentId ?? String(request.headers['x-agent-id'] ?? ''));
    const counted = await count(request);
    if (counted.isAllowed || !counted.isExceeded) return;
    throw rateLimited(
      `This agent makes more than ${perMinute} calls a minute; the same call is taken later.`,
      counted.ttlInSeconds,
    );
  };
}
