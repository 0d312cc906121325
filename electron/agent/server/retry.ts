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
