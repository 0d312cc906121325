import { randomUUID } from 'node:crypto';
import type { Selectable } from 'kysely';
import type { Asset, CreateAssetRequest } from '../../shared/wire.ts';
import { z } from 'zod';
import { iso, type Context } from '../context.ts';
import { decodeCursor, encodeCursor } from '../cursor.ts';
import { forUse, isPostgres } from '../database/dialect.ts';
import { foldedPath } from '../database/search.ts';
import type { AssetTable, Queries, Tx } from '../database/schema.ts';
import { record } from '../ledger/ledger.ts';
import { orNotFound } from '../problem.ts';
import { writeTransaction } from '../write-transaction.ts';

export type AssetRow = Omit<Selectable<AssetTable>, 'source_folded'>;

export async function findAsset(database: Queries, uuid: string): Promise<AssetRow | undefined> {
  return database.selectFrom('asset').selectAll().where('uuid', '=', uuid).executeTakeFirst();
}

/** @throws Problem 404 */
export async function assetOr404(database: Queries, uuid: string): Promise<AssetRow> {
  return orNotFound(await findAsset(database, uuid), 'asset');
}

/** The same within a transaction during which nobody purges it. @throws Problem 404 */
export async function assetForUse(tx: Tx, uuid: string): Promise<AssetRow> {
  const asset = forUse(tx, tx.selectFrom('asset').selectAll().where('uuid', '=', uuid));
  return orNotFound(await asset.executeTakeFirst(), 'asset');
}

/** The asset of this source path: the one that exists, or a new one. A purged one comes back to life. */
export async function createAsset(context: Context, request: CreateAssetRequest, by: string): Promise<Asset> {
  return writeTransaction(context, async (tx, now) => wireAsset(await assetOfPath(tx, request, now, by)));
}

/** The same within a transaction. */
export async function assetOfPath(tx: Tx, request: CreateAssetRequest, now: number, by: string): Promise<AssetRow> {
  const known = await tx
    .selectFrom('asset')
    .selectAll()
    .where('source_path', '=', request.source_path)
    .executeTakeFirst();
  if (known !== undefined) {
    const mediaType = request.media_type ?? known.media_type;
    await tx
      .updateTable('asset')
      .set({ media_type: mediaType, purged_at: null })
      .where('uuid', '=', known.uuid)
      .execute();
    return { ...known, media_type: mediaType, purged_at: null };
  }
  const row: AssetRow = {
    uuid: randomUUID(),
    source_path: request.source_path,
    media_type: request.media_type ?? null,
    created_at: now,
    purged_at: null,
  };
  const searched = isPostgres(tx) ? { source_folded: foldedPath(row.source_path) } : {};
  await tx
    .insertInto('asset')
    .values({ ...row, ...searched })
    .execute();
  await record(tx, { at: now, event: 'assetCreated', operator: by, detail: { asset_uuid: row.uuid } });
  return row;
}

const AssetCursor = z.tuple([z.number(), z.string()]);

/** Assets in order of creation, a page at a time. */
export async function listAssets(
  context: Context,
  query: { readonly cursor?: string | undefined; readonly limit: number },
): Promise<{ items: Asset[]; next_cursor?: string }> {
  let select = context.database
    .selectFrom('asset')
    .selectAll()
    .orderBy('created_at')
    .orderBy('uuid')
    .limit(query.limit + 1);
  if (query.cursor !== undefined) {
    const [createdAt, uuid] = decodeCursor(AssetCursor, query.cursor);
    select = select.where((where) =>
      where.or([
        where('created_at', '>', createdAt),
        where.and([where('created_at', '=', createdAt), where('uuid', '>', uuid)]),
      ]),
    );
  }
  const rows = await select.execute();
  const page = rows.slice(0, query.limit);
  const last = page.at(-1);
  const items = page.map(wireAsset);
  if (rows.length <= query.limit || last === undefined) return { items };
  return { items, next_cursor: encodeCursor([last.created_at, last.uuid]) };
}

export function wireAsset(row: AssetRow): Asset {
  return {
    uuid: row.uuid,
    source_path: row.source_path,
    media_type: row.media_type ?? undefined,
    created_at: iso(row.created_at),
  };
}
