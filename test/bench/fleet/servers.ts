import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { nodeRuntime } from '../../../electron/work/process/spawn-node.ts';
import type { ServerOptions } from '../../../server/options.ts';
import { freePort } from '../../support/postgres.ts';

const PROGRAM = fileURLToPath(new URL('server-apart.ts', import.meta.url));

/** The server processes of a fleet, each on a port that it keeps. */
export interface Servers {
  readonly origins: readonly string[];
  /** kill -9, and another one on the same port as soon as it is gone. */
  killAndRestart(index: number): Promise<void>;
  /** Seconds of processor time of all of them, those that are gone not counted; NaN where the system does not tell. */
  processorSeconds(): number;
  stop(): Promise<void>;
}

interface Member {
  readonly port: number;
  child: ChildProcess;
}

export async function startServers(count: number, options: ServerOptions): Promise<Servers> {
  const members: Member[] = [];
  for (let index = 0; index < count; index += 1) {
    const port = await freePort();
    members.push({ port, child: await start({ ...options, port }) });
  }
  return {
    origins: members.map(({ port }) => `http://127.0.0.1:${port}`),
    async killAndRestart(index) {
      const member = members[index];
      if (member === undefined) throw new Error(`There is no server ${index}.`);
      member.child.kill('SIGKILL');
      if (member.child.exitCode === null && member.child.signalCode === null) await once(member.child, 'exit');
      member.child = await start({ ...options, port: member.port });
    },
    processorSeconds: () => members.reduce((sum, { child }) => sum + processorSecondsOf(child.pid), 0),
    async stop() {
      for (const { child } of members) child.kill('SIGTERM');
      const ended = members.map(({ child }) =>
        child.exitCode === null && child.signalCode === null ? once(child, 'exit') : null,
      );
      await Promise.all(ended);
    },
  };
}

/** A database that is just coming up again refuses a server; it is started once more. */
async function start(options: ServerOptions): Promise<ChildProcess> {
  for (let tries = 1; ; tries += 1) {
    const child = spawn(nodeRuntime(), [PROGRAM, JSON.stringify(options)], { stdio: ['ignore', 'pipe', 'pipe'] });
    let said = '';
    child.stderr.on('data', (text: Buffer) => (said = (said + text.toString()).slice(-2_000)));
    const listens = once(createInterface({ input: child.stdout }), 'line').then(() => true);
    if (await Promise.race([listens, once(child, 'exit').then(() => false)])) return child;
    if (tries >= 30) throw new Error(`The server does not start: ${said}`);
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}

/** Clock ticks of Linux. */
const TICKS_PER_SECOND = 100;

/** User and system time of a process and of the children it waited for, from /proc. */
export function processorSecondsOf(pid: number | undefined): number {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    // utime, stime, cutime, cstime: the 14th to 17th, of which the first two went with the name.
    return fields.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks), 0) / TICKS_PER_SECOND;
  } catch {
    return Number.NaN;
  }
}
