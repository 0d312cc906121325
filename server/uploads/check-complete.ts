import type { UploadCompleteAnswer, UploadCompleteRequest } from '../../shared/wire.ts';
import { abandonUpload } from '../assets/abandon-upload.ts';
import type { Context } from '../context.ts';
import type { UploadPartRow, UploadRow } from '../database/schema.ts';
import { sha256 } from '../hash.ts';
import { earlierAnswer, keepAnswer, takeKey, type RequestIdentity } from '../idempotency/idempotency.ts';
import { livingLease } from '../jobs/lease.ts';
import { validationFailed, type FieldIssue } from '../problem.ts';
import { writeTransaction } from '../write-transaction.ts';
import { expectedPartSize, partCount, writableUpload } from './uploads.ts';

/** Somebody asks for a file to be made of the parts. */
export interface Completion {
  readonly assetUuid: string;
  readonly request: UploadCompleteRequest;
  readonly identity: RequestIdentity;
}

type Check =
  | { readonly kind: 'answered'; readonly answer: UploadCompleteAnswer }
  | { readonly kind: 'ready'; readonly upload: UploadRow };

/** Whether it was answered before, and else may be done. @throws Problem 404, 409, 410, 423 */
export async function checkComplete(context: Context, { assetUuid, request, identity }: Completion): Promise<Check> {
  return writeTransaction(context, async (tx, now) => {
    const earlier = await earlierAnswer(tx, identity);
    // The key's hash names the call: what it answered then is of the same type.
    if (earlier !== null) return { kind: 'answered', answer: earlier.answer as UploadCompleteAnswer };
    const { agentId } = identity;
    const { upload, job } = await writableUpload(tx, { uploadId: request.upload_id, assetUuid, agentId });
    const lease = { jobId: upload.job_id, agentId, lockToken: request.lock_token };
    const sameLease = upload.status === 'completed' && upload.lock_hash === sha256(request.lock_token);
    // A repeat under the lease that completed it is answered even after that lease has ended.
    if (!sameLease) await livingLease(tx, job, lease, context.leaseTime());
    if (upload.ref === null) return { kind: 'ready', upload };
    const answer = { ref: upload.ref };
    if ((await takeKey(tx, identity, now)) === null) await keepAnswer(tx, identity, answer);
    return { kind: 'answered', answer };
  });
}

type StoredPart = Pick<UploadPartRow, 'part_number' | 'etag' | 'size_bytes'>;

/** Names every part that is missing, unknown, listed twice or different, so that only those are sent again. @throws Problem 422 */
export function refuseIncomplete(
  upload: UploadRow,
  stored: readonly StoredPart[],
  request: UploadCompleteRequest,
): void {
  const issues: FieldIssue[] = [];
  const storedBy = new Map(stored.map((part) => [part.part_number, part]));
  const listed = new Map<number, string>();
  for (const [index, part] of request.parts.entries()) {
    const field = `parts.${index}`;
    const held = storedBy.get(part.part_number);
    if (listed.has(part.part_number)) issues.push({ field, message: `part ${part.part_number} is listed twice` });
    listed.set(part.part_number, part.etag);
    if (held === undefined) issues.push({ field, message: `part ${part.part_number} was never received` });
    else if (held.etag !== part.etag) {
      issues.push({ field, message: `part ${part.part_number} has the etag ${held.etag} here` });
    }
  }
  for (let number = 1; number <= partCount(upload); number += 1) {
    const held = storedBy.get(number);
    if (!listed.has(number)) issues.push({ field: 'parts', message: `part ${number} is not listed` });
    else if (held !== undefined && held.size_bytes !== expectedPartSize(upload, number)) {
      issues.push({ field: 'parts', message: `part ${number} has ${held.size_bytes} bytes` });
    }
  }
  if (issues.length > 0) throw validationFailed(issues);
}

/** The parts are what was sent, but not what was announced: nothing of this upload can be kept. */
export async function refuseWhole(
  context: Context,
  upload: UploadRow,
  written: { readonly sha256: string },
): Promise<Error> {
  const { upload_id: uploadId, asset_uuid: assetUuid, agent_id: agentId } = upload;
  const obsolete = await writeTransaction(context, async (tx) => {
    const { status } = (await writableUpload(tx, { uploadId, assetUuid, agentId })).upload;
    return status === 'open' ? abandonUpload(tx, uploadId) : [];
  });
  for (const name of obsolete) await context.files.discardPart(name);
  return validationFailed([
    { field: 'sha256', message: `the whole file has the sha256 ${written.sha256}, announced was ${upload.sha256}` },
  ]);
}
