import { untilHours } from '../../shared/wire-agent-policy.ts';
import { capabilitiesOf } from '../agents/known-agents.ts';
import { isPaused } from '../agents/orders.ts';
import { agentPolicyOf, allowsNeeds, policyRevision } from '../agents/policy.ts';
import type { Context } from '../context.ts';
import { decodeCursor, encodeCursor, type PageQuery } from '../cursor.ts';
import { dueNeeds } from '../database/due-needs.ts';
import type { AgentRow } from '../database/schema.ts';
import { expireLeases } from './expire-leases.ts';
import { behind, capabilitiesIn, due, inOrder, QueueCursor, type DuePage } from './due-jobs.ts';
import { dueOnRoots } from './due-on-roots.ts';
import { leavesAnything } from './elsewhere.ts';
import { offerTexts, type Place } from './offer-texts.ts';

/**
 * What this agent may claim: pending jobs that are due and need nothing it has not declared, and invalid jobs, which
 * someone has to say so about. Highest priority first, then oldest; among equals each agent begins at another place.
 * A paused agent is offered nothing, and none what its rules keep from it. As the JSON of the answer.
 */
export async function offeredJobs(context: Context, agent: AgentRow, query: PageQuery): Promise<string> {
  await expireLeases(context);
  const now = context.clock();
  const own = agentPolicyOf(agent);
  const news = { policy_revision: policyRevision(agent) };
  if (isPaused(agent, now) || untilHours(own, now) !== null) return pageOf(context, [], news);
  const agentId = agent.agent_id;
  const declared = new Set(await capabilitiesOf(context.database, agentId));
  const seen = await look(context, query.limit);
  const able = seen.heads.filter(({ needs }) => {
    const capabilities = capabilitiesIn(needs);
    return capabilities.every((capability) => declared.has(capability)) && allowsNeeds(own, capabilities);
  });
  const cursor = query.cursor === undefined ? undefined : decodeCursor(QueueCursor, query.cursor);
  // Hardly ever: most polls are asked nothing more.
  const leaver = seen.anyoneLeaves && (await leavesAnything(context, agentId)) ? agentId : undefined;
  if (own?.roots !== undefined) {
    const some = able.map(({ needs }) => needs);
    const { places, next } = await dueOnRoots(context, some, own.roots, { cursor, limit: query.limit, leaver });
    const page = fromOwnPlace(byPriority(places), turnOf(context, seen.agents, agentId));
    return pageOf(context, page, { ...next, ...news });
  }
  if (cursor !== undefined || leaver !== undefined) {
    const { places, next } = await placesBehind(context, able, { cursor, limit: query.limit, leaver });
    return pageOf(context, places, { ...next, ...news });
  }
  const runs = seen.together(able);
  const first = fromOwnPlace(runs, turnOf(context, seen.agents, agentId)).slice(0, query.limit);
  const last = first.at(-1);
  const places = runs.reduce((sum, run) => sum + run.length, 0);
  if (places <= query.limit || last === undefined) return pageOf(context, first, news);
  // Behind a page from the middle comes the queue from its beginning.
  const isFirst = first[0] === runs[0]?.[0];
  const next_cursor = encodeCursor(isFirst ? [last.priority, last.sequence] : BEGINNING);
  return pageOf(context, first, { next_cursor, ...news });
}

/** What stands on a page of offers beside these. */
interface Beside {
  readonly next_cursor?: string;
  /** The agent registers again where it knows another one (protocol.md). */
  readonly policy_revision?: string | undefined;
}

async function pageOf(context: Context, places: readonly Place[], beside: Beside): Promise<string> {
  const items = (await offerTexts(context, places)).join();
  const rest = JSON.stringify(beside).slice(1, -1);
  return `{"items":[${items}]${rest === '' ? '' : `,${rest}`}}`;
}

const BEGINNING: DuePage['cursor'] & {} = [Number.MAX_SAFE_INTEGER, 0];

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
  /** Some agent leaves a job to others. */
  readonly anyoneLeaves: boolean;
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
    anyoneLeaves: await leavesAnything(context),
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
  return byPriority(first);
}

const byPriority = (places: readonly Place[]): readonly Run[] => [
  ...Map.groupBy(places, ({ priority }) => priority).values(),
];

async function placesBehind(
  context: Context,
  able: readonly Head[],
  { cursor = BEGINNING, limit, leaver }: DuePage,
): Promise<{ readonly places: readonly Place[]; readonly next: Beside }> {
  const rows: Place[] = [];
  for (const { needs } of able) {
    const behindIt = due(context, needs, limit + 1, leaver).where((where) => where.or(behind(cursor, where)));
    rows.push(...(await behindIt.select(['priority', 'sequence']).execute()));
  }
  const page = rows.sort(inOrder).slice(0, limit);
  const last = page.at(-1);
  const isEnd = rows.length <= limit || last === undefined;
  return { places: page, next: isEnd ? {} : { next_cursor: encodeCursor([last.priority, last.sequence]) } };
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
