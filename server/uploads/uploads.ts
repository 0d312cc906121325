import type { UploadedPart } from '../../shared/wire.ts';
import type { Context } from '../context.ts';
import type { JobRow, Queries, Tx, UploadPartRow, UploadRow } from '../database/schema.ts';
import { jobForWrite } from '../jobs/lease.ts';
import { lockInvalid, notFound, uploadExpired, validationFailed, type Problem } from '../problem.ts';

interface UploadPlace {
  readonly uploadId: string;
  readonly assetUuid: string;
  readonly agentId: string;
}

/** Upload that an agent may know of. Another agent's is as unknown as one that never was. @throws Problem 404, 410 */
export async function uploadOf(database: Queries, where: UploadPlace): Promise<UploadRow> {
  const upload = await findUpload(database, where);
  if (upload.agent_id !== where.agentId) throw unknownUpload();
  return usable(upload);
}

/**
 * Upload that this agent may write to: under somebody else's lease nothing is written. Its job, and with it everything
 * of it, stays as it is until this transaction has ended. @throws Problem 404, 410, 423
 */
export async function writableUpload(tx: Tx, where: UploadPlace): Promise<{ upload: UploadRow; job: JobRow }> {
  const { job_id } = await findUpload(tx, where);
  // The job first and then once more, as everybody does who writes to both.
  const job = await jobForWrite(tx, job_id);
  const upload = await findUpload(tx, where);
  if (upload.agent_id !== where.agentId) throw lockInvalid();
  return { upload: usable(upload), job };
}

async function findUpload(database: Queries, where: UploadPlace): Promise<UploadRow> {
  const upload = await database
    .selectFrom('upload')
    .selectAll()
    .where('upload_id', '=', where.uploadId)
    .where('asset_uuid', '=', where.assetUuid)
    .executeTakeFirst();
  if (upload === undefined) throw unknownUpload();
  return upload;
}

const unknownUpload = (): Problem => notFound('There is no such upload; begin it anew.');

function usable(upload: UploadRow): UploadRow {
  if (upload.status === 'expired') throw uploadExpired('The upload has expired; begin it anew.');
  return upload;
}

export async function partsOf(database: Queries, uploadId: string): Promise<UploadPartRow[]> {
  return database
    .selectFrom('upload_part')
    .selectAll()
    .where('upload_id', '=', uploadId)
    .orderBy('part_number')
    .execute();
}

/** Bytes that part `partNumber` must have: all the same, the last one what is left. @throws Problem 422 */
export function expectedPartSize(upload: UploadRow, partNumber: number): number {
  const parts = partCount(upload);
  if (partNumber > parts) {
    throw validationFailed([{ field: 'part_number', message: `is beyond the ${parts} parts of this upload` }]);
  }
  return partNumber < parts ? upload.part_size : upload.size_bytes - upload.part_size * (parts - 1);
}

/** @throws Problem 422 */
export function refuseWrongSize(upload: UploadRow, partNumber: number, sizeBytes: number): void {
  const expected = expectedPartSize(upload, partNumber);
  if (sizeBytes === expected) return;
  const message = `part ${partNumber} must have ${expected} bytes and has ${sizeBytes}`;
  throw validationFailed([{ field: 'chunk', message }]);
}

export function partCount(upload: UploadRow): number {
  return Math.ceil(upload.size_bytes / upload.part_size);
}

/** The parts that need not be sent again: a part whose file was lost here is not among them. */
export async function heldParts(context: Context, upload: UploadRow): Promise<UploadedPart[]> {
  const { assembly } = context.files;
  if (assembly.kind === 'multipart') {
    // Of one that is complete the store has no parts any more; what is asked for next is its ref.
    if (upload.status === 'completed') return allParts(upload);
    const inStore = upload.store_upload === null ? null : await assembly.held(upload.store_upload);
    return (inStore ?? []).map(({ number, etag }) => ({ part_number: number, etag }));
  }
  const held: UploadedPart[] = [];
  for (const part of await partsOf(context.database, upload.upload_id)) {
    if (!(await isHeld(context, upload, part))) continue;
    held.push({ part_number: part.part_number, etag: part.etag });
  }
  return held;
}

function allParts(upload: UploadRow): UploadedPart[] {
  return Array.from({ length: partCount(upload) }, (_, index) => ({ part_number: index + 1, etag: upload.sha256 }));
}

/** A part of a completed upload has no file of its own: it lives on in the whole one. */
export async function isHeld(context: Context, upload: UploadRow, part: UploadPartRow): Promise<boolean> {
  const { assembly } = context.files;
  if (upload.status === 'completed') return true;
  return assembly.kind === 'files' && (await assembly.holdsPart(part.file_name, part.size_bytes));
}
