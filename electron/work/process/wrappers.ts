import { execFile } from 'node:child_process';
import { isMainThread } from 'node:worker_threads';
import { searchPath } from './find-tool.ts';
import type { Wrappers } from './launch-args.ts';
import { coreList } from './priority.ts';

let found: Promise<Wrappers> | undefined;

/** The wrappers of this machine, each proven by one run; looked for once per process. */
export function findWrappers(): Promise<Wrappers> {
  found ??= proveWrappers(process.env);
  return found;
}

/** Runs each candidate once: a busybox `setpriv` without --pdeathsig, say, is left out. */
export async function proveWrappers(env: Readonly<Record<string, string | undefined>>): Promise<Wrappers> {
  if (process.platform === 'win32') return {};
  // What a child gets as its PATH may be poorer than the folders where these always are.
  const path = [env['PATH'], '/usr/bin', '/bin'].filter(Boolean).join(':');
  const proven = async (name: string, ...args: string[]): Promise<string | null> => {
    const program = await searchPath(name, { PATH: path });
    return program !== null && (await succeeds(program, args)) ? program : null;
  };
  const onLinux = process.platform === 'linux';
  const onMac = process.platform === 'darwin';
  const [setpriv, nice, ionice, taskset, taskpolicy] = await Promise.all([
    onLinux ? proven('setpriv', '--pdeathsig', 'KILL', '--', '/bin/sh', '-c', ':') : null,
    proven('nice', '-n', '1', '--', '/bin/sh', '-c', ':'),
    onLinux ? proven('ionice', '-c', '3', '/bin/sh', '-c', ':') : null,
    onLinux ? proven('taskset', '-c', coreList(1) ?? '0', '/bin/sh', '-c', ':') : null,
    onMac ? proven('taskpolicy', '-c', 'utility', '/bin/sh', '-c', ':') : null,
  ]);
  return {
    ...(setpriv === null ? {} : { setpriv }),
    ...(nice === null ? {} : { nice }),
    ...(ionice === null ? {} : { ionice }),
    ...(taskset === null ? {} : { taskset }),
    ...(taskpolicy === null ? {} : { taskpolicy }),
  };
}

/** Whether the kernel's "parent" (the spawning thread) lives as long as this process. */
export const spawnsFromMainThread = isMainThread;

async function succeeds(program: string, args: readonly string[]): Promise<boolean> {
  return new Promise((resolve) => {
    execFile(program, args, { timeout: 5_000 }, (error) => resolve(error === null));
  });
}
