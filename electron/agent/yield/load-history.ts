import type { LoadSample } from '../../../shared/result-commands.ts';
import { createLoadLooks, type LoadLooks } from './sources/load.ts';

/** One hour. A look takes a few milliseconds, so an agent that has nothing to do stays invisible. */
const EVERY_MS = 30_000;
const KEPT = 120;

interface LoadHistoryDeps {
  readonly looks: LoadLooks;
  /** ms since 1970 */
  readonly now: () => number;
  /** Calls back again and again until the signal aborts. */
  readonly every: (ms: number, look: () => void, signal: AbortSignal) => void;
}

/** How busy this machine was, with us and without, over the last hour. Kept in memory alone. */
export interface LoadHistory {
  start(signal: AbortSignal): void;
  /** Oldest first. */
  samples(): readonly LoadSample[];
}

const SYSTEM: LoadHistoryDeps = {
  looks: createLoadLooks(),
  now: Date.now,
  // The machine itself is measured, whatever clock the agent goes by.
  every(ms, look, signal) {
    const timer = setInterval(look, ms);
    timer.unref();
    signal.addEventListener('abort', () => clearInterval(timer), { once: true });
  },
};

export function createLoadHistory({ looks, now, every }: LoadHistoryDeps = SYSTEM): LoadHistory {
  let kept: readonly LoadSample[] = [];
  const look = async (): Promise<void> => {
    const shares = await looks.next();
    if (shares !== null) kept = [...kept, { at: now(), ...shares }].slice(-KEPT);
  };
  // What cannot be measured is not shown.
  const tryLook = (): void => void look().catch(() => undefined);
  return {
    start(signal) {
      tryLook();
      every(EVERY_MS, tryLook, signal);
    },
    samples: () => kept,
  };
}
