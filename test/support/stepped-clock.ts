import type { Clock } from '../../electron/work/clock.ts';

/** A clock whose sleepers wake, in order, only when the test lets time pass. */
export interface SteppedClock extends Clock {
  /** Lets `ms` pass, waking everybody on the way and letting them go to sleep again. */
  pass(ms: number): Promise<void>;
  /** Somebody sets the wall clock. */
  setWall(byMs: number): void;
  /** The machine sleeps: monotonic time stands still, as on Linux. */
  suspend(ms: number): void;
}

export function createSteppedClock(): SteppedClock {
  let monotonic = 5_000;
  let wall = Date.parse('2026-03-01T12:00:00Z');
  let asleep = 0;
  const sleepers = new Set<{ readonly due: number; readonly wake: () => void }>();
  const breathe = async (): Promise<void> => {
    for (let n = 0; n < 10; n += 1) await new Promise((resolve) => setImmediate(resolve));
  };
  return {
    now: () => wall,
    monotonic: () => monotonic,
    asleepMs: () => asleep,
    sleep: (ms, signal) =>
      new Promise((resolve) => {
        if (signal?.aborted === true) {
          resolve();
          return;
        }
        const wake = (): void => {
          sleepers.delete(sleeper);
          signal?.removeEventListener('abort', wake);
          resolve();
        };
        const sleeper = { due: monotonic + Math.max(0, ms), wake };
        sleepers.add(sleeper);
        signal?.addEventListener('abort', wake, { once: true });
      }),
    async pass(ms) {
      const until = monotonic + ms;
      await breathe();
      for (;;) {
        const next = [...sleepers].filter(({ due }) => due <= until).sort((a, b) => a.due - b.due)[0];
        if (next === undefined) break;
        wall += next.due - monotonic;
        monotonic = next.due;
        next.wake();
        await breathe();
      }
      wall += until - monotonic;
      monotonic = until;
    },
    setWall(byMs) {
      wall += byMs;
    },
    suspend(ms) {
      wall += ms;
      asleep += ms;
    },
  };
}
