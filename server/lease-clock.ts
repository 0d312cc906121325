/**
 * Time for leases and waits: it begins where the wall clock stands at the start and is carried on by a clock that
 * nobody sets, so that no step of the wall clock ends a lease or prolongs one. It means something within one process
 * only: the next start rebases what was measured with it (`resumeAfterStart`). `monotonic` in ms; epoch ms come out.
 */
export function createLeaseClock(wall: () => number, monotonic: () => number): () => number {
  const base = wall() - monotonic();
  return () => Math.round(base + monotonic());
}

/** A clock that is elsewhere, as this process sees it. */
interface FollowedClock {
  /** Epoch ms. */
  now(): number;
  /** Asks it again. Where it does not answer, the last answer is carried on. */
  ask(): Promise<void>;
}

/** An answer that was longer under way than this says too little, once there was a better one. */
const SLOW_ANSWER_MS = 1_000;
/** Going back by less is only that an answer was under way; by more, somebody has set the clock. */
const SET_BACK_MS = 2_000;

/**
 * The clock of the database, which every process that shares it sees alike, to within half the way to it and back:
 * asked now and then, and carried on in between by a clock that nobody sets (`monotonic`, ms).
 */
export async function followClock(ask: () => Promise<number>, monotonic: () => number): Promise<FollowedClock> {
  let base: number | null = null;
  let shown = Number.NEGATIVE_INFINITY;
  const follow = async (): Promise<void> => {
    const sent = monotonic();
    const answer = await ask();
    const came = monotonic();
    if (base === null || came - sent <= SLOW_ANSWER_MS) base = answer - (sent + came) / 2;
  };
  await follow();
  return {
    now() {
      const told = Math.round((base ?? 0) + monotonic());
      if (told > shown || shown - told > SET_BACK_MS) shown = told;
      return shown;
    },
    ask: () => follow().catch(() => undefined),
  };
}

/** Tells, once for each time, that nobody could reach the server since it was asked last. */
export interface DowntimeDetector {
  noticed(): boolean;
}

/** Where nobody asks regularly, nothing follows from a long silence. */
export const NO_DOWNTIME: DowntimeDetector = { noticed: () => false };

/**
 * Notices a stopped process (the lease clock went on) and a machine that slept (on Linux only the wall clock went on,
 * which looks as if somebody had set it forward). `limitMs`: a shorter gap costs no agent its lease.
 */
export function createDowntimeDetector(wall: () => number, leaseTime: () => number, limitMs: number): DowntimeDetector {
  let seen = { wall: wall(), lease: leaseTime() };
  return {
    noticed() {
      const now = { wall: wall(), lease: leaseTime() };
      const gap = Math.max(now.wall - seen.wall, now.lease - seen.lease);
      seen = now;
      return gap > limitMs;
    },
  };
}
