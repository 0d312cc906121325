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

/**
 * Whether it was stopped. A shell that was just starting a program waits in the kernel (D) until that one goes on, and
 * is stopped with it: its own state becomes T only then.
 */
export const standsStill = (pid: number): boolean => ['T', 'D'].includes(stateOf(pid));

/** State letter from /proc (R, S, D, T, Z), or '?' elsewhere. */
export function stateOf(pid: number): string {
  try {
    const text = readFileSync(`/proc/${String(pid)}/stat`, 'utf8');
    return text.slice(text.lastIndexOf(')') + 2).slice(0, 1);
  } catch {
    return '?';
  }
}

/**
 * How long tests wait for something to become true: longer than the busiest machine takes, and less than a test may take
 * at all, so that it says what it waited for.
 */
export const PATIENCE_MS = 240_000;

/** Waits until none of these lives. */
export async function gone(pids: readonly number[]): Promise<void> {
  await eventually(
    () => !pids.some(isAlive),
    () => `Still alive: ${pids.filter(isAlive).join(', ')}`,
  );
}

/** Polls until `check` answers something else than undefined or false. */
export async function eventually<T>(
  check: () => T | undefined | false,
  lacking: () => string = () => `Not yet so: ${String(check)}`,
): Promise<T> {
  const until = performance.now() + PATIENCE_MS;
  for (;;) {
    const value = check();
    if (value !== undefined && value !== false) return value;
    if (performance.now() > until) throw new Error(lacking());
    await delay(5);
  }
}
