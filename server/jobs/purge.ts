import { sql } from 'kysely';
import type { PurgeAnswer } from '../../shared/wire-page.ts';
import { purgeAsset } from '../assets/derived.ts';
import type { Context } from '../context.ts';
import { writeTransaction } from '../write-transaction.ts';
import { cancelAll } from './operate.ts';

/**
 * Removes for good what was made of these files, and ends what still was to be made: waiting jobs at once, running ones
 * as any cancel. Sources are never touched; whoever adds the file anew begins from nothing. Unknown ones are passed over,
 * and what was purged before is purged again, so that a call that broke off can be repeated.
 */
export async function purgeAssets(context: Context, uuids: readonly string[], by: string): Promise<PurgeAnswer> {
  const known = await context.database.selectFrom('asset').select('uuid').where('uuid', 'in', uuids).execute();
  let files = 0;
  for (const { uuid } of known) {
    files += await purgeAsset(context, uuid, by);
    // From here on no job can be made of it: these are all.
    await endJobs(context, uuid, by);
  }
  return { assets: known.length, files };
}

async function endJobs(context: Context, uuid: string, by: string): Promise<void> {
  const open = await context.database
    .selectFrom('job')
    .select('job_id')
    .where('asset_uuid', '=', uuid)
    .where('status', 'in', [sql.lit('pending' as const), sql.lit('claimed' as const)])
    .execute();
  await cancelAll(
    context,
    open.map(({ job_id }) => job_id),
    by,
  );
  // Nobody can try what failed again, and nobody has to look at it.
  await writeTransaction(context, async (tx) => {
    await tx
      .updateTable('job')
      .set({ cause: null, failed_by: null })
      .where('asset_uuid', '=', uuid)
      .where('status', '=', sql.lit('failed' as const))
      .where('cause', 'is not', null)
      .execute();
  });
}
