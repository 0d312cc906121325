import { setTimeout as delay } from 'node:timers/promises';
import { readFileSync } from 'node:fs';

/** Whether a process lives; a zombie does not. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  return stateOf(pid) !== 'Z';
}

/** State letter from /proc (R, S, D, T, Z), or '?' elsewhere. */
export function stateOf(pid: number): string {
  try {
    const text = readFileSync(`/proc/${String(pid)}/stat`, 'utf8');
    return text.slice(text.lastIndexOf(')') + 2).slice(0, 1);
  } catch {
    return '?';
  }
}

/** Waits until none of these lives; answers after how many ms, or null when `limitMs` was not enough. */
export async function goneAfter(pids: readonly number[], limitMs: number): Promise<number | null> {
  const start = performance.now();
  while (performance.now() - start < limitMs) {
    if (!pids.some(isAlive)) return performance.now() - start;
    await delay(5);
  }
  return null;
}

/** Polls until `check` answers something else than undefined or false. */
export async function eventually<T>(check: () => T | undefined | false, limitMs = 10_000): Promise<T> {
  const start = performance.now();
  for (;;) {
    const value = check();
    if (value !== undefined && value !== false) return value;
    if (performance.now() - start > limitMs) throw new Error(`Not within ${String(limitMs)} ms`);
    await delay(5);
  }
}

export const print = (what: string, ms: number): void => console.info(`  ${what}: ${ms.toFixed(1)} ms`);
