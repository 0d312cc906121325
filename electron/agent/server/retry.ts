import type { Clock } from '../../work/clock.ts';
import type { ReplyHead } from './outcome.ts';

/** First step and cap of the waiting between tries, ms (protocol.md: full jitter between 0 and min(60 s, 2 s × 2ⁿ)). */
const BASE_MS = 2_000;
const CAP_MS = 60_000;
/** `Retry-After` wins, but no answer sends an agent away for days. */
const MAX_RETRY_AFTER_MS = 3_600_000;

export interface Backoff {
  /** ms to wait before the next try; `Retry-After` wins over the jitter. */
  next(retryAfterMs?: number): number;
  reset(): void;
}

/** Full jitter with a cap; `random` in [0, 1) is passed in. */
export function createBackoff(random: () => number): Backoff {
  let failures = 0;
  return {
    next(retryAfterMs) {
      const ceiling = Math.min(CAP_MS, BASE_MS * 2 ** Math.min(failures, 10));
      failures += 1;
      return retryAfterMs === undefined ? random() * ceiling : Math.min(retryAfterMs, MAX_RETRY_AFTER_MS);
    },
    reset() {
      failures = 0;
    },
  };
}

/** Tries, 2 min of waiting on average, after which broken answers are this one call’s: the server is well otherwise. */
const MAX_TRIES = 8;
/** An hour of “later”, errors and silence is no hiccup of a server that prolongs leases meanwhile. */
const MAX_RETRY_MS = 3_600_000;

/** How long one operation asks again: every wait has an end. */
interface RetryBudget {
  /** Takes an answer that decided nothing. `broken`: another way may do; `time`: no way will. */
  spent(reply: Pick<ReplyHead, 'answer' | 'status'>, withinMs?: number): 'broken' | 'time' | null;
}

export function createRetryBudget(clock: Pick<Clock, 'monotonic'>): RetryBudget {
  let tries = 0;
  let broken = 0;
  let since: number | null = null;
  return {
    spent(reply, withinMs = MAX_RETRY_MS) {
      since ??= clock.monotonic();
      tries += 1;
      if (isBroken(reply)) broken += 1;
      // Some clocks go on while the machine sleeps: one answer before it and one after are not enough.
      if (tries >= MAX_TRIES && clock.monotonic() - since >= withinMs) return 'time';
      return broken >= MAX_TRIES ? 'broken' : null;
    },
  };
}

/** Neither “later” nor silence: the server, or what stands before it, answers what nobody can use. */
function isBroken({ answer, status }: Pick<ReplyHead, 'answer' | 'status'>): boolean {
  // A success that decided nothing lacks what it was asked for.
  return (answer === '5xx' && status !== 503) || answer === 'malformed' || answer === 'redirect' || answer === 'ok';
}
