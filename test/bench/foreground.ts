import { spawn, type ChildProcess } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { nodeRuntime } from '../../electron/work/process/spawn-node.ts';

/** Counts as fast as one core lets it, and says every 100 ms how far it came per ms; ends when nobody listens any more. */
const LOOP = `
let turns = 0, at = performance.now();
for (;;) {
  for (let n = 0, x = 0; n < 20000; n += 1) x += Math.sqrt(n);
  turns += 1;
  const now = performance.now();
  if (now - at < 100) continue;
  require('node:fs').writeSync(1, turns / (now - at) + '\\n');
  turns = 0;
  at = now;
}`;

const SETTLE_MS = 500;
const SAMPLE_MS = 2_000;

/** The work of somebody who sits at this machine: one busy loop per core, in sessions of their own. */
export function foregroundSpeed(): { sample(): Promise<number>; stop(): void } {
  let heard: number[] = [];
  const loops: ChildProcess[] = Array.from({ length: availableParallelism() }, () => {
    const loop = spawn(nodeRuntime(), ['-e', LOOP], { detached: true, stdio: ['ignore', 'pipe', 'ignore'] });
    loop.stdout.on('data', (chunk: Buffer) => heard.push(...chunk.toString().trim().split('\n').map(Number)));
    return loop;
  });
  return {
    async sample() {
      await delay(SETTLE_MS);
      heard = [];
      await delay(SAMPLE_MS);
      return heard.reduce((sum, speed) => sum + speed, 0) / Math.max(1, heard.length);
    },
    stop() {
      for (const loop of loops) loop.kill('SIGKILL');
    },
  };
}
