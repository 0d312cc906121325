/**
 * Time for leases and waits: it begins where the wall clock stands at the start and is carried on by a clock that
 * nobody sets, so that no step of the wall clock ends a lease or prolongs one. It means something within one process
 * only: the next start rebases what was measured with it (`resumeAfterStart`). `monotonic` in ms; epoch ms come out.
 */
export function createLeaseClock(wall: () => number, monotonic: () => number): () => number {
  const base = wall() - monotonic();
  return () => Math.round(base + monotonic());
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
