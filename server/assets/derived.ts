import { z } from 'zod';
import type { DerivedEntry } from '../../shared/wire.ts';
import type { Context } from '../context.ts';
import { decodeCursor, encodeCursor } from '../cursor.ts';
import type { DerivedRow, Queries } from '../database/schema.ts';
import { record } from '../ledger/ledger.ts';
import { orNotFound, purged } from '../problem.ts';
import { abandonUpload } from './abandon-upload.ts';
import { assetOr404 } from './assets.ts';
import { writeTransaction } from '../write-transaction.ts';

const DerivedCursor = z.tuple([z.number(), z.number()]);

/** The accepted derived files of an asset, a page at a time: job by job, each in the order of its manifest. @throws Problem 404 */
export async function listDerived(
  database: Queries,
  assetUuid: string,
  query: { readonly cursor?: string | undefined; readonly limit: number },
): Promise<{ items: DerivedEntry[]; next_cursor?: string }> {
  await assetOr404(database, assetUuid);
  let select = database
    .selectFrom('derived')
    .innerJoin('job', 'job.job_id', 'derived.job_id')
    .selectAll('derived')
    .select('job.sequence')
    .where('derived.asset_uuid', '=', assetUuid)
    .where('derived.status', '=', 'accepted')
    .orderBy('job.sequence')
    .orderBy('derived.position')
    .limit(query.limit + 1);
  if (query.cursor !== undefined) {
    const [sequence, position] = decodeCursor(DerivedCursor, query.cursor);
    select = select.where((where) =>
      where.or([
        where('job.sequence', '>', sequence),
        where.and([where('job.sequence', '=', sequence), where('derived.position', '>', position)]),
      ]),
    );
  }
  const rows = await select.execute();
  const page = rows.slice(0, query.limit);
  const items = page.map(({ ref, kind, content_type, size_bytes, sha256, job_id }) => ({
    kind,
    ref,
    content_type,
    size_bytes,
    sha256,
    job_id,
  }));
  const last = page.at(-1);
  if (rows.length <= query.limit || last === undefined) return { items };
  return { items, next_cursor: encodeCursor([last.sequence, last.position]) };
}

/** One derived file that can be read. @throws Problem 404 unknown, 410 superseded or purged */
export async function readableDerived(database: Queries, assetUuid: string, ref: string): Promise<DerivedRow> {
  const found = database.selectFrom('derived').selectAll().where('ref', '=', ref).where('asset_uuid', '=', assetUuid);
  const row = orNotFound(await found.executeTakeFirst(), 'derived file');
  if (row.status === 'superseded') throw purged('This derived file was replaced by a newer result.');
  if (row.status === 'purged') throw purged('This derived file was purged.');
  return row;
}

/**
 * Removes everything derived from an asset for good; uploads for it answer 410 PURGED from now on.
 * @returns how many files that were. @throws Problem 404
 */
export async function purgeAsset(context: Context, assetUuid: string, by: string | null): Promise<number> {
  const { refs, partFiles } = await writeTransaction(context, async (tx, now) => {
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
      .where('job_id', 'in', tx.selectFrom('job').select('job_id').where('asset_uuid', '=', assetUuid))
      .where('status', '=', 'open')
      .execute();
    const partFiles: string[] = [];
    for (const { upload_id } of open) partFiles.push(...(await abandonUpload(tx, upload_id)));
    await record(tx, { at: now, event: 'assetPurged', operator: by, detail: { asset_uuid: assetUuid } });
    return { refs: gone.map((row) => row.ref), partFiles };
  });
  for (const ref of refs) await context.files.discardDerived(ref);
  for (const name of partFiles) await context.files.discardPart(name);
  return refs.length;
}
