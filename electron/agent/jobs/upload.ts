import { createHash } from 'node:crypto';
import { openAsBlob } from 'node:fs';
import { join } from 'node:path';
import { defined } from '../../../shared/objects.ts';
import { failure, JobFailure } from '../../../shared/failure.ts';
import { crashPoint } from './crash-point.ts';
import type { Artifact } from '../../work/execution.ts';
import type { Upload } from '../journal/run.ts';
import { directWay, putAtStore, type DirectWay } from './direct-part.ts';
import { idempotencyKey } from '../server/idempotency-key.ts';
import type { DeliveryContext } from './run-context.ts';
import { sendWithRetries, type DefiniteAnswer } from './send-with-retries.ts';
import { workspacePath } from '../../work/workspace/workspace.ts';

/** Parts of one upload under way at the same time (protocol.md). */
const PARTS_IN_FLIGHT = 2;
/** A part that the server refuses is sent this often before the upload counts as failed. */
const TRIES_PER_PART = 3;
/** An upload is begun anew this often. */
const MAX_GENERATIONS = 4;
/** Below this, splitting further after a 413 makes no sense. */
const MIN_PART_BYTES = 64 * 1024;

/** The upload has to stop, and not because of the file: the lease is gone, the job purged, or the agent stops. */
export type UploadInterruption = 'lease-lost' | 'job-purged' | 'interrupted';

export type Uploaded = { readonly kind: 'uploaded'; readonly ref: string } | { readonly kind: UploadInterruption };

/** What one step of an upload came to when it did not just succeed. */
type Trouble = { readonly kind: UploadInterruption } | { readonly kind: 'anew'; readonly partSize?: number };

/**
 * Uploads one artifact by parts, streamed from disk, resumable over restarts: only what the server does not hold yet
 * is sent. Throws JobFailure UPLOAD_FAILED when the server will not have it.
 */
export async function uploadArtifact(context: DeliveryContext, index: number, artifact: Artifact): Promise<Uploaded> {
  const { journal } = context;
  let upload = journal.upload(context.run.runId, index);
  if (upload?.ref !== undefined) return { kind: 'uploaded', ref: upload.ref };
  const stop = upload?.uploadId === undefined ? null : await learnParts(context, index, upload.uploadId);
  if (stop !== null) return stop;
  for (;;) {
    upload = journal.upload(context.run.runId, index) ?? journal.restartUpload(context.run.runId, index);
    if (upload.generation >= MAX_GENERATIONS) throw uploadFailed(artifact, 'it had to be begun anew too often');
    const result = await tryUpload(context, artifact, upload);
    if (result.kind !== 'anew') return result;
    journal.restartUpload(context.run.runId, index, result.partSize);
  }
}

/**
 * After a restart the server is asked which parts it holds; one that cannot say so gets the upload anew, and an answer that
 * cannot be read leaves it at the receipts in the journal: the same upload goes on.
 */
async function learnParts(context: DeliveryContext, index: number, uploadId: string): Promise<Uploaded | null> {
  const { client, journal, run } = context;
  const known = await sendWithRetries(context, 'upload-status', (signal) =>
    client.uploadStatus(run.assetUuid, uploadId, signal),
  );
  switch (known.reaction) {
    case 'lease-lost':
    case 'job-purged':
    case 'interrupted':
      return { kind: known.reaction };
    case 'accept':
      if (known.body !== undefined) journal.replaceParts(run.runId, index, known.body);
      return null;
    case 'do-without':
      return null;
    default:
      journal.restartUpload(run.runId, index);
      return null;
  }
}

async function tryUpload(context: DeliveryContext, artifact: Artifact, begun: Upload): Promise<Uploaded | Trouble> {
  const opened = await initiate(context, artifact, begun);
  if ('kind' in opened) return opened;
  const sent = await sendParts(context, artifact, opened);
  if (sent !== null) return sent;
  return complete(context, artifact, opened);
}

type Opened = Upload & { readonly uploadId: string; readonly partSize: number };

async function initiate(context: DeliveryContext, artifact: Artifact, upload: Upload): Promise<Opened | Trouble> {
  const { client, journal, run, lease } = context;
  if (upload.uploadId !== undefined && upload.partSize !== undefined) {
    return { ...upload, uploadId: upload.uploadId, partSize: upload.partSize };
  }
  const request = { jobId: run.jobId, lockToken: lease.lockToken, artifact };
  const key = keyOf(context, 'upload-init', upload);
  const answer = await sendWithRetries(context, 'upload-init', (signal) =>
    client.uploadInit(run.assetUuid, request, key, signal),
  );
  if (answer.reaction !== 'accept' || answer.body === undefined) return troubleOf(answer, artifact);
  const { uploadId, maxPartSize, uploadUrl, storeOrigin } = answer.body;
  const opened: Opened = {
    ...upload,
    uploadId,
    partSize: Math.min(upload.partSize ?? maxPartSize, maxPartSize),
    ...defined({ uploadUrl, storeOrigin }),
  };
  journal.saveUpload(run.runId, opened);
  crashPoint('upload-begun');
  return opened;
}

/** Sends the parts the journal does not know as held, at most two at a time; null when all are there. */
async function sendParts(context: DeliveryContext, artifact: Artifact, upload: Opened): Promise<Trouble | null> {
  const { client, journal, run } = context;
  const held = new Set(journal.parts(run.runId, upload.artifact).map((part) => part.number));
  const total = Math.ceil(artifact.sizeBytes / upload.partSize);
  const missing = Array.from({ length: total }, (_, index) => index + 1).filter((number) => !held.has(number));
  const url = client.partUrl(run.assetUuid, upload.uploadUrl);
  if (url === null) throw uploadFailed(artifact, 'the server named an upload address of another origin');
  const file = await openAsBlob(join(workspacePath(context.workFolder, run.runId), artifact.file));
  const way = directWay(context, upload.storeOrigin);
  let trouble: Trouble | null = null;
  const sendNext = async (): Promise<void> => {
    for (let number = missing.shift(); number !== undefined && trouble === null; number = missing.shift()) {
      const start = (number - 1) * upload.partSize;
      const chunk = file.slice(start, Math.min(start + upload.partSize, artifact.sizeBytes));
      try {
        trouble ??= await sendPart(context, artifact, upload, { url, number, chunk, way });
      } catch (error) {
        missing.length = 0;
        throw error;
      }
    }
  };
  // Both are waited for, also when one throws: nothing may be written once the failure is reported.
  const senders = await Promise.allSettled(Array.from({ length: PARTS_IN_FLIGHT }, sendNext));
  const broken = senders.find((sender) => sender.status === 'rejected');
  if (broken !== undefined) throw broken.reason;
  return trouble;
}

interface Part {
  readonly url: string;
  readonly number: number;
  readonly chunk: Blob;
  readonly way: DirectWay;
}

async function sendPart(
  context: DeliveryContext,
  artifact: Artifact,
  upload: Opened,
  part: Part,
): Promise<Trouble | null> {
  const { client, journal, run, lease } = context;
  const { number, chunk, way } = part;
  const sha256 = await sha256Of(chunk);
  const keep = (etag: string): null => {
    journal.savePart(run.runId, upload.artifact, { number, etag });
    crashPoint('part-stored');
    return null;
  };
  if (way.open) {
    const put = await putAtStore(context, way, { uploadId: upload.uploadId, number, chunk, sha256 });
    if (put.kind === 'stored') return keep(put.etag);
    if (put.kind === 'answered') return troubleOf(put.answer, artifact, upload.partSize);
  }
  for (let tries = 1; ; tries += 1) {
    const sent = { uploadId: upload.uploadId, lockToken: lease.lockToken, number, chunk, fileName: artifact.file };
    const answer = await sendWithRetries(context, 'upload-part', (signal) =>
      client.uploadPart(part.url, sent, sha256, signal),
    );
    if (answer.reaction === 'accept' && answer.body !== undefined) return keep(answer.body.etag);
    if (answer.reaction !== 'send-part-again') return troubleOf(answer, artifact, upload.partSize);
    if (tries >= TRIES_PER_PART) throw uploadFailed(artifact, `part ${number} was refused ${tries} times`);
  }
}

async function complete(context: DeliveryContext, artifact: Artifact, upload: Opened): Promise<Uploaded | Trouble> {
  const { client, journal, run, lease } = context;
  const { uploadId } = upload;
  const held = journal.parts(run.runId, upload.artifact);
  const key = keyOf(context, 'upload-complete', upload);
  const answer = await sendWithRetries(context, 'upload-complete', (signal) =>
    client.uploadComplete(run.assetUuid, { uploadId, lockToken: lease.lockToken, parts: held }, key, signal),
  );
  if (answer.reaction !== 'accept' || answer.body === undefined) return troubleOf(answer, artifact);
  journal.saveUpload(run.runId, { ...upload, ref: answer.body.ref });
  crashPoint('upload-completed');
  return { kind: 'uploaded', ref: answer.body.ref };
}

function troubleOf(answer: DefiniteAnswer<unknown>, artifact: Artifact, partSize?: number): Trouble {
  switch (answer.reaction) {
    case 'lease-lost':
    case 'job-purged':
    case 'interrupted':
      return { kind: answer.reaction };
    case 'begin-upload-anew':
      return { kind: 'anew' };
    case 'smaller-parts': {
      const smaller = Math.floor((partSize ?? 0) / 2);
      if (smaller < MIN_PART_BYTES) throw uploadFailed(artifact, 'the server finds even small parts too large');
      return { kind: 'anew', partSize: smaller };
    }
    default:
      throw uploadFailed(artifact, answer.reply?.summary ?? answer.reaction);
  }
}

function keyOf({ run, lease }: DeliveryContext, step: 'upload-init' | 'upload-complete', upload: Upload): string {
  const { artifact: output, generation } = upload;
  return idempotencyKey({ jobId: run.jobId, secret: lease.lockToken, step, output, generation });
}

async function sha256Of(chunk: Blob): Promise<string> {
  const hash = createHash('sha256');
  for await (const bytes of chunk.stream()) hash.update(bytes);
  return hash.digest('hex');
}

function uploadFailed(artifact: Artifact, why: string): JobFailure {
  return new JobFailure(failure('UPLOAD_FAILED', `The upload of ${artifact.file} failed: ${why}.`));
}
