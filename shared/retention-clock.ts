/** The time by which things grow old: what is forgotten cannot be had back, and anybody can set a wall clock. */
export interface RetentionClock {
  /** Epoch ms, never ahead of the wall clock. */
  now(): Promise<number>;
}

/** Where the age of things is written down. */
export interface KeptAge {
  read(): Promise<number | undefined>;
  /** Rejects where it could not be written, on a full disk above all: the next look tries again. */
  write(age: number): Promise<void>;
}

/** What was behind (a program that was off) is made up for at this pace, and so is a clock that somebody set forward. */
const CATCH_UP = 2;
/** Written down this often: what a restart loses of it makes things live a little longer. */
const KEEP_EVERY_MS = 3_600_000;

/**
 * Follows the wall clock, at most twice as fast as time passes while this program runs: a wall clock that jumps a year
 * ahead deletes nothing at once, and leaves whoever notices half of each retention to set it right.
 */
export function createRetentionClock(kept: KeptAge, wall: () => number, passing: () => number): RetentionClock {
  let state: { age: number; readAt: number; keptAge: number } | null = null;
  const begin = async (): Promise<{ age: number; readAt: number; keptAge: number }> => {
    const age = await kept.read();
    return { age: age ?? wall(), readAt: passing(), keptAge: age ?? Number.NEGATIVE_INFINITY };
  };
  const keep = (age: number): Promise<boolean> =>
    kept.write(age).then(
      () => true,
      () => false,
    );
  return {
    async now() {
      state ??= await begin();
      const passed = Math.max(0, passing() - state.readAt);
      state.readAt += passed;
      state.age = Math.min(wall(), state.age + CATCH_UP * passed);
      if (Math.abs(state.age - state.keptAge) >= KEEP_EVERY_MS && (await keep(state.age))) state.keptAge = state.age;
      return state.age;
    },
  };
}
