import type { Context } from './context.ts';
import { databaseFailure } from './database/failures.ts';
import type { Queries, Tx } from './database/schema.ts';
import { expireLeases } from './jobs/expire-leases.ts';
import { withReserve } from './reserve.ts';

/** Whoever lost this often to others is told to come again. */
const MOST_TRIES = 6;

/**
 * Runs one writing transaction. Lapsed leases are ended first, in a transaction of their own: were they ended in the
 * same one, a refusal that follows would undo it. `now` is the wall clock's, for what is recorded. `work` may run again
 * from its beginning, and then finds what those who were faster have left.
 */
export async function writeTransaction<T>(context: Context, work: (tx: Tx, now: number) => Promise<T>): Promise<T> {
  await expireLeases(context);
  const now = context.clock();
  const attempt = () => context.database.transaction().execute((tx) => work(tx, now));
  return withReserve(context, () => (context.shared === null ? attempt() : untilAlone(attempt)));
}

/**
 * Runs a write of one statement, which needs no transaction around it. What else `work` asks, it asks to say why the
 * statement found nothing.
 */
export async function writeStatement<T>(
  context: Context,
  work: (database: Queries, now: number) => Promise<T>,
): Promise<T> {
  await expireLeases(context);
  return withReserve(context, () => work(context.database, context.clock()));
}

async function untilAlone<T>(attempt: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await attempt();
    } catch (error) {
      if (databaseFailure(error) !== 'raced' || tries >= MOST_TRIES) throw error;
    }
  }
}
