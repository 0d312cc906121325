import { createHash } from 'node:crypto';
import { openAsBlob } from 'node:fs';
import { join } from 'node:path';
import { failure, JobFailure } from '../../../shared/failure.ts';
import { crashPoint } from './crash-point.ts';
import type { Artifact } from '../../work/execution.ts';
import type { Upload } from '../journal/run.ts';
import type { Lease } from '../lease/leases.ts';
import { idempotencyKey } from '../server/idempotency-key.ts';
import type { Claimed } from './claim.ts';
import { insist, type Definite } from './insist.ts';
import type { Parts } from './parts.ts';
import { workspacePath } from '../../work/workspace/workspace.ts';

/** Parts of one upload under way at the same time (protocol.md). */
const PARTS_IN_FLIGHT = 2;
/** A part that the server refuses is sent this often before the upload counts as failed. */
const TRIES_PER_PART = 3;
/** An upload is begun anew this often. */
const MAX_GENERATIONS = 4;
/** Below this, splitting further after a 413 makes no sense. */
const MIN_PART_BYTES = 64 * 1024;

export interface UploadDeps {
  readonly parts: Parts;
  readonly run: Claimed;
  readonly lease: Lease;
  readonly signal: AbortSignal;
}

/** The upload has to stop, and not because of the file: the lease is gone, the job purged, or the agent stops. */
export type UploadInterruption = 'lease-lost' | 'job-purged' | 'interrupted';

export type Uploaded = { readonly kind: 'uploaded'; readonly ref: string } | { readonly kind: UploadInterruption };

/** What one step of an upload came to when it did not just succeed. */
type Trouble = { readonly kind: UploadInterruption } | { readonly kind: 'anew'; readonly partSize?: number };

/**
 * Uploads one artifact by parts, streamed from disk, resumable over restarts: only what the server does not hold yet
 * is sent. Throws JobFailure UPLOAD_FAILED when the server will not have it.
 */
export async function uploadArtifact(deps: UploadDeps, index: number, artifact: Artifact): Promise<Uploaded> {
  const { journal } = deps.parts;
  let upload = journal.upload(deps.run.runId, index);
  if (upload?.ref !== undefined) return { kind: 'uploaded', ref: upload.ref };
  const stop = upload?.uploadId === undefined ? null : await learnParts(deps, index, upload.uploadId);
  if (stop !== null) return stop;
  for (;;) {
    upload = journal.upload(deps.run.runId, index) ?? journal.restartUpload(deps.run.runId, index);
    if (upload.generation >= MAX_GENERATIONS) throw uploadFailed(artifact, 'it had to be begun anew too often');
    const result = await tryUpload(deps, artifact, upload);
    if (result.kind !== 'anew') return result;
    journal.restartUpload(deps.run.runId, index, result.partSize);
  }
}

/**
 * After a restart the server is asked which parts it holds; one that cannot say so gets the upload anew, and an answer that
 * cannot be read leaves it at the receipts in the journal: the same upload goes on.
 */
async function learnParts(deps: UploadDeps, index: number, uploadId: string): Promise<Uploaded | null> {
  const { parts, run } = deps;
  const known = await insist(context(deps), 'upload-status', (signal) =>
    parts.client.uploadStatus(run.assetUuid, uploadId, signal),
  );
  switch (known.reaction) {
    case 'lease-lost':
    case 'job-purged':
    case 'interrupted':
      return { kind: known.reaction };
    case 'accept':
      if (known.body !== undefined) parts.journal.replaceParts(run.runId, index, known.body);
      return null;
    case 'do-without':
      return null;
    default:
      parts.journal.restartUpload(run.runId, index);
      return null;
  }
}

async function tryUpload(deps: UploadDeps, artifact: Artifact, begun: Upload): Promise<Uploaded | Trouble> {
  const opened = await initiate(deps, artifact, begun);
  if ('kind' in opened) return opened;
  const sent = await sendParts(deps, artifact, opened);
  if (sent !== null) return sent;
  return complete(deps, artifact, opened);
}

type Opened = Upload & { readonly uploadId: string; readonly partSize: number };

async function initiate(deps: UploadDeps, artifact: Artifact, upload: Upload): Promise<Opened | Trouble> {
  const { parts, run, lease } = deps;
  if (upload.uploadId !== undefined && upload.partSize !== undefined) {
    return { ...upload, uploadId: upload.uploadId, partSize: upload.partSize };
  }
  const wish = { jobId: run.jobId, lockToken: lease.lockToken, artifact };
  const key = keyOf(deps, 'upload-init', upload);
  const answer = await insist(context(deps), 'upload-init', (signal) =>
    parts.client.uploadInit(run.assetUuid, wish, key, signal),
  );
  if (answer.reaction !== 'accept' || answer.body === undefined) return troubleOf(answer, artifact);
  const { uploadId, maxPartSize, uploadUrl } = answer.body;
  const opened: Opened = {
    ...upload,
    uploadId,
    partSize: Math.min(upload.partSize ?? maxPartSize, maxPartSize),
    ...(uploadUrl === undefined ? {} : { uploadUrl }),
  };
  parts.journal.saveUpload(run.runId, opened);
  crashPoint('upload-begun');
  return opened;
}

/** Sends the parts the journal does not know as held, at most two at a time; null when all are there. */
async function sendParts(deps: UploadDeps, artifact: Artifact, upload: Opened): Promise<Trouble | null> {
  const { parts, run } = deps;
  const held = new Set(parts.journal.parts(run.runId, upload.artifact).map((part) => part.number));
  const total = Math.ceil(artifact.sizeBytes / upload.partSize);
  const missing = Array.from({ length: total }, (_, index) => index + 1).filter((number) => !held.has(number));
  const url = parts.client.partUrl(run.assetUuid, upload.uploadUrl);
  if (url === null) throw uploadFailed(artifact, 'the server named an upload address of another origin');
  const file = await openAsBlob(join(workspacePath(parts.workFolder, run.runId), artifact.file));
  let trouble: Trouble | null = null;
  const sendNext = async (): Promise<void> => {
    for (let number = missing.shift(); number !== undefined && trouble === null; number = missing.shift()) {
      const start = (number - 1) * upload.partSize;
      const chunk = file.slice(start, Math.min(start + upload.partSize, artifact.sizeBytes));
      try {
        trouble ??= await sendPart(deps, artifact, upload, { url, number, chunk });
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
}

async function sendPart(deps: UploadDeps, artifact: Artifact, upload: Opened, part: Part): Promise<Trouble | null> {
  const { parts, run, lease } = deps;
  const sha256 = await sha256Of(part.chunk);
  for (let tries = 1; ; tries += 1) {
    const { number, chunk } = part;
    const sent = { uploadId: upload.uploadId, lockToken: lease.lockToken, number, chunk, fileName: artifact.file };
    const answer = await insist(context(deps), 'upload-part', (signal) =>
      parts.client.uploadPart(part.url, sent, sha256, signal),
    );
    if (answer.reaction === 'accept' && answer.body !== undefined) {
      parts.journal.savePart(run.runId, upload.artifact, { number, etag: answer.body.etag });
      crashPoint('part-stored');
      return null;
    }
    if (answer.reaction !== 'send-part-again') return troubleOf(answer, artifact, upload.partSize);
    if (tries >= TRIES_PER_PART) throw uploadFailed(artifact, `part ${part.number} was refused ${tries} times`);
  }
}

async function complete(deps: UploadDeps, artifact: Artifact, upload: Opened): Promise<Uploaded | Trouble> {
  const { parts, run, lease } = deps;
  const { uploadId } = upload;
  const held = parts.journal.parts(run.runId, upload.artifact);
  const key = keyOf(deps, 'upload-complete', upload);
  const answer = await insist(context(deps), 'upload-complete', (signal) =>
    parts.client.uploadComplete(run.assetUuid, { uploadId, lockToken: lease.lockToken, parts: held }, key, signal),
  );
  if (answer.reaction !== 'accept' || answer.body === undefined) return troubleOf(answer, artifact);
  parts.journal.saveUpload(run.runId, { ...upload, ref: answer.body.ref });
  crashPoint('upload-completed');
  return { kind: 'uploaded', ref: answer.body.ref };
}

function troubleOf(answer: Definite<unknown>, artifact: Artifact, partSize?: number): Trouble {
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

function context({ parts, lease, signal }: UploadDeps): Parameters<typeof insist>[0] {
  return { connection: parts.connection, clock: parts.clock, lease, signal };
}

function keyOf({ run, lease }: UploadDeps, step: 'upload-init' | 'upload-complete', upload: Upload): string {
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
