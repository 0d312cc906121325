import { z } from 'zod';
import type { AgentEntry } from '../../shared/wire.ts';
import type { Caller } from './caller.ts';
import { iso, type Context } from '../context.ts';
import { decodeCursor, encodeCursor } from '../cursor.ts';
import type { AgentRow, Queries } from '../database/schema.ts';
import { forbidden, notFound } from '../problem.ts';
import { withReserve } from '../reserve.ts';

/**
 * `last_seen_at` is written only so often in the time after which an agent counts as gone: every call of every agent
 * would otherwise cost a disk flush. At most 20 s of the usual 120 s.
 */
const SEEN_GRAINS = 6;

/**
 * The registered agent behind a request, by its own bearer or by `X-Agent-Id`; null when there is none.
 * Notes that it was heard of. @throws Problem 403 when the bearer belongs to another agent
 */
export async function callingAgent(
  context: Context,
  caller: Caller,
  header: string | undefined,
): Promise<AgentRow | null> {
  const bound = caller.scope === 'agent' ? caller.boundAgentId : null;
  if (bound !== null && header !== undefined && header !== bound) {
    throw forbidden('This token belongs to another agent than X-Agent-Id names.');
  }
  const agentId = header ?? bound;
  if (agentId === null) return null;
  const row = await findAgent(context.database, agentId);
  if (row === undefined) return null;
  refuseRevoked(row);
  refuseSharedToken(caller, row);
  const now = context.clock();
  // Either way: a clock that was set back must not leave it at a time that lies ahead.
  if (Math.abs(now - row.last_seen_at) >= context.settings.agentSeenMs / SEEN_GRAINS) {
    const seen = context.database.updateTable('agent').set({ last_seen_at: now }).where('agent_id', '=', row.agent_id);
    await withReserve(context, () => seen.execute());
  }
  return row;
}

/**
 * The shared token speaks for agents that have none of their own, and for nobody else: whoever holds it must not poll,
 * send heartbeats, rename or sign off for an agent that enrolled. @throws Problem 403
 */
export function refuseSharedToken(caller: Caller, agent: AgentRow): void {
  if (caller.scope !== 'agent' || caller.boundAgentId !== null || agent.token_hash === null) return;
  throw forbidden('This agent has a token of its own; the shared one does not speak for it.');
}

/** @throws Problem 403 */
export function refuseRevoked({ revoked_at }: AgentRow): void {
  if (revoked_at !== null) throw forbidden('An operator lets this agent in no more; enrol it anew to go on.');
}

/** GET /jobs answers 404 to an agent that is not known (any more), which then registers again. */
export function knownOr404(agent: AgentRow | null): AgentRow {
  if (agent !== null) return agent;
  throw notFound('No agent with this X-Agent-Id is registered here; register first.');
}

export function knownOr403(agent: AgentRow | null): AgentRow {
  if (agent !== null) return agent;
  throw forbidden('This call needs the X-Agent-Id of a registered agent; register first.');
}

export async function findAgent(database: Queries, agentId: string): Promise<AgentRow | undefined> {
  return database.selectFrom('agent').selectAll().where('agent_id', '=', agentId).executeTakeFirst();
}

export async function capabilitiesOf(database: Queries, agentId: string): Promise<readonly string[]> {
  const rows = await database
    .selectFrom('agent_capability')
    .select('capability')
    .where('agent_id', '=', agentId)
    .orderBy('capability')
    .execute();
  return rows.map((row) => row.capability);
}

/** What agents declare that were heard of lately; of a revoked one nothing is left. */
export function declaredHere({ clock, settings }: Pick<Context, 'clock' | 'settings'>, queries: Queries) {
  return queries
    .selectFrom('agent_capability')
    .innerJoin('agent', 'agent.agent_id', 'agent_capability.agent_id')
    .where('agent.last_seen_at', '>', clock() - settings.agentSeenMs);
}

const AgentCursor = z.tuple([z.string()]);

/** Every agent that ever registered, a page at a time, in the order of their ids. */
export async function listAgents(
  context: Context,
  query: { readonly cursor?: string | undefined; readonly limit: number },
): Promise<{ items: AgentEntry[]; next_cursor?: string }> {
  const { database } = context;
  let select = database
    .selectFrom('agent')
    .selectAll()
    .orderBy('agent_id')
    .limit(query.limit + 1);
  if (query.cursor !== undefined) select = select.where('agent_id', '>', decodeCursor(AgentCursor, query.cursor)[0]);
  const rows = await select.execute();
  const page = rows.slice(0, query.limit);
  const items: AgentEntry[] = [];
  for (const agent of page) {
    items.push({
      agent_id: agent.agent_id,
      installation_id: agent.installation_id,
      agent_name: agent.agent_name,
      agent_version: agent.agent_version,
      platform: agent.platform ?? undefined,
      capabilities: [...(await capabilitiesOf(database, agent.agent_id))],
      last_seen_at: iso(agent.last_seen_at),
    });
  }
  const last = page.at(-1);
  if (rows.length <= query.limit || last === undefined) return { items };
  return { items, next_cursor: encodeCursor([last.agent_id]) };
}
