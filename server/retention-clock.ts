import type { Database } from './database/schema.ts';

/** The time by which things grow old: what is forgotten cannot be had back, and anybody can set a wall clock. */
export interface RetentionClock {
  /** Epoch ms, never ahead of the wall clock. */
  now(): Promise<number>;
}

/** What was behind (a server that was off) is made up for at this pace, and so is a clock that somebody set forward. */
const CATCH_UP = 2;
/** Written down this often: what a restart loses of it makes things live a little longer. */
const KEEP_EVERY_MS = 3_600_000;

/**
 * Follows the wall clock, at most twice as fast as time passes while this server runs: a wall clock that jumps a year
 * ahead deletes nothing at once, and leaves whoever notices half of each retention to set it right.
 */
export function createRetentionClock(database: Database, wall: () => number, leaseTime: () => number): RetentionClock {
  let state: { age: number; readAt: number; keptAge: number } | null = null;
  const begin = async (): Promise<{ age: number; readAt: number; keptAge: number }> => {
    const kept = await database.selectFrom('retention_clock').select('age').executeTakeFirst();
    return { age: kept?.age ?? wall(), readAt: leaseTime(), keptAge: kept?.age ?? Number.NEGATIVE_INFINITY };
  };
  return {
    async now() {
      state ??= await begin();
      const passed = Math.max(0, leaseTime() - state.readAt);
      state.readAt += passed;
      state.age = Math.min(wall(), state.age + CATCH_UP * passed);
      if (Math.abs(state.age - state.keptAge) >= KEEP_EVERY_MS && (await keep(database, state.age))) {
        state.keptAge = state.age;
      }
      return state.age;
    },
  };
}

/** False where it could not be written, on a full disk above all: the next look tries again. */
async function keep(database: Database, age: number): Promise<boolean> {
  try {
    await database
      .insertInto('retention_clock')
      .values({ id: 1, age })
      .onConflict((conflict) => conflict.column('id').doUpdateSet({ age }))
      .execute();
    return true;
  } catch {
    return false;
  }
}
