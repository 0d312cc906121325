import { randomBytes } from 'node:crypto';
import type { UploadCompleteAnswer, UploadCompleteRequest } from '../../shared/wire.ts';
import { abandonUpload } from '../assets/abandon-upload.ts';
import type { Context } from '../context.ts';
import type { Database, Tx, UploadPartRow, UploadRow } from '../database/schema.ts';
import { LostPart, type Announced } from '../derived/store.ts';
import { sha256 } from '../hash.ts';
import { earlierAnswer, keepAnswer, takeKey, type RequestIdentity } from '../idempotency/idempotency.ts';
import { livingLease } from '../jobs/lease.ts';
import { record } from '../ledger/ledger.ts';
import { uploadExpired, validationFailed, type FieldIssue } from '../problem.ts';
import { expectedPartSize, partCount, partsOf, writableUpload } from './uploads.ts';
import { writeTransaction } from '../write-transaction.ts';

/** Completes in progress, by upload: two repeats at the same time must not assemble two files. */
const inProgress = new WeakMap<Context, Map<string, Promise<unknown>>>();

/**
 * Makes one derived file of the parts. A repeat answers the same ref.
 * @throws Problem 404, 409, 410 also when a part was lost here, 422 with the parts at fault, 423
 */
export async function completeUpload(
  context: Context,
  assetUuid: string,
  request: UploadCompleteRequest,
  identity: RequestIdentity,
): Promise<UploadCompleteAnswer> {
  const running = inProgress.get(context) ?? new Map<string, Promise<unknown>>();
  inProgress.set(context, running);
  const before = running.get(request.upload_id) ?? Promise.resolve();
  const mine = before.then(
    () => completeAlone(context, assetUuid, request, identity),
    () => completeAlone(context, assetUuid, request, identity),
  );
  running.set(request.upload_id, mine);
  try {
    return await mine;
  } finally {
    if (running.get(request.upload_id) === mine) running.delete(request.upload_id);
  }
}

type Check =
  | { readonly kind: 'answered'; readonly answer: UploadCompleteAnswer }
  | { readonly kind: 'ready'; readonly upload: UploadRow; readonly parts: readonly UploadPartRow[] };

async function completeAlone(
  context: Context,
  assetUuid: string,
  request: UploadCompleteRequest,
  identity: RequestIdentity,
): Promise<UploadCompleteAnswer> {
  const look = () =>
    writeTransaction(context, (tx, now) => checkComplete(context, tx, { assetUuid, request, identity, now }));
  const check = await look();
  if (check.kind === 'answered') return check.answer;
  const { upload, parts } = check;
  const ref = randomBytes(16).toString('hex');
  const written = await assemble(context, ref, parts);
  if (written instanceof LostPart) {
    // Where another process was faster, its parts went because the file is made.
    const again = await look();
    if (again.kind === 'answered') return again.answer;
    throw await explainLost(context, parts, written);
  }
  if (written.sha256 !== upload.sha256 || written.sizeBytes !== upload.size_bytes) {
    await context.files.discardDerived(ref);
    throw await refuseWhole(context, upload, written);
  }
  const publication = { request, identity, upload, parts, ref, leaseNow: context.leaseTime() };
  const published = await writeTransaction(context, (tx, now) => publish(tx, publication, now)).catch(
    async (error: unknown) => {
      if (await isUnnamed(context.database, ref)) await context.files.discardDerived(ref);
      throw error;
    },
  );
  // Committed: from here on nothing of it may be taken back, whatever happens to what it replaced.
  for (const name of published.obsolete) await context.files.discardPart(name);
  if (published.ref !== ref) await context.files.discardDerived(ref);
  return { ref: published.ref };
}

/** Gigabytes may be joined here, so this is outside any transaction; the lease is compared again in the last one. */
async function assemble(context: Context, ref: string, parts: readonly UploadPartRow[]): Promise<Announced | LostPart> {
  const files = parts.map((part) => ({ fileName: part.file_name, sizeBytes: part.size_bytes, sha256: part.etag }));
  try {
    return await context.files.assembly.assemble(ref, files);
  } catch (error) {
    if (error instanceof LostPart) return error;
    throw error;
  }
}

async function explainLost(context: Context, parts: readonly UploadPartRow[], error: LostPart): Promise<Error> {
  const lost = parts.find((part) => part.file_name === error.fileName);
  context.log.error({ err: error, upload_id: lost?.upload_id }, 'a part that was received is lost or damaged');
  // What is left of it goes, so that the part is taken again when it is sent again.
  await context.files.discardPart(error.fileName);
  // 410: an agent that cannot send the one part again begins the upload anew, and either way it heals.
  return uploadExpired(`Part ${lost?.part_number ?? 0} was lost here; send it again, or begin the upload anew.`);
}

/** A commit whose outcome is unknown may have named the file: it is only removed when that is certain not to be so. */
async function isUnnamed(database: Database, ref: string): Promise<boolean> {
  try {
    const row = await database.selectFrom('derived').select('ref').where('ref', '=', ref).executeTakeFirst();
    return row === undefined;
  } catch {
    return false;
  }
}

interface Asked {
  readonly assetUuid: string;
  readonly request: UploadCompleteRequest;
  readonly identity: RequestIdentity;
  readonly now: number;
}

async function checkComplete(context: Context, tx: Tx, { assetUuid, request, identity, now }: Asked): Promise<Check> {
  const earlier = await earlierAnswer(tx, identity);
  // The key's hash names the call: what it answered then is of the same type.
  if (earlier !== null) return { kind: 'answered', answer: earlier.answer as UploadCompleteAnswer };
  const { upload, job } = await writableUpload(tx, {
    uploadId: request.upload_id,
    assetUuid,
    agentId: identity.agentId,
  });
  const lease = { jobId: upload.job_id, agentId: identity.agentId, lockToken: request.lock_token };
  const sameLease = upload.status === 'completed' && upload.lock_hash === sha256(request.lock_token);
  // A repeat under the lease that completed it is answered even after that lease has ended.
  if (!sameLease) await livingLease(tx, job, lease, context.leaseTime());
  if (upload.ref !== null) {
    const answer = { ref: upload.ref };
    if ((await takeKey(tx, identity, now)) === null) await keepAnswer(tx, identity, answer);
    return { kind: 'answered', answer };
  }
  const parts = await partsOf(tx, upload.upload_id);
  refuseIncomplete(upload, parts, request);
  return { kind: 'ready', upload, parts };
}

/** Names every part that is missing, unknown, listed twice or different, so that only those are sent again. */
function refuseIncomplete(upload: UploadRow, stored: readonly UploadPartRow[], request: UploadCompleteRequest): void {
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
async function refuseWhole(context: Context, upload: UploadRow, written: { readonly sha256: string }): Promise<Error> {
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

interface Publication {
  readonly request: UploadCompleteRequest;
  readonly identity: RequestIdentity;
  readonly upload: UploadRow;
  readonly parts: readonly UploadPartRow[];
  readonly ref: string;
  /** Of the lease clock. */
  readonly leaseNow: number;
}

interface Published {
  /** Another one than was made here where another process was faster. */
  readonly ref: string;
  readonly obsolete: readonly string[];
}

async function publish(tx: Tx, publication: Publication, now: number): Promise<Published> {
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
  const current = await partsOf(tx, upload_id);
  const same = current.length === parts.length && current.every((part, index) => part.etag === parts[index]?.etag);
  if (!same) {
    throw validationFailed([{ field: 'parts', message: 'a part was sent again while the upload was being completed' }]);
  }
  const file = { ref, asset_uuid, job_id, kind, content_type, size_bytes, sha256: hash };
  await tx
    .insertInto('derived')
    .values({ ...file, status: 'uploaded', position: 0, created_at: now, updated_at: now })
    .execute();
  const completed = await tx
    .updateTable('upload')
    .set({ status: 'completed', ref, lock_hash: sha256(request.lock_token), touched_at: leaseNow })
    .where('upload_id', '=', upload_id)
    .where('status', '=', 'open')
    .executeTakeFirst();
  if (completed.numUpdatedRows === 0n) throw uploadExpired('The upload has expired; begin it anew.');
  await record(tx, { at: now, event: 'uploadCompleted', ...lease, detail: { upload_id, ref, sha256: hash } });
  await keepAnswer(tx, identity, { ref });
  // The rows stay, so that an agent that lost the answer finds every part received; their files go.
  await tx.updateTable('upload_part').set({ file_name: '' }).where('upload_id', '=', upload_id).execute();
  return { ref, obsolete: parts.map((part) => part.file_name) };
}
