import { spawn, type ChildProcess } from 'node:child_process';
import type { Writable } from 'node:stream';
import { childEnvironment } from './environment.ts';
import type { ProcessTreeId } from './kill-tree.ts';
import { nodeProgram } from './spawn-node.ts';
import { formatSupervisorMessage, type SupervisorMessage } from './supervisor-message.ts';

/** Tells the supervisor who is to die with us. */
export interface SupervisorLink {
  add(tree: ProcessTreeId): void;
  remove(leader: number): void;
}

/** A supervisor that dies this often is not started again: something on this machine ends it on purpose. */
const MAX_STARTS = 5;

let shared: SupervisorLink | undefined;

/** The one supervisor of this process, started when the first child needs it. */
export function sharedSupervisor(): SupervisorLink {
  shared ??= createSupervisorLink(nodeProgram('supervisor'));
  return shared;
}

/** @param format one message as the program reads it from its stdin */
export function createSupervisorLink(
  node: { readonly program: string; readonly args: readonly string[] },
  format: (message: SupervisorMessage) => string = formatSupervisorMessage,
): SupervisorLink {
  const listed = new Map<number, SupervisorMessage>();
  let pipe: Writable | null = null;
  let starts = 0;

  const start = (): void => {
    if (++starts > MAX_STARTS) {
      process.emitWarning('The supervisor of child processes does not stay up; a crash may leave some behind.', {
        code: 'RUSHCATALOG_SUPERVISOR',
        detail: `Tried ${String(MAX_STARTS)} times: ${[node.program, ...node.args].join(' ')}. Reinstall the app.`,
      });
      return;
    }
    const supervisor: ChildProcess = spawn(node.program, node.args, {
      stdio: ['pipe', 'ignore', 'ignore'],
      detached: true,
      windowsHide: true,
      env: childEnvironment(process.env, {}, null),
    });
    const own = supervisor.stdin;
    own?.on('error', () => undefined); // its exit says the same
    let isOver = false;
    const onEnd = (): void => {
      if (isOver) return;
      isOver = true;
      pipe = null;
      start();
    };
    supervisor.once('exit', onEnd);
    supervisor.once('error', onEnd);
    supervisor.unref();
    if (own !== null && 'unref' in own && typeof own.unref === 'function') own.unref();
    pipe = own;
    for (const message of listed.values()) own?.write(format(message));
  };

  // At once, not with the first child: then telling it about a child is one write, without a gap worth the name.
  start();
  return {
    add(tree) {
      const { leader, mark, startedTicks } = tree;
      const message: SupervisorMessage = { kind: 'add', tree: { leader, mark, startedTicks } };
      listed.set(leader, message);
      // A system call made before this returns. Without a pipe the next supervisor is told the whole list.
      pipe?.write(format(message));
    },
    remove(leader) {
      if (!listed.delete(leader)) return;
      pipe?.write(format({ kind: 'remove', leader }));
    },
  };
}
