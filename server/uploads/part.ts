import type { UploadPartAnswer } from '../../shared/wire.ts';
import type { Context } from '../context.ts';
import type { Database } from '../database/schema.ts';
import type { ReceivedFile } from '../derived/store.ts';
import { livingLease } from '../jobs/lease.ts';
import { record } from '../ledger/ledger.ts';
import { uploadExpired, validationFailed } from '../problem.ts';
import type { PartFields } from './part-fields.ts';
import { passPart } from './multipart-part.ts';
import { isHeld, refuseWrongSize, writableUpload } from './uploads.ts';
import { writeTransaction } from '../write-transaction.ts';

/**
 * Takes a part that is already on disk into its upload. A part that is sent again replaces the earlier one.
 * The file is removed when the part is refused. @throws Problem 404, 409, 410, 422, 423
 */
export async function storePart(
  context: Context,
  where: { readonly assetUuid: string; readonly agentId: string },
  fields: PartFields,
  file: ReceivedFile,
  declaredSha256: string | undefined,
): Promise<UploadPartAnswer> {
  const { assembly } = context.files;
  if (assembly.kind === 'multipart') {
    try {
      refuseOtherHash(fields.part_number, file, declaredSha256);
      return await passPart(context, assembly, where, fields, file);
    } finally {
      await context.files.discardPart(file.fileName);
    }
  }
  const kept = await accept(context, where, fields, file, declaredSha256).catch(async (error: unknown) => {
    if (await isUnnamed(context.database, file.fileName)) await context.files.discardPart(file.fileName);
    throw error;
  });
  context.meter.received(file.sizeBytes);
  // Committed: what it replaced goes, and may fail to go, without touching what is kept.
  if (kept.obsolete !== null) await context.files.discardPart(kept.obsolete);
  return { etag: file.sha256 };
}

async function accept(
  context: Context,
  where: { readonly assetUuid: string; readonly agentId: string },
  fields: PartFields,
  file: ReceivedFile,
  declaredSha256: string | undefined,
): Promise<{ readonly obsolete: string | null }> {
  return writeTransaction(context, async (tx, now) => {
    const { upload, job } = await writableUpload(tx, { ...where, uploadId: fields.upload_id });
    const lease = { jobId: upload.job_id, agentId: where.agentId, lockToken: fields.lock_token };
    await livingLease(tx, job, lease, context.leaseTime());
    refuseWrongSize(upload, fields.part_number, file.sizeBytes);
    refuseOtherHash(fields.part_number, file, declaredSha256);
    const earlier = await tx
      .selectFrom('upload_part')
      .selectAll()
      .where('upload_id', '=', upload.upload_id)
      .where('part_number', '=', fields.part_number)
      .executeTakeFirst();
    // The same bytes again change nothing; the copy just received goes, unless the earlier one was lost meanwhile.
    if (earlier?.etag === file.sha256 && (await isHeld(context, upload, earlier))) return { obsolete: file.fileName };
    if (upload.status === 'completed')
      throw uploadExpired('The upload is complete and takes no other bytes; begin it anew.');
    const touched = await tx
      .updateTable('upload')
      .set({ touched_at: context.leaseTime() })
      .where('upload_id', '=', upload.upload_id)
      .where('status', '=', 'open')
      .executeTakeFirst();
    if (touched.numUpdatedRows === 0n) throw uploadExpired('The upload has expired; begin it anew.');
    const row = { etag: file.sha256, size_bytes: file.sizeBytes, file_name: file.fileName };
    await tx
      .insertInto('upload_part')
      .values({ upload_id: upload.upload_id, part_number: fields.part_number, ...row })
      .onConflict((conflict) => conflict.columns(['upload_id', 'part_number']).doUpdateSet(row))
      .execute();
    const detail = { upload_id: upload.upload_id, part_number: fields.part_number, etag: file.sha256 };
    await record(tx, { at: now, event: 'partStored', ...lease, detail });
    return { obsolete: earlier?.file_name ?? null };
  });
}

/** A commit whose outcome is unknown may have named the file: it is only removed when that is certain not to be so. */
async function isUnnamed(database: Database, fileName: string): Promise<boolean> {
  try {
    const row = await database
      .selectFrom('upload_part')
      .select('upload_id')
      .where('file_name', '=', fileName)
      .executeTakeFirst();
    return row === undefined;
  } catch {
    return false;
  }
}

/** @throws Problem 422 */
function refuseOtherHash(partNumber: number, file: ReceivedFile, declaredSha256: string | undefined): void {
  if (declaredSha256 === undefined || declaredSha256.toLowerCase() === file.sha256) return;
  const message = `part ${partNumber} arrived with the sha256 ${file.sha256}`;
  throw validationFailed([{ field: 'X-Part-Sha256', message }]);
}
