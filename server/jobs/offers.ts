import { sql, type ExpressionBuilder } from 'kysely';
import { z } from 'zod';
import { capabilitiesOf } from '../agents/known-agents.ts';
import { isPaused } from '../agents/orders.ts';
import type { Context } from '../context.ts';
import { decodeCursor, encodeCursor, type PageQuery } from '../cursor.ts';
import { dueNeeds } from '../database/due-needs.ts';
import type { AgentRow, Tables } from '../database/schema.ts';
import { expireLeases } from './expire-leases.ts';
import { offerTexts, type Place } from './offer-texts.ts';

/** A place in the queue. */
export const QueueCursor = z.tuple([z.number(), z.number()]);

/**
 * What this agent may claim: pending jobs that are due and need nothing it has not declared, and invalid jobs, which
 * someone has to say so about. Highest priority first, then oldest; among equals each agent begins at another place.
 * A paused agent is offered nothing. As the JSON of the answer.
 */
export async function offeredJobs(context: Context, agent: AgentRow, query: PageQuery): Promise<string> {
  await expireLeases(context);
  if (isPaused(agent, context.clock())) return pageOf(context, [], undefined);
  const agentId = agent.agent_id;
  const declared = new Set(await capabilitiesOf(context.database, agentId));
  const seen = await look(context, query.limit);
  const able = seen.heads.filter(({ needs }) => capabilitiesIn(needs).every((capability) => declared.has(capability)));
  if (query.cursor !== undefined)
    return pageBehind(context, able, decodeCursor(QueueCursor, query.cursor), query.limit);
  const runs = seen.together(able);
  const own = fromOwnPlace(runs, turnOf(context, seen.agents, agentId)).slice(0, query.limit);
  const last = own.at(-1);
  const places = runs.reduce((sum, run) => sum + run.length, 0);
  if (places <= query.limit || last === undefined) return pageOf(context, own, undefined);
  // Behind a page from the middle comes the queue from its beginning.
  const isFirst = own[0] === runs[0]?.[0];
  return pageOf(context, own, encodeCursor(isFirst ? [last.priority, last.sequence] : BEGINNING));
}

async function pageOf(context: Context, places: readonly Place[], nextCursor: string | undefined): Promise<string> {
  const items = (await offerTexts(context, places)).join();
  return `{"items":[${items}]${nextCursor === undefined ? '' : `,"next_cursor":${JSON.stringify(nextCursor)}`}}`;
}

const BEGINNING = [Number.MAX_SAFE_INTEGER, 0];
const inOrder = (one: Place, other: Place): number => other.priority - one.priority || one.sequence - other.sequence;

/** The beginning of what waits for one set of capabilities. */
interface Head {
  readonly needs: string;
  readonly places: readonly Place[];
}

/** What is the same for all who ask in the same moment. */
interface Look {
  readonly heads: readonly Head[];
  /** Those that were heard of lately, by their ids. */
  readonly agents: readonly string[];
  /** The beginning of all these in the order of the queue, priority by priority. */
  together(heads: readonly Head[]): readonly Run[];
}

/** Places of one priority. */
type Run = readonly Place[];

const PLACES_FOR_AN_AGENT = 4;
const FARTHEST = 4_000;

const looks = new WeakMap<Context, { readonly at: number; readonly limit: number; readonly look: Promise<Look> }>();

/**
 * Where many agents ask several processes, each of these looks so often and no oftener; what was taken since is not
 * offered. SQLite is looked at each time.
 */
async function look(context: Context, limit: number): Promise<Look> {
  const now = context.leaseTime();
  const last = looks.get(context);
  const goodForMs = context.shared?.lookEveryMs ?? 0;
  if (last !== undefined && now >= last.at && now - last.at < goodForMs && last.limit >= limit) return last.look;
  const made = lookNow(context, limit);
  looks.set(context, { at: now, limit, look: made });
  // Whoever waits for it is told; the next one looks anew.
  made.catch(() => looks.delete(context));
  return made;
}

async function lookNow(context: Context, limit: number): Promise<Look> {
  const seen = await context.database
    .selectFrom('agent')
    .select('agent_id')
    .where('last_seen_at', '>', context.clock() - context.settings.agentSeenMs)
    .execute();
  const agents = seen.map(({ agent_id }) => agent_id).sort();
  // How far into the queue agents begin: so far that those who ask at once find room to begin apart.
  const reach = Math.max(limit + 1, Math.min(FARTHEST, PLACES_FOR_AN_AGENT * agents.length));
  const heads: Head[] = [];
  for (const needs of await dueNeeds(context.database)) {
    heads.push({ needs, places: await due(context, needs, reach).select(['priority', 'sequence']).execute() });
  }
  const joined = new Map<string, readonly Run[]>();
  return {
    heads,
    agents,
    together(some) {
      const name = some.map(({ needs }) => needs).join();
      const known =
        joined.get(name) ??
        inRuns(
          some.flatMap(({ places }) => places),
          reach,
        );
      joined.set(name, known);
      return known;
    },
  };
}

function inRuns(places: Place[], reach: number): readonly Run[] {
  const first = places.sort(inOrder).slice(0, reach);
  return [...Map.groupBy(first, ({ priority }) => priority).values()];
}

/**
 * Jobs that need exactly this and could start now, in their order. The status stands in the text of the query: a partial
 * index is used only where its condition can be seen.
 */
function due({ database }: Context, needs: string, limit: number) {
  return database
    .selectFrom('job')
    .where('status', '=', sql.lit('pending' as const))
    .where('needs', '=', needs)
    .where('not_before', 'is', null)
    .where('held', '=', sql.lit(0))
    .orderBy('priority', 'desc')
    .orderBy('sequence', 'asc')
    .limit(limit);
}

async function pageBehind(
  context: Context,
  able: readonly Head[],
  cursor: z.output<typeof QueueCursor>,
  limit: number,
): Promise<string> {
  const rows: Place[] = [];
  for (const { needs } of able) {
    const behindIt = due(context, needs, limit + 1).where((where) => where.or(behind(cursor, where)));
    rows.push(...(await behindIt.select(['priority', 'sequence']).execute()));
  }
  const page = rows.sort(inOrder).slice(0, limit);
  const last = page.at(-1);
  const isEnd = rows.length <= limit || last === undefined;
  return pageOf(context, page, isEnd ? undefined : encodeCursor([last.priority, last.sequence]));
}

/** What stands behind a place in the order of the queue. */
export function behind([priority, sequence]: z.output<typeof QueueCursor>, where: ExpressionBuilder<Tables, 'job'>) {
  return [
    where('priority', '<', priority),
    where.and([where('priority', '=', priority), where('sequence', '>', sequence)]),
  ];
}

/** Which of how many agents this one is just now. */
interface Turn {
  readonly place: number;
  readonly agents: number;
}

/** Everybody comes first for a minute at a time, so that the oldest job waits for no agent that cannot do it. */
const TURN_MS = 60_000;

function turnOf(context: Context, seen: readonly string[], agentId: string): Turn {
  const agents = Math.max(1, seen.length);
  const before = seen.filter((other) => other < agentId).length;
  return { place: (before + Math.floor(context.leaseTime() / TURN_MS)) % agents, agents };
}

/**
 * Jobs of one priority from another beginning for each agent, the first ones behind the last: agents that ask at the
 * same time do not race for the same job. One agent alone gets them in their order.
 */
function fromOwnPlace(runs: readonly Run[], { place, agents }: Turn): readonly Place[] {
  return runs.flatMap((run) => {
    const first = Math.floor((place * run.length) / agents);
    return first === 0 ? run : [...run.slice(first), ...run.slice(0, first)];
  });
}

/** As the column has them: a JSON array. */
export function capabilitiesIn(needs: string): readonly string[] {
  return JSON.parse(needs) as readonly string[];
}
