import { setTimeout as sleep } from 'node:timers/promises';
import type { FleetDatabase } from './database.ts';
import type { Memory } from './agent.ts';
import type { FleetOptions } from './options.ts';
import type { Servers } from './servers.ts';

interface Kill {
  readonly what: 'server' | 'database';
  /** The longest time after it in which nothing was accepted of any agent, in seconds. */
  readonly silentSeconds: number;
}

interface Targets {
  readonly servers: Servers;
  readonly database: FleetDatabase | null;
  readonly memory: Memory;
  readonly random: () => number;
  readonly signal: AbortSignal;
}

/** Kills as often as was asked for, spread over the time, in an order and at moments of the seed. */
export async function killOften(options: FleetOptions, targets: Targets): Promise<readonly Kill[]> {
  const { servers, database, memory, random, signal } = targets;
  const order = [
    ...Array.from({ length: options.killServers }, () => 'server' as const),
    ...Array.from({ length: options.killDatabase }, () => 'database' as const),
  ]
    .map((what) => ({ what, at: random() }))
    .toSorted((one, other) => one.at - other.at);
  const kills: Kill[] = [];
  const between = (options.seconds * 1_000) / (order.length + 1);
  let due = performance.now();
  for (const { what } of order) {
    due += between * (0.5 + random());
    await sleep(Math.max(0, due - performance.now()), undefined, { signal }).catch(() => {});
    if (signal.aborted) break;
    memory.longestSilence = 0;
    if (what === 'database') await database?.killAndRestart();
    else await servers.killAndRestart(Math.floor(random() * servers.origins.length));
    // It is up again: what is accepted from now on ends the last silence of this kill.
    const up = performance.now();
    while (memory.acceptedAt <= up && !signal.aborted) await sleep(20);
    kills.push({ what, silentSeconds: memory.longestSilence / 1_000 });
  }
  return kills;
}
