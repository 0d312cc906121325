import { sql } from 'kysely';
import type { Context } from './context.ts';
import type { Queries } from './database/schema.ts';
import { grantGrace } from './jobs/expire-leases.ts';
import { withReserve } from './reserve.ts';

/**
 * Rebases what an earlier process measured by its own lease clock, before anybody is served. Nobody knows how long the
 * server was away or whether the wall clock was set meanwhile, so: every lease gets one whole length of grace, every
 * open upload its whole time to live, and no job waits longer than its own backoff.
 */
export async function resumeAfterStart(context: Context): Promise<void> {
  const { shared } = context;
  if (shared === null) return withReserve(context, () => rebase(context, context.database));
  // While another process served, nothing stood still.
  await shared.asLeader('leases', async (tx) => {
    if ((await shared.wasAway(tx, context.leaseTime())) !== false) await rebase(context, tx);
  });
}

async function rebase({ settings, leaseTime }: Context, database: Queries): Promise<void> {
  const now = leaseTime();
  await grantGrace(database, now + settings.leaseMs);
  await database.updateTable('upload').set({ touched_at: now }).where('status', '=', 'open').execute();
  const waiting = await database
    .selectFrom('job')
    .select(['job_id', 'attempts', 'not_before'])
    .where('status', '=', sql.lit('pending' as const))
    .where('not_before', '>', now)
    .execute();
  for (const { job_id, attempts, not_before } of waiting) {
    const longest = now + settings.backoffMs(attempts);
    if (not_before === null || not_before <= longest) continue;
    await database.updateTable('job').set({ not_before: longest }).where('job_id', '=', job_id).execute();
  }
}
