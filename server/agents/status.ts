import { AgentStatus, AGENT_STATUS_HEADER } from '../../shared/wire.ts';
import { jsonOf } from '../../shared/json.ts';
import type { Context } from '../context.ts';
import type { AgentRow } from '../database/schema.ts';
import { withReserve } from '../reserve.ts';

/** A header that is longer, or is none of ours, says nothing. */
const MOST_LETTERS = 8_000;

/** Keeps what an agent tells of itself with a poll; written only when it is something new. */
export async function noteAgentStatus(
  context: Context,
  agent: AgentRow,
  headers: Readonly<Record<string, unknown>>,
): Promise<void> {
  const told = headers[AGENT_STATUS_HEADER];
  if (typeof told !== 'string' || told.length > MOST_LETTERS) return;
  const parsed = AgentStatus.safeParse(jsonOf(decoded(told)));
  if (!parsed.success) return;
  const status_json = JSON.stringify(parsed.data);
  if (status_json === agent.status_json) return;
  const noted = context.database.updateTable('agent').set({ status_json }).where('agent_id', '=', agent.agent_id);
  await withReserve(context, () => noted.execute());
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return '';
  }
}

/** As `noteAgentStatus` kept it; null: the agent tells nothing. */
export function agentStatusOf({ status_json }: Pick<AgentRow, 'status_json'>): AgentStatus | null {
  return status_json === null ? null : (JSON.parse(status_json) as AgentStatus);
}
