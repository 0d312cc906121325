import { createInterface } from 'node:readline';
import { endTree, sendSignal, type ProcessTree } from './kill-tree.ts';
import { parseSupervisorMessage } from './supervisor-message.ts';
import { childrenOnWindows } from './windows-children.ts';

/**
 * Entry of a small Node program, one per agent: it holds the reading end of a pipe whose writing end only the agent
 * has. When the agent dies, however that happens, the kernel closes the pipe, and everybody on the list is killed.
 * It goes by the mark of each child, never by the owner: the agent may already be up again with new children.
 */
const trees = new Map<number, ProcessTree>();
/** Asked now: when it is gone its number may be another's. */
const agent = process.ppid;

// Whatever ends the agent politely may reach us too; we go when the pipe says so.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined);

const lines = createInterface({ input: process.stdin });
lines.on('line', (line) => {
  const message = parseSupervisorMessage(line);
  switch (message?.kind) {
    case 'add':
      trees.set(message.tree.leader, { ...message.tree, seen: new Map() });
      break;
    case 'remove':
      trees.delete(message.leader);
      break;
    case undefined:
      break;
  }
});
lines.on('close', () => void endEverybody());

async function endEverybody(): Promise<void> {
  const atOnce = AbortSignal.abort();
  await Promise.all([...trees.values()].map((tree) => endTree(tree, 0, atOnce)));
  if (process.platform === 'win32') await endUnfinished();
  process.exit(0);
}

/**
 * Whom the agent was just creating when it was ended: Windows lets such a process stand still before its first
 * instruction, in no job object and on nobody's list.
 */
async function endUnfinished(): Promise<void> {
  for (const pid of await childrenOnWindows(agent)) if (pid !== process.pid) sendSignal(pid, 'SIGKILL');
}
