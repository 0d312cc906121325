import { uptime } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';

/** Time, passed in so that tests own it. */
export interface Clock {
  /** Wall clock, ms since 1970: for people and records, never for decisions about leases. */
  now(): number;
  /** Never jumps, ms; stands still while the machine sleeps on some systems (see `asleepMs`). */
  monotonic(): number;
  /** Time since boot minus `monotonic`, ms: grows by what the machine slept. */
  asleepMs(): number;
  /** Resolves after `ms`, after 24 days at the latest, or at once when the signal is aborted; never rejects. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** Node's timers turn anything longer into 1 ms. */
const MAX_TIMER_MS = 2 ** 31 - 1;

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => Number(process.hrtime.bigint() / 1_000_000n),
  asleepMs: () => uptime() * 1000 - Number(process.hrtime.bigint() / 1_000_000n),
  sleep: async (ms, signal) => {
    // A moment that has passed already is no time to wait.
    await delay(Math.min(MAX_TIMER_MS, Math.max(0, ms)), undefined, {
      ...(signal === undefined ? {} : { signal }),
    }).catch(() => undefined);
  },
};

/** ISO 8601 UTC of the wall clock. */
export function instant(clock: Pick<Clock, 'now'>): string {
  return new Date(clock.now()).toISOString();
}

/** What `work` gives, or `late` when it takes longer than `ms`; nothing of the wait is left behind. */
export async function withTimeout<T, L>(
  clock: Pick<Clock, 'sleep'>,
  ms: number,
  work: Promise<T>,
  late: L,
): Promise<T | L> {
  const over = new AbortController();
  try {
    return await Promise.race([work, clock.sleep(ms, over.signal).then(() => late)]);
  } finally {
    over.abort();
  }
}

/** Resolves when `signal` is aborted, at once when it is already; never rejects. */
export function whenAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

/** What `work` gives; once `signal` is aborted it is left behind after `ms`, and `late` is given instead. */
export function leaveBehind<T, L>(
  clock: Pick<Clock, 'sleep'>,
  ms: number,
  work: Promise<T>,
  { signal, late }: { readonly signal: AbortSignal; readonly late: L },
): Promise<T | L> {
  return Promise.race([work, whenAborted(signal).then(() => withTimeout(clock, ms, work, late))]);
}

/** Runs `task` once after `ms`; returns what cancels it. */
export function after(clock: Pick<Clock, 'sleep'>, ms: number, task: () => void): () => void {
  const over = new AbortController();
  void clock.sleep(ms, over.signal).then(() => over.signal.aborted || task());
  return () => over.abort();
}

/** A signal that is aborted after `ms`; `stop` lets go of it. */
export function abortAfter(
  clock: Pick<Clock, 'sleep'>,
  ms: number,
): { readonly signal: AbortSignal; readonly stop: () => void } {
  const late = new AbortController();
  return { signal: late.signal, stop: after(clock, ms, () => late.abort()) };
}
