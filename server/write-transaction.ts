import type { Context } from './context.ts';
import type { Tx } from './database/schema.ts';
import { expireLeases } from './jobs/lease.ts';
import { withReserve } from './reserve.ts';

/**
 * Runs one writing transaction. Lapsed leases are ended first, in a transaction of their own: were they ended in the
 * same one, a refusal that follows would undo it. `now` is the wall clock's, for what is recorded.
 */
export async function writeTransaction<T>(context: Context, work: (tx: Tx, now: number) => Promise<T>): Promise<T> {
  await expireLeases(context);
  const now = context.clock();
  return withReserve(context, () => context.database.transaction().execute((tx) => work(tx, now)));
}
