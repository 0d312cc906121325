import { AgentStanding, STANDING_HEADER } from '../../shared/wire.ts';
import { jsonOf } from '../../shared/json.ts';
import type { Context } from '../context.ts';
import type { AgentRow } from '../database/schema.ts';
import { withReserve } from '../reserve.ts';

/** A header that is longer, or is none of ours, says nothing. */
const MOST_LETTERS = 8_000;

/** Keeps what an agent tells of itself with a poll; written only when it is something new. */
export async function noteStanding(
  context: Context,
  agent: AgentRow,
  headers: Readonly<Record<string, unknown>>,
): Promise<void> {
  const told = headers[STANDING_HEADER];
  if (typeof told !== 'string' || told.length > MOST_LETTERS) return;
  const parsed = AgentStanding.safeParse(jsonOf(decoded(told)));
  if (!parsed.success) return;
  const standing_json = JSON.stringify(parsed.data);
  if (standing_json === agent.standing_json) return;
  const noted = context.database.updateTable('agent').set({ standing_json }).where('agent_id', '=', agent.agent_id);
  await withReserve(context, () => noted.execute());
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return '';
  }
}

/** As `noteStanding` kept it; null: the agent tells nothing. */
export function standingOf({ standing_json }: Pick<AgentRow, 'standing_json'>): AgentStanding | null {
  return standing_json === null ? null : (JSON.parse(standing_json) as AgentStanding);
}
