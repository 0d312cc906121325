import { execFileSync } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import type { Agent } from '../../electron/agent/agent.ts';
import { cpuMsOf, descendantsOf } from '../yield/child-tree.ts';
import { openEditRoom, restlessClip, type EditRoom } from '../yield/edit-room.ts';
import { foregroundSpeed } from './foreground.ts';

export const GIVE_WAY_NAME = 'gives the machine back: 20 times';
export const FOREGROUND_NAME = 'foreground speed beside a proxy';

const TIMES = 20;
const LIMIT_MS = 2_000;
/** The tree is watched this long after it was asked to stop. */
const WATCHED_MS = 4_000;
const SAMPLE_MS = 20;
const KEPT_SHARE = 0.9;
const ROUNDS = 12;

/** From a program, a touch or a pause to the last moment in which anybody of the child tree used the processor. */
export async function measureGiveWay(): Promise<boolean> {
  const room = await openEditRoom(await restlessClip(60));
  try {
    const agent = room.agent('desk', { workWhen: 'idle' });
    await agent.start();
    const ways: readonly [name: string, take: () => () => unknown][] = [
      ['program', () => room.openProgram()],
      ['touch', () => (room.touch(true), () => room.touch(false))],
      ['pause', () => (void agent.execute('pause', {}), () => agent.execute('resume', {}))],
    ];
    const found: { readonly name: string; readonly ms: number }[] = [];
    for (let time = 0; time < TIMES; time += 1) {
      const [name, take] = ways[time % ways.length] ?? ways[0] ?? ['', () => () => undefined];
      await someChildWorks(room, agent);
      const began = performance.now();
      const giveBack = take();
      found.push({ name, ms: await lastWorkAfter(began) });
      await giveBack();
    }
    const inTime = found.filter(({ ms }) => ms <= LIMIT_MS).length;
    console.log(`${GIVE_WAY_NAME}: ${inTime} of ${TIMES} within ${LIMIT_MS} ms`);
    for (const [name] of ways) {
      const times = found.filter((entry) => entry.name === name).map(({ ms }) => ms);
      console.log(`  ${name}: ${times.map((ms) => ms.toFixed(0)).join(', ')} ms to the last work of the child tree`);
    }
    return inTime === TIMES;
  } finally {
    await room.close();
  }
}

/** A job runs, another one is made when it is over, and its children use the processor. */
async function someChildWorks(room: EditRoom, agent: Agent): Promise<void> {
  for (let names = 0; ;) {
    const before = cpuMsOf(process.pid);
    await delay(200);
    if (agent.snapshot().running[0]?.stage === 'encoding' && cpuMsOf(process.pid) - before >= 20) return;
    if (agent.snapshot().running.length + agent.snapshot().waiting.length > 0) continue;
    names += 1;
    await room.operator.job(room.addClip(`${String(performance.now())}-${names}.mp4`), 'generate_video_proxies');
    agent.wake();
    await delay(500);
  }
}

async function lastWorkAfter(began: number): Promise<number> {
  let used = cpuMsOf(process.pid);
  let last = 0;
  while (performance.now() - began < WATCHED_MS) {
    await delay(SAMPLE_MS);
    const now = cpuMsOf(process.pid);
    if (now > used) last = performance.now() - began;
    used = now;
  }
  return last;
}

/** A busy loop on every core, beside a proxy at work priority and alone, in turns. */
export async function measureForeground(): Promise<boolean> {
  // What tests set to hold on a busy machine is what is measured here.
  delete process.env['RUSHCATALOG_NICE'];
  const room = await openEditRoom(await restlessClip(60));
  const foreground = foregroundSpeed();
  try {
    const agent = room.agent('desk');
    await agent.start();
    const shares: number[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      await agent.execute('pause', {});
      const alone = await foreground.sample();
      await agent.execute('resume', {});
      if (agent.snapshot().running.length === 0) {
        await room.operator.job(room.addClip(`${round}.mp4`), 'generate_video_proxies');
        agent.wake();
      }
      while (agent.snapshot().running[0]?.stage !== 'encoding') await delay(100);
      shares.push((await foreground.sample()) / alone);
    }
    const sorted = shares.sort((a, b) => a - b);
    const median = sorted[Math.floor(sorted.length / 2)] ?? 0;
    const held = median >= KEPT_SHARE;
    const load = execFileSync('cat', ['/proc/loadavg'], { encoding: 'utf8' }).split(' ')[0];
    console.log(
      `${FOREGROUND_NAME}: ${held ? 'held' : 'MISSED'}, median ${(median * 100).toFixed(0)} % of the undisturbed speed`,
    );
    console.log(
      `  ${sorted.map((share) => `${(share * 100).toFixed(0)} %`).join(', ')}; load average ${load}, children ${descendantsOf(process.pid).length}`,
    );
    return held;
  } finally {
    foreground.stop();
    await room.close();
  }
}
