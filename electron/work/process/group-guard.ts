import { createSupervisorLink, type SupervisorLink } from './supervisor-link.ts';
import type { SupervisorMessage } from './supervisor-message.ts';

/**
 * The smallest supervisor: a shell that holds the reading end of a pipe whose writing end only the agent has, and ends
 * the groups it was told of when the agent is gone. In addition to the death signal, which reaches the child alone: its
 * own children live on, and bubblewrap's inner process waits for its outer one, for ever when that dies at the wrong
 * moment (docs/adr/0036).
 */
const SCRIPT = `
trap '' INT TERM HUP
groups=' '
while read -r verb group; do
  case $verb in
    +) groups="$groups$group " ;;
    -) groups="\${groups%% $group *} \${groups#* $group }" ;;
  esac
done
for group in $groups; do kill -s KILL -- "-$group"; done
`;

const line = (message: SupervisorMessage): string =>
  message.kind === 'add' ? `+ ${message.tree.leader}\n` : `- ${message.leader}\n`;

export const createGroupGuard = (): SupervisorLink =>
  createSupervisorLink({ program: '/bin/sh', args: ['-c', SCRIPT] }, line);

let shared: SupervisorLink | undefined;

/** The one guard of this process, started with the first child. */
export function sharedGroupGuard(): SupervisorLink {
  shared ??= createGroupGuard();
  return shared;
}
