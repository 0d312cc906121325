import type { PartUrlAnswer, PartUrlRequest, UploadPartAnswer } from '../../shared/wire.ts';
import type { Context } from '../context.ts';
import type { UploadRow } from '../database/schema.ts';
import type { Announced, Multiparts, ReceivedFile } from '../derived/store.ts';
import { livingLease } from '../jobs/lease.ts';
import { record } from '../ledger/ledger.ts';
import { notFound, uploadExpired } from '../problem.ts';
import { writeTransaction } from '../write-transaction.ts';
import type { PartFields } from './part-fields.ts';
import { refuseWrongSize, writableUpload } from './uploads.ts';

interface Sender {
  readonly assetUuid: string;
  readonly agentId: string;
}

/**
 * Passes a part that came through this server on to the store. Its file here is the caller's to remove.
 * @throws Problem 404, 409, 410, 422, 423
 */
export async function passPart(
  context: Context,
  assembly: Multiparts,
  where: Sender,
  fields: PartFields,
  file: ReceivedFile,
): Promise<UploadPartAnswer> {
  const name = await openPart(context, where, fields, file);
  const kept = await assembly.keep(name, fields.part_number, file);
  if (kept === null) throw gone();
  await openPart(context, where, fields, file, 'partStored');
  return { etag: kept.etag };
}

/**
 * Signs an address under which the store takes this part, once it is known that it may be written: whoever has it can put
 * these very bytes there, and nothing else. @throws Problem 404 also where parts come to this server, 409, 410, 422, 423
 */
export async function signPart(context: Context, where: Sender, request: PartUrlRequest): Promise<PartUrlAnswer> {
  const { assembly } = context.files;
  if (assembly.kind === 'files') throw notFound('This server takes parts itself.');
  const part = { sizeBytes: request.size_bytes, sha256: request.sha256 };
  const name = await openPart(context, where, request, part);
  const { url, headers, expiresInSeconds } = await assembly.sign(name, request.part_number, part);
  return { url, headers, expires_in_seconds: expiresInSeconds };
}

/**
 * What the store calls the upload that this part may be written to now, under a lease that is alive; the upload is
 * touched. `event`: goes into the ledger. @throws Problem 404, 409, 410, 422, 423
 */
async function openPart(
  context: Context,
  where: Sender,
  fields: PartFields,
  part: Announced,
  event?: 'partStored',
): Promise<string> {
  return writeTransaction(context, async (tx, now) => {
    const { upload, job } = await writableUpload(tx, { ...where, uploadId: fields.upload_id });
    const lease = { jobId: upload.job_id, agentId: where.agentId, lockToken: fields.lock_token };
    await livingLease(tx, job, lease, context.leaseTime());
    const name = nameInStore(upload);
    refuseWrongSize(upload, fields.part_number, part.sizeBytes);
    await tx
      .updateTable('upload')
      .set({ touched_at: context.leaseTime() })
      .where('upload_id', '=', upload.upload_id)
      .execute();
    if (event === undefined) return name;
    const detail = { upload_id: upload.upload_id, part_number: fields.part_number, etag: part.sha256 };
    await record(tx, { at: now, event, ...lease, detail });
    return name;
  });
}

function nameInStore(upload: UploadRow): string {
  if (upload.status === 'completed') {
    throw uploadExpired('The upload is complete and takes no other bytes; begin it anew.');
  }
  // It was begun while files lay elsewhere.
  if (upload.store_upload === null) throw gone();
  return upload.store_upload;
}

const gone = () => uploadExpired('The store does not have this upload any more; begin it anew.');
