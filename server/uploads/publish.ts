import type { UploadCompleteAnswer, UploadCompleteRequest } from '../../shared/wire.ts';
import type { Tx, UploadPartRow, UploadRow } from '../database/schema.ts';
import { sha256 } from '../hash.ts';
import { keepAnswer, takeKey, type RequestIdentity } from '../idempotency/idempotency.ts';
import { livingLease } from '../jobs/lease.ts';
import { record } from '../ledger/ledger.ts';
import { uploadExpired, validationFailed } from '../problem.ts';
import { partsOf, writableUpload } from './uploads.ts';

interface Publication {
  readonly request: UploadCompleteRequest;
  readonly identity: RequestIdentity;
  readonly upload: UploadRow;
  /** Of which it was made; null: the store's own, which nobody changes any more. */
  readonly parts: readonly UploadPartRow[] | null;
  readonly ref: string;
  /** Of the lease clock. */
  readonly leaseNow: number;
}

interface Published {
  /** Another one than was made here where another process was faster. */
  readonly ref: string;
  readonly obsolete: readonly string[];
}

/** Names the file that was made: from then on it counts. @throws Problem 404, 409, 410, 422, 423 */
export async function publish(tx: Tx, publication: Publication, now: number): Promise<Published> {
  const { request, identity, parts, ref, leaseNow } = publication;
  const { upload_id, asset_uuid, job_id, kind, content_type, size_bytes, sha256: hash } = publication.upload;
  const lease = { jobId: job_id, agentId: identity.agentId, lockToken: request.lock_token };
  const earlier = await takeKey(tx, identity, now);
  // As `keepAnswer` kept it below.
  if (earlier !== null) return { ...(earlier.answer as UploadCompleteAnswer), obsolete: [] };
  const { upload, job } = await writableUpload(tx, {
    uploadId: upload_id,
    assetUuid: asset_uuid,
    agentId: identity.agentId,
  });
  await livingLease(tx, job, lease, leaseNow);
  if (upload.ref !== null) {
    await keepAnswer(tx, identity, { ref: upload.ref });
    return { ref: upload.ref, obsolete: [] };
  }
  if (parts !== null) await refuseChanged(tx, upload_id, parts);
  const file = { ref, asset_uuid, job_id, kind, content_type, size_bytes, sha256: hash };
  await tx
    .insertInto('derived')
    .values({ ...file, status: 'uploaded', position: 0, created_at: now, updated_at: now })
    .execute();
  const completed = await tx
    .updateTable('upload')
    .set({ status: 'completed', ref, store_upload: null, lock_hash: sha256(request.lock_token), touched_at: leaseNow })
    .where('upload_id', '=', upload_id)
    .where('status', '=', 'open')
    .executeTakeFirst();
  if (completed.numUpdatedRows === 0n) throw uploadExpired('The upload has expired; begin it anew.');
  await record(tx, { at: now, event: 'uploadCompleted', ...lease, detail: { upload_id, ref, sha256: hash } });
  await keepAnswer(tx, identity, { ref });
  // The rows stay, so that an agent that lost the answer finds every part received; their files go.
  await tx.updateTable('upload_part').set({ file_name: '' }).where('upload_id', '=', upload_id).execute();
  return { ref, obsolete: (parts ?? []).map((part) => part.file_name) };
}

async function refuseChanged(tx: Tx, uploadId: string, parts: readonly UploadPartRow[]): Promise<void> {
  const current = await partsOf(tx, uploadId);
  const same = current.length === parts.length && current.every((part, index) => part.etag === parts[index]?.etag);
  if (same) return;
  throw validationFailed([{ field: 'parts', message: 'a part was sent again while the upload was being completed' }]);
}
