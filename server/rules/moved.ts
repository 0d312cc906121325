import { z } from 'zod';
import { isPostgres } from '../database/dialect.ts';
import { foldedPath } from '../database/search.ts';
import type { Context } from '../context.ts';
import type { Tx, WatchedRow } from '../database/schema.ts';
import { record } from '../ledger/ledger.ts';
import { seenFile } from './list-folder.ts';
import { pathOf, sourcePathOf, type FollowedRule } from './rule.ts';

/** What a job has stays as it is, and in its order: jobs are compared by their text. */
const Document = z.record(z.string(), z.unknown());

/** A file that was taken, under the name that it does not have any more. */
export interface Moved {
  readonly folder: string;
  readonly name: string;
  readonly assetUuid: string;
}

/** Whether a new file is one that was taken under another name: of the same size, time and quick hash, and not there. */
export async function whoMoved(
  { database }: Context,
  rule: FollowedRule,
  row: WatchedRow,
  hash: string,
): Promise<Moved | null> {
  const alike = await database
    .selectFrom('watched_file')
    .select(['folder', 'name', 'asset_uuid'])
    .where('rule_id', '=', rule.id)
    .where('quick_hash', '=', hash)
    .where('size_bytes', '=', row.size_bytes)
    .where('modified_ms', '=', row.modified_ms)
    .where('state', '=', 'taken')
    // In no order: for one of the table's key SQLite would go through the whole rule.
    .limit(20)
    .execute();
  for (const { folder, name, asset_uuid: assetUuid } of alike) {
    if (assetUuid === null || (await seenFile(pathOf(rule, folder, name))) !== null) continue;
    return { folder, name, assetUuid };
  }
  return null;
}

/**
 * The asset goes by its new path, and so do its jobs, whatever is made of it already. Answers its uuid; null: somebody
 * was faster, or the new path is an asset already.
 */
export async function moveAsset(
  tx: Tx,
  rule: FollowedRule,
  { folder, name, assetUuid }: Moved,
  path: string,
  now: number,
): Promise<string | null> {
  const known = await tx.selectFrom('asset').select('uuid').where('source_path', '=', path).executeTakeFirst();
  if (known !== undefined) return null;
  const { numDeletedRows } = await tx
    .deleteFrom('watched_file')
    .where('rule_id', '=', rule.id)
    .where('folder', '=', folder)
    .where('name', '=', name)
    .where('state', '=', 'taken')
    .where('asset_uuid', '=', assetUuid)
    .executeTakeFirst();
  if (numDeletedRows === 0n) return null;
  await tx
    .updateTable('asset')
    .set({ source_path: path, ...(isPostgres(tx) ? { source_folded: foldedPath(path) } : {}) })
    .where('uuid', '=', assetUuid)
    .execute();
  const jobs = await tx
    .selectFrom('job')
    .select(['job_id', 'document_json'])
    .where('asset_uuid', '=', assetUuid)
    .execute();
  for (const { job_id, document_json } of jobs) {
    const document = Document.parse(JSON.parse(document_json));
    const moved = JSON.stringify({ ...document, inputs: { ...Document.parse(document['inputs']), source_path: path } });
    await tx.updateTable('job').set({ document_json: moved }).where('job_id', '=', job_id).execute();
  }
  await tx
    .updateTable('watch_rule')
    .set((was) => ({ taken: was('taken', '-', 1) }))
    .where('rule_id', '=', rule.id)
    .execute();
  const detail = { asset_uuid: assetUuid, from: sourcePathOf(rule, folder, name), to: path };
  const line = { at: now, event: 'assetMoved', operator: rule.by, detail } as const;
  // Whoever looks at one of its jobs reads there why it has another name.
  await record(tx, ...(jobs.length === 0 ? [line] : jobs.map(({ job_id: jobId }) => ({ ...line, jobId }))));
  return assetUuid;
}
