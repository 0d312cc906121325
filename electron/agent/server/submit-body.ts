import { assertNever } from '../../../shared/assert-never.ts';
import { SubmitRequest } from '../../../shared/wire-results.ts';
import type { DerivedRef, TechnicalMetadata } from '../../../shared/facts.ts';
import type { Artifact, ExecutionSuccess } from '../../work/execution.ts';

/** What is handed in, or why it cannot be: `where` is a path of field names. */
type SubmitBody =
  | { readonly kind: 'fits'; readonly body: string }
  | { readonly kind: 'unfit'; readonly where: string; readonly why: string };

/** Checked before it is sent: what does not fit the protocol is our own fault, and no server's business. */
export function submitBody(lockToken: string, success: ExecutionSuccess, refs: readonly string[]): SubmitBody {
  const checked = SubmitRequest.safeParse(resultOf(lockToken, success, refs));
  if (checked.success) return { kind: 'fits', body: JSON.stringify(checked.data) };
  const issue = checked.error.issues[0];
  return { kind: 'unfit', where: issue?.path.join('.') ?? 'output', why: issue?.message ?? '' };
}

/**
 * From what was executed and the refs the uploads gave (protocol.md, Results): `output` in JOB-TYPES's shape and `result`
 * with the same entries, so that the two can never disagree.
 */
function resultOf(lockToken: string, success: ExecutionSuccess, refs: readonly string[]): SubmitRequest {
  const derived = success.artifacts.map((artifact, index) => derivedRef(artifact, refs[index]));
  const entry = (index: number): DerivedRef => derived[index] ?? missing(index);
  const { outputs } = success;
  const facts: TechnicalMetadata | undefined =
    success.facts ?? (outputs.jobType === 'generate_video_proxies' ? outputs.facts : undefined);
  const common = { lock_token: lockToken, success: true as const, errors: [] };
  const result = {
    ...(facts === undefined ? {} : { facts }),
    derived_manifest: derived,
    warnings: [...success.warnings],
    metrics: { ...success.metrics },
  };
  switch (outputs.jobType) {
    case 'generate_video_proxies': {
      const proxy_files = outputs.proxies.map(({ artifact, profile }) => ({ ...entry(artifact), profile }));
      const output = { proxy_files, technical_metadata: outputs.facts };
      return { ...common, job_type: outputs.jobType, output, result };
    }
    case 'generate_thumbnails': {
      const thumbnails = outputs.thumbs.map((thumb) => ({ ...entry(thumb.artifact), ...thumb.facts }));
      return { ...common, job_type: outputs.jobType, output: { thumbnails }, result };
    }
    case 'generate_audio_waveform': {
      const waveform_data = { ref: entry(outputs.artifact).ref, ...outputs.waveform };
      return { ...common, job_type: outputs.jobType, output: { waveform_data }, result };
    }
    case 'transcribe_audio': {
      const { text, segments, confidence } = outputs.transcript;
      const output = {
        transcript_text: text,
        segments: segments.map(({ start_ms, end_ms, text: words }) => ({ start_ms, end_ms, text: words })),
        ...(confidence === undefined ? {} : { confidence }),
      };
      return { ...common, job_type: outputs.jobType, output, result: { ...result, transcript: outputs.transcript } };
    }
    default:
      return assertNever(outputs);
  }
}

function derivedRef({ kind, contentType, sizeBytes, sha256 }: Artifact, ref: string | undefined): DerivedRef {
  return { kind, ref: ref ?? missing(-1), content_type: contentType, size_bytes: sizeBytes, sha256 };
}

function missing(index: number): never {
  throw new Error(`An output refers to artifact ${index}, which was not uploaded`);
}
