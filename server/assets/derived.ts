import type { DerivedEntry } from '../../shared/wire.ts';
import type { Context } from '../context.ts';
import type { DerivedRow, Queries } from '../database/schema.ts';
import { record } from '../ledger/ledger.ts';
import { notFound, purged } from '../problem.ts';
import { abandonUpload } from '../uploads/uploads.ts';
import { assetOr404 } from './assets.ts';
import { writing } from '../writing.ts';

/** The accepted derived files of an asset: job by job, each in the order of its manifest. @throws Problem 404 */
export async function listDerived(database: Queries, assetUuid: string): Promise<DerivedEntry[]> {
  await assetOr404(database, assetUuid);
  const rows = await database
    .selectFrom('derived')
    .innerJoin('job', 'job.job_id', 'derived.job_id')
    .selectAll('derived')
    .where('derived.asset_uuid', '=', assetUuid)
    .where('derived.status', '=', 'accepted')
    .orderBy('job.sequence')
    .orderBy('derived.position')
    .execute();
  return rows.map(({ ref, kind, content_type, size_bytes, sha256, job_id }) => ({
    kind,
    ref,
    content_type,
    size_bytes,
    sha256,
    job_id,
  }));
}

/** One derived file that can be read. @throws Problem 404 unknown, 410 superseded or purged */
export async function readableDerived(database: Queries, assetUuid: string, ref: string): Promise<DerivedRow> {
  const row = await database
    .selectFrom('derived')
    .selectAll()
    .where('ref', '=', ref)
    .where('asset_uuid', '=', assetUuid)
    .executeTakeFirst();
  if (row === undefined) throw notFound('There is no such derived file.');
  if (row.status === 'superseded') throw purged('This derived file was replaced by a newer result.');
  if (row.status === 'purged') throw purged('This derived file was purged.');
  return row;
}

/** Removes everything derived from an asset for good; uploads for it answer 410 PURGED from now on. */
export async function purgeAsset(context: Context, assetUuid: string): Promise<void> {
  const { refs, partFiles } = await writing(context, async (tx, now) => {
    await assetOr404(tx, assetUuid);
    await tx.updateTable('asset').set({ purged_at: now }).where('uuid', '=', assetUuid).execute();
    const gone = await tx
      .updateTable('derived')
      .set({ status: 'purged', updated_at: now })
      .where('asset_uuid', '=', assetUuid)
      .where('status', 'in', ['uploaded', 'accepted'])
      .returning('ref')
      .execute();
    const open = await tx
      .selectFrom('upload')
      .select('upload_id')
      .where('asset_uuid', '=', assetUuid)
      .where('status', '=', 'open')
      .execute();
    const partFiles: string[] = [];
    for (const { upload_id } of open) partFiles.push(...(await abandonUpload(tx, upload_id)));
    await record(tx, { at: now, event: 'assetPurged', detail: { asset_uuid: assetUuid } });
    return { refs: gone.map((row) => row.ref), partFiles };
  });
  for (const ref of refs) await context.files.discardDerived(ref);
  for (const name of partFiles) await context.files.discardPart(name);
}
