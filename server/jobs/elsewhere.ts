import { declaredHere } from '../agents/known-agents.ts';
import type { Context } from '../context.ts';
import type { Queries, Tx } from '../database/schema.ts';
import { writeTransaction } from '../write-transaction.ts';
import { capabilitiesIn } from './due-jobs.ts';

/**
 * Elsewhere first: a job that is tried again is left by the agent of which it failed to the others, for a while; if none
 * of them takes it, that agent may. Where no other one is there that can, nothing is left.
 */
const ELSEWHERE_FIRST_MS = 10 * 60_000;

/** Called while the failures of these are still in their rows. @returns The agents that leave them, by job */
export async function leaveToOthers(
  context: Context,
  tx: Tx,
  jobIds: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const failed = await tx
    .selectFrom('job')
    .select(['job_id', 'sequence', 'needs', 'failed_by'])
    .where('job_id', 'in', jobIds)
    .where('failed_by', 'is not', null)
    .execute();
  const here = await agentsHere(context, tx);
  const isAble = new Map<string, boolean>();
  const rows = failed.flatMap(({ job_id, sequence, needs, failed_by }) => {
    if (failed_by === null) return [];
    const key = `${failed_by} ${needs}`;
    const able = isAble.get(key) ?? anotherCan(here, failed_by, capabilitiesIn(needs));
    isAble.set(key, able);
    return able ? [{ job_id, sequence, agent_id: failed_by }] : [];
  });
  if (rows.length === 0) return new Map();
  const until = context.leaseTime() + ELSEWHERE_FIRST_MS;
  await tx
    .insertInto('left_to_others')
    .values(rows.map(({ sequence, agent_id }) => ({ sequence, agent_id, until })))
    .onConflict((conflict) =>
      conflict.column('sequence').doUpdateSet((excluded) => ({
        agent_id: excluded.ref('excluded.agent_id'),
        until: excluded.ref('excluded.until'),
      })),
    )
    .execute();
  return new Map(rows.map(({ job_id, agent_id }) => [job_id, agent_id]));
}

async function agentsHere(context: Context, tx: Tx): Promise<ReadonlyMap<string, ReadonlySet<string>>> {
  const rows = await declaredHere(context, tx).select(['agent.agent_id', 'agent_capability.capability']).execute();
  const perAgent = Map.groupBy(rows, ({ agent_id }) => agent_id);
  return new Map([...perAgent].map(([id, own]) => [id, new Set(own.map(({ capability }) => capability))]));
}

function anotherCan(
  here: ReadonlyMap<string, ReadonlySet<string>>,
  agentId: string,
  needs: readonly string[],
): boolean {
  return [...here].some(([other, declared]) => other !== agentId && needs.every((each) => declared.has(each)));
}

/** Whether this agent, or any, leaves anything to others now. */
export async function leavesAnything({ database, leaseTime }: Context, agentId?: string): Promise<boolean> {
  const living = database.selectFrom('left_to_others').select('sequence').where('until', '>', leaseTime()).limit(1);
  const row = await (agentId === undefined ? living : living.where('agent_id', '=', agentId)).executeTakeFirst();
  return row !== undefined;
}

/** Who leaves a job to others, and until when, of the lease clock; undefined: nobody (any more). */
export async function leftBy(
  queries: Queries,
  sequence: number,
  now: number,
): Promise<{ readonly agent_id: string; readonly until: number } | undefined> {
  return queries
    .selectFrom('left_to_others')
    .select(['agent_id', 'until'])
    .where('sequence', '=', sequence)
    .where('until', '>', now)
    .executeTakeFirst();
}

/** What is over. */
export async function forgetLeft(context: Context): Promise<void> {
  const { database, leaseTime } = context;
  const now = leaseTime();
  const over = await database
    .selectFrom('left_to_others')
    .select('sequence')
    .where('until', '<=', now)
    .limit(1)
    .execute();
  if (over.length === 0) return;
  await writeTransaction(context, async (tx) => {
    await tx.deleteFrom('left_to_others').where('until', '<=', now).execute();
  });
}
