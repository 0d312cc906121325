import type { ProcessTreeId } from './kill-tree.ts';

/** One line of JSON each, from the agent to its supervisor. */
export type SupervisorMessage =
  { readonly kind: 'add'; readonly tree: ProcessTreeId } | { readonly kind: 'remove'; readonly leader: number };

export const formatSupervisorMessage = (message: SupervisorMessage): string => `${JSON.stringify(message)}\n`;

/** null for a line cut short by the agent's death: the sweep at the next start sees to that child. */
export function parseSupervisorMessage(line: string): SupervisorMessage | null {
  try {
    return JSON.parse(line) as SupervisorMessage;
  } catch {
    return null;
  }
}
