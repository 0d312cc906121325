import { randomBytes, randomUUID } from 'node:crypto';
import type { UploadInitAnswer, UploadInitRequest } from '../../shared/wire.ts';
import { assetForUse } from '../assets/assets.ts';
import type { Context } from '../context.ts';
import type { Tx } from '../database/schema.ts';
import { sha256 } from '../hash.ts';
import { once, type RequestIdentity } from '../idempotency/idempotency.ts';
import { leasedJob } from '../jobs/lease.ts';
import { record } from '../ledger/ledger.ts';
import { purged, rateLimited, tooLarge, validationFailed } from '../problem.ts';
import { writeTransaction } from '../write-transaction.ts';

/** Most parts an upload may have; the wire's part numbers end there. */
const MAX_PARTS = 10_000;
/** RFC 9110 type/subtype with optional parameters, in printable ASCII: it is sent back as a header. */
const MEDIA_TYPE = /^[\w!#$&^.+-]+\/[\w!#$&^.+-]+( *; *[\w.+-]+=("[\x20-\x21\x23-\x5b\x5d-\x7e]*"|[\w.+-]+))*$/;

/** Begins the upload of one derived file. @throws Problem 404, 409, 410 purged asset, 413, 422, 423 */
export async function initUpload(
  context: Context,
  assetUuid: string,
  request: UploadInitRequest,
  identity: RequestIdentity,
): Promise<UploadInitAnswer> {
  refuseUnstorable(context, request);
  const { assembly } = context.files;
  if (assembly.kind === 'files') return (await open(context, assetUuid, request, identity, null)).answer;
  // Outside of the transaction, in which nobody waits for a store.
  const inStore = await assembly.begin(randomBytes(16).toString('hex'), request.content_type);
  let isUsed = false;
  try {
    const opened = await open(context, assetUuid, request, identity, inStore);
    isUsed = opened.isNew;
    return opened.answer;
  } finally {
    if (!isUsed) await context.files.discardPart(inStore);
  }
}

async function open(
  context: Context,
  assetUuid: string,
  request: UploadInitRequest,
  identity: RequestIdentity,
  inStore: string | null,
): Promise<{ readonly answer: UploadInitAnswer; readonly isNew: boolean }> {
  const { assembly } = context.files;
  let isNew = false;
  const answer = await writeTransaction(context, (tx, now) => {
    // A transaction may be begun again.
    isNew = false;
    return once(tx, identity, now, async () => {
      isNew = true;
      const asset = await assetForUse(tx, assetUuid);
      if (asset.purged_at !== null) throw purged('The asset was purged; nothing can be added to it.');
      const lease = { jobId: request.job_id, agentId: identity.agentId, lockToken: request.lock_token };
      const { job } = await leasedJob(tx, lease, context.leaseTime());
      if (job.asset_uuid !== assetUuid)
        throw validationFailed([{ field: 'job_id', message: 'is a job of another asset' }]);
      await refuseBeyondQuota(context, tx, identity.agentId, request.size_bytes);
      const uploadId = randomUUID();
      await tx
        .insertInto('upload')
        .values({
          upload_id: uploadId,
          asset_uuid: assetUuid,
          job_id: request.job_id,
          agent_id: identity.agentId,
          lock_hash: sha256(request.lock_token),
          kind: request.kind,
          content_type: request.content_type,
          size_bytes: request.size_bytes,
          sha256: request.sha256,
          part_size: context.settings.maxPartSizeBytes,
          status: 'open',
          ref: null,
          store_upload: inStore,
          created_at: now,
          touched_at: context.leaseTime(),
        })
        .execute();
      const { kind, size_bytes } = request;
      const detail = { upload_id: uploadId, kind, size_bytes };
      await record(tx, { at: now, event: 'uploadBegun', ...lease, detail });
      return {
        upload_id: uploadId,
        max_part_size_bytes: context.settings.maxPartSizeBytes,
        upload_url: undefined,
        part_url_origin: assembly.kind === 'multipart' ? assembly.origin() : undefined,
      };
    });
  });
  return { answer, isNew };
}

/** What a part may take on a slow link, a few times over. */
const QUOTA_RETRY_SECONDS = 30;

/** Of the jobs that it holds now: what it left open under leases that are over is no burden of its own. @throws Problem 429 */
async function refuseBeyondQuota(context: Context, tx: Tx, agentId: string, sizeBytes: number): Promise<void> {
  const { openUploadBytes: limit } = context.settings;
  if (limit === undefined) return;
  const open = await tx
    .selectFrom('lease')
    .innerJoin('upload', 'upload.job_id', 'lease.job_id')
    .select((select) => select.fn.sum<string | number | null>('upload.size_bytes').as('bytes'))
    .where('lease.agent_id', '=', agentId)
    .where('upload.status', '=', 'open')
    .executeTakeFirst();
  const bytes = Number(open?.bytes ?? 0);
  // One file is always taken, however large.
  if (bytes === 0 || bytes + sizeBytes <= limit) return;
  throw rateLimited(
    `This agent has ${bytes} bytes of uploads under way, and may have ${limit}; complete some of them first.`,
    QUOTA_RETRY_SECONDS,
    { open_bytes: bytes, limit_bytes: limit },
  );
}

function refuseUnstorable(context: Context, request: UploadInitRequest): void {
  const { maxPartSizeBytes, maxUploadSizeBytes } = context.settings;
  const limit = Math.min(maxUploadSizeBytes, maxPartSizeBytes * MAX_PARTS);
  if (request.size_bytes > limit) {
    throw tooLarge(`A derived file may have at most ${limit} bytes here.`, { max_size_bytes: limit });
  }
  if (!MEDIA_TYPE.test(request.content_type)) {
    throw validationFailed([{ field: 'content_type', message: 'is not a media type such as image/webp' }]);
  }
}
