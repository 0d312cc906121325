import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { createServer } from '../../server/server.ts';
import { descendantsOf } from '../yield/child-tree.ts';
import { ensureBuild, put, start } from '../support/command.ts';

export const IDLE_NAME = 'an idle agent: 5 minutes';

const MINUTES = 5;
const MAX_CPU_PERCENT = 0.2;
const MAX_RESIDENT_MB = 150;
/** USER_HZ, the same on every Linux. */
const TICK_MS = 10;
const SETTLES_MS = 20_000;

/** The headless agent as it ships, connected to a server that has no work for it: what it costs to leave it running. */
export async function measureIdle(folder: string): Promise<boolean> {
  ensureBuild();
  mkdirSync(join(folder, 'rushes'));
  const server = await createServer({ dataDir: join(folder, 'idle-server') });
  const tokenFile = join(folder, 'idle-server', 'agent-token');
  const work = join(folder, 'idle');
  const root = `rushes=${join(folder, 'rushes')}`;
  const agent = start(
    ['agent', '--server', server.url, '--token-file', tokenFile, '--work', work, '--media-root', root],
    { from: 'build' },
  );
  try {
    await agent.said(/Connected/);
    await untilProved(agent.pid);
    const before = used(agent.pid);
    await delay(MINUTES * 60_000);
    const after = used(agent.pid);
    const percent = ((after.cpuMs - before.cpuMs) / (MINUTES * 60_000)) * 100;
    const held = percent < MAX_CPU_PERCENT && after.residentMb < MAX_RESIDENT_MB;
    console.log(`${IDLE_NAME}: ${held ? 'held' : 'MISSED'}`);
    console.log(`  processor ${percent.toFixed(3)} % of one core over ${MINUTES} minutes (limit ${MAX_CPU_PERCENT} %)`);
    console.log(`  resident ${after.residentMb.toFixed(0)} MB, with its children (limit ${MAX_RESIDENT_MB} MB)`);
    return held;
  } finally {
    await put(agent);
    await server.close();
  }
}

/** Until no child ran for a while: the proofs are over. */
async function untilProved(pid: number): Promise<void> {
  for (let quietMs = 0; quietMs < SETTLES_MS; quietMs += 500) {
    if (descendantsOf(pid).length > 0) quietMs = 0;
    await delay(500);
  }
}

function used(pid: number): { readonly cpuMs: number; readonly residentMb: number } {
  const everybody = [pid, ...descendantsOf(pid).map((row) => row.pid)];
  // proc_pid_stat(5): fields 14 and 15, user and system time; the name in field 2 ends with ")".
  const ticks = everybody.map((each) => {
    const fields = readFileSync(`/proc/${each}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ');
    return Number(fields[11]) + Number(fields[12]);
  });
  const kilobytes = everybody.map((each) =>
    Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${each}/status`, 'utf8'))?.[1] ?? 0),
  );
  const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);
  return { cpuMs: sum(ticks) * TICK_MS, residentMb: sum(kilobytes) / 1_000 };
}
