import {
  PartUrlAnswer,
  UploadInitAnswer,
  UploadStatusAnswer,
  type PartUrlRequest,
  type UploadCompleteRequest,
  type UploadedPart as WirePart,
  type UploadInitRequest,
} from '../../../shared/wire.ts';
import type { Artifact } from '../../work/execution.ts';
import type { UploadedPart } from '../journal/run.ts';
import type { SignedPart } from './store-calls.ts';

/** The words of uploads, a server's and ours (dialect.ts). */

export const UploadOpened = UploadInitAnswer.transform(
  ({ upload_id, max_part_size_bytes, upload_url, part_url_origin }) => ({
    uploadId: upload_id,
    maxPartSize: max_part_size_bytes,
    uploadUrl: upload_url,
    storeOrigin: part_url_origin,
  }),
);

export const PartSigned = PartUrlAnswer.transform(({ url, headers }): SignedPart => ({ url, headers }));

export const PartsHeld = UploadStatusAnswer.transform(({ parts }) =>
  parts.map(({ part_number, etag }): UploadedPart => ({ number: part_number, etag })),
);

export interface UploadRequest {
  readonly jobId: string;
  readonly lockToken: string;
  readonly artifact: Artifact;
}

export function uploadInitBody({ jobId, lockToken, artifact }: UploadRequest): string {
  const body: UploadInitRequest = {
    job_id: jobId,
    lock_token: lockToken,
    kind: artifact.kind,
    content_type: artifact.contentType,
    size_bytes: artifact.sizeBytes,
    sha256: artifact.sha256,
  };
  return JSON.stringify(body);
}

export interface PartToSend {
  readonly uploadId: string;
  readonly lockToken: string;
  readonly number: number;
  readonly chunk: Blob;
  readonly fileName: string;
}

export function partForm({ uploadId, lockToken, number, chunk, fileName }: PartToSend): FormData {
  const form = new FormData();
  form.set('upload_id', uploadId);
  form.set('lock_token', lockToken);
  form.set('part_number', String(number));
  form.set('chunk', chunk, fileName);
  return form;
}

export interface PartToSign {
  readonly uploadId: string;
  readonly lockToken: string;
  readonly number: number;
  readonly sizeBytes: number;
  readonly sha256: string;
}

export function partUrlBody({ uploadId, lockToken, number, sizeBytes, sha256 }: PartToSign): string {
  const body: PartUrlRequest = {
    upload_id: uploadId,
    lock_token: lockToken,
    part_number: number,
    size_bytes: sizeBytes,
    sha256,
  };
  return JSON.stringify(body);
}

export interface UploadToComplete {
  readonly uploadId: string;
  readonly lockToken: string;
  readonly parts: readonly UploadedPart[];
}

export function uploadCompleteBody({ uploadId, lockToken, parts }: UploadToComplete): string {
  const wireParts = parts.map(({ number, etag }): WirePart => ({ part_number: number, etag }));
  const body: UploadCompleteRequest = { upload_id: uploadId, lock_token: lockToken, parts: wireParts };
  return JSON.stringify(body);
}
