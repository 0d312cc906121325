import type { Tx } from '../database/schema.ts';

/** Ends an upload without a file. Answers the names of its part files, to be removed once this is committed. */
export async function abandonUpload(tx: Tx, uploadId: string): Promise<string[]> {
  await tx.updateTable('upload').set({ status: 'expired' }).where('upload_id', '=', uploadId).execute();
  const removed = await tx.deleteFrom('upload_part').where('upload_id', '=', uploadId).returning('file_name').execute();
  return removed.map((row) => row.file_name).filter((name) => name !== '');
}
