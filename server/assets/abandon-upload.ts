import type { Tx } from '../database/schema.ts';

/**
 * Ends an upload without a file. Answers the names of its parts, or what the store calls all of it, to be removed once
 * this is committed.
 */
export async function abandonUpload(tx: Tx, uploadId: string): Promise<string[]> {
  const ended = await tx
    .selectFrom('upload')
    .select('store_upload')
    .where('upload_id', '=', uploadId)
    .executeTakeFirst();
  await tx
    .updateTable('upload')
    .set({ status: 'expired', store_upload: null })
    .where('upload_id', '=', uploadId)
    .execute();
  const removed = await tx.deleteFrom('upload_part').where('upload_id', '=', uploadId).returning('file_name').execute();
  const inStore = ended?.store_upload ?? null;
  return [...(inStore === null ? [] : [inStore]), ...removed.map((row) => row.file_name).filter((name) => name !== '')];
}
