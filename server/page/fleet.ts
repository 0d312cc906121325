import { type AgentPolicy } from '../../shared/wire-agent-policy.ts';
import type { AgentStatus } from '../../shared/wire.ts';
import { isPaused } from '../agents/orders.ts';
import { agentPolicyOf } from '../agents/policy.ts';
import { agentStatusOf } from '../agents/status.ts';
import type { Context } from '../context.ts';
import type { AgentRow } from '../database/schema.ts';

/** An agent as everything here looks at it. */
export interface Member {
  readonly row: AgentRow;
  readonly capabilities: ReadonlySet<string>;
  /** Leases that it holds. */
  readonly held: number;
  /** Jobs that it takes at once: what it says, and what the server allows. */
  readonly slots: number;
  readonly status: AgentStatus | null;
  /** It was heard of lately, is let in and has not signed off. */
  readonly isHere: boolean;
  readonly isPaused: boolean;
  /** What operators said for it. */
  readonly policy: AgentPolicy | null;
}

/** Every agent that ever registered: a thousand rows, read whole. By name. */
export async function lookAtFleet(context: Context): Promise<readonly Member[]> {
  const { database, settings } = context;
  const now = context.clock();
  const rows = await database.selectFrom('agent').selectAll().execute();
  const declared = Map.groupBy(
    await database.selectFrom('agent_capability').selectAll().execute(),
    ({ agent_id }) => agent_id,
  );
  const held = new Map(
    (
      await database
        .selectFrom('lease')
        .select((select) => ['agent_id', select.fn.countAll<number>().as('jobs')])
        .groupBy('agent_id')
        .execute()
    ).map(({ agent_id, jobs }) => [agent_id, Number(jobs)]),
  );
  return rows
    .map((row) => {
      const capabilities = new Set((declared.get(row.agent_id) ?? []).map(({ capability }) => capability));
      const isSeen = row.last_seen_at > now - settings.agentSeenMs;
      const policy = agentPolicyOf(row);
      const most = settings.policy.max_parallel_jobs_allowed;
      return {
        row,
        capabilities,
        held: held.get(row.agent_id) ?? 0,
        slots: Math.min(row.max_parallel_jobs ?? most, most, policy?.max_parallel_jobs ?? most),
        status: agentStatusOf(row),
        isHere: isSeen && row.revoked_at === null && capabilities.size > 0,
        isPaused: isPaused(row, now),
        policy,
      };
    })
    .sort((one, other) => one.row.agent_name.localeCompare(other.row.agent_name, 'en', { numeric: true }));
}

export const can = ({ capabilities }: Member, needs: readonly string[]): boolean =>
  needs.every((capability) => capabilities.has(capability));

export const isFull = ({ held, slots }: Member): boolean => held >= slots;
