import { sql } from 'kysely';
import type { PurgeAnswer } from '../../shared/wire-page.ts';
import { purgeAsset } from '../assets/derived.ts';
import type { Context } from '../context.ts';
import { forWrite } from '../database/dialect.ts';
import { record } from '../ledger/ledger.ts';
import { Problem } from '../problem.ts';
import { writeTransaction } from '../write-transaction.ts';
import { CANCELLED } from './lease.ts';

/**
 * Removes for good what was made of these files, and ends what still was to be made: waiting jobs at once, running ones
 * as any cancel. Sources are never touched; whoever adds the file anew begins from nothing. Unknown ones are passed over,
 * and what was purged before is purged again, so that a call that broke off can be repeated.
 */
export async function purgeAssets(context: Context, uuids: readonly string[], by: string): Promise<PurgeAnswer> {
  let [assets, files] = [0, 0];
  for (const uuid of uuids) {
    const removed = await unlessUnknown(purgeAsset(context, uuid, by));
    if (removed === null) continue;
    // From here on no job can be made of it: these are all.
    await endJobs(context, uuid, by);
    assets += 1;
    files += removed;
  }
  return { assets, files };
}

async function unlessUnknown(removing: Promise<number>): Promise<number | null> {
  try {
    return await removing;
  } catch (error) {
    if (error instanceof Problem && error.status === 404) return null;
    throw error;
  }
}

async function endJobs(context: Context, uuid: string, by: string): Promise<void> {
  await writeTransaction(context, async (tx, now) => {
    const open = tx
      .selectFrom('job')
      .select(['job_id', 'status', 'claimed_by'])
      .where('asset_uuid', '=', uuid)
      .where('status', 'in', [sql.lit('pending' as const), sql.lit('claimed' as const)])
      .orderBy('sequence');
    const jobs = await forWrite(tx, open).execute();
    const waiting = jobs.filter(({ status }) => status === 'pending').map(({ job_id }) => job_id);
    const held = jobs.filter(({ status }) => status === 'claimed').map(({ job_id }) => job_id);
    if (waiting.length > 0) {
      const cancelled = { ...CANCELLED, updated_at: now };
      await tx.updateTable('job').set(cancelled).where('job_id', 'in', waiting).execute();
    }
    if (held.length > 0) {
      await tx.updateTable('lease').set({ cancel_requested: 1 }).where('job_id', 'in', held).execute();
    }
    // Nobody can try these again, and nobody has to look at them.
    await tx
      .updateTable('job')
      .set({ cause: null, failed_by: null })
      .where('asset_uuid', '=', uuid)
      .where('status', '=', sql.lit('failed' as const))
      .where('cause', 'is not', null)
      .execute();
    if (jobs.length === 0) return;
    const lines = jobs.map(({ job_id: jobId, status, claimed_by: agentId }) => {
      const line = { at: now, jobId, operator: by };
      return status === 'pending'
        ? ({ ...line, event: 'jobCancelled' } as const)
        : ({ ...line, event: 'cancelRequested', agentId } as const);
    });
    await record(tx, ...lines);
  });
}
