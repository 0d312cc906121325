import { isDeepStrictEqual } from 'node:util';
import type { DerivedRef } from '../../shared/facts.ts';
import type { SubmitRequest } from '../../shared/wire.ts';
import { KINDS_OF } from '../../shared/job.ts';
import type { JobRow, Tx } from '../database/schema.ts';
import { validationFailed, type FieldIssue } from '../problem.ts';

/**
 * Holds a result against what was really uploaded for this job, and its two forms against each other: `output` and
 * `result` "never disagree" (protocol.md, Results). @throws Problem 422 with every disagreement
 */
export async function refuseWrongResult(tx: Tx, job: JobRow, request: SubmitRequest): Promise<void> {
  const issues: FieldIssue[] = [];
  if (request.job_type !== job.job_type) issues.push({ field: 'job_type', message: `the job is a ${job.job_type}` });
  if (job.invalid === 1) issues.push({ field: 'job_type', message: 'an invalid job can only be failed' });
  issues.push(...formsDisagree(request));
  const manifest = request.result.derived_manifest;
  const uploaded = await uploadedOf(tx, job, manifest);
  for (const [index, entry] of manifest.entries()) {
    const field = `result.derived_manifest.${index}`;
    if (!KINDS_OF[request.job_type].includes(entry.kind)) {
      issues.push({ field: `${field}.kind`, message: `a ${request.job_type} job has no ${entry.kind}` });
    }
    issues.push(...differences(field, entry, uploaded.get(entry.ref), 'was not uploaded for this job'));
  }
  if (issues.length > 0) throw validationFailed(issues);
}

async function uploadedOf(
  tx: Tx,
  job: JobRow,
  manifest: readonly DerivedRef[],
): Promise<ReadonlyMap<string, DerivedRef>> {
  if (manifest.length === 0) return new Map();
  const rows = await tx
    .selectFrom('derived')
    .select(['kind', 'ref', 'content_type', 'size_bytes', 'sha256'])
    .where('job_id', '=', job.job_id)
    .where('status', 'in', ['uploaded', 'accepted'])
    .execute();
  return new Map(rows.map((row) => [row.ref, row]));
}

function formsDisagree(request: SubmitRequest): FieldIssue[] {
  const manifest = new Map(request.result.derived_manifest.map((entry) => [entry.ref, entry]));
  switch (request.job_type) {
    case 'generate_video_proxies': {
      const issues = listDisagrees('output.proxy_files', request.output.proxy_files, manifest);
      const { facts } = request.result;
      if (facts !== undefined && !isDeepStrictEqual(facts, request.output.technical_metadata)) {
        issues.push({ field: 'result.facts', message: 'differs from output.technical_metadata' });
      }
      return issues;
    }
    case 'generate_thumbnails':
      return [
        ...listDisagrees('output.thumbnails', request.output.thumbnails, manifest),
        ...outOfOrder(request.output.thumbnails),
      ];
    case 'generate_audio_waveform':
      return waveformDisagrees(request.output.waveform_data, manifest);
    case 'transcribe_audio':
      return transcriptDisagrees(request.output, request.result.transcript);
  }
}

/** Several entries may share one file (tiles of a sheet), but both forms name the same files. */
function listDisagrees(
  field: string,
  entries: readonly DerivedRef[],
  manifest: ReadonlyMap<string, DerivedRef>,
): FieldIssue[] {
  const issues = entries.flatMap((entry, index) =>
    differences(`${field}.${index}`, entry, manifest.get(entry.ref), 'is missing in result.derived_manifest'),
  );
  const named = new Set(entries.map((entry) => entry.ref));
  for (const ref of manifest.keys()) {
    if (!named.has(ref)) issues.push({ field, message: `lacks ${ref}, which result.derived_manifest has` });
  }
  return issues;
}

function differences(field: string, entry: DerivedRef, other: DerivedRef | undefined, missing: string): FieldIssue[] {
  if (other === undefined) return [{ field: `${field}.ref`, message: missing }];
  return (['kind', 'content_type', 'size_bytes', 'sha256'] as const)
    .filter((name) => entry[name] !== other[name])
    .map((name) => ({ field: `${field}.${name}`, message: `is ${entry[name]}, elsewhere ${other[name]}` }));
}

function outOfOrder(thumbnails: readonly { readonly time_ms: number }[]): FieldIssue[] {
  const index = thumbnails.findIndex((each, at) => at > 0 && each.time_ms < (thumbnails[at - 1]?.time_ms ?? 0));
  return index < 0 ? [] : [{ field: `output.thumbnails.${index}.time_ms`, message: 'is not in time order' }];
}

function waveformDisagrees(
  waveform: { readonly ref: string; readonly bucket_count: number; readonly samples: readonly number[] },
  manifest: ReadonlyMap<string, DerivedRef>,
): FieldIssue[] {
  const issues: FieldIssue[] = [];
  const field = 'output.waveform_data';
  if (!manifest.has(waveform.ref)) {
    issues.push({ field: `${field}.ref`, message: 'is missing in result.derived_manifest' });
  }
  if (waveform.samples.length !== waveform.bucket_count) {
    issues.push({
      field: `${field}.bucket_count`,
      message: `is not the number of samples (${waveform.samples.length})`,
    });
  }
  return issues;
}

type SpeechOutput = Extract<SubmitRequest, { job_type: 'transcribe_audio' }>['output'];

function transcriptDisagrees(output: SpeechOutput, transcript: SubmitRequest['result']['transcript']): FieldIssue[] {
  if (transcript === undefined) return [{ field: 'result.transcript', message: 'is missing' }];
  const issues: FieldIssue[] = [];
  if (transcript.text !== output.transcript_text) {
    issues.push({ field: 'result.transcript.text', message: 'differs from output.transcript_text' });
  }
  if (transcript.confidence !== output.confidence) {
    issues.push({ field: 'result.transcript.confidence', message: 'differs from output.confidence' });
  }
  const plain = transcript.segments.map(({ start_ms, end_ms, text }) => ({ start_ms, end_ms, text }));
  if (output.segments !== undefined && !isDeepStrictEqual(plain, output.segments)) {
    issues.push({ field: 'result.transcript.segments', message: 'differ from output.segments' });
  }
  return issues;
}
