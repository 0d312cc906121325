import { z } from 'zod';
import {
  DerivedRef,
  ProxyEntry,
  Segment,
  TechnicalMetadata,
  ThumbEntry,
  Transcript,
  Warning,
  WaveformData,
} from './facts.ts';
import type { JobType } from './job.ts';

/** Results on the wire: what each job type hands in, and in what its two forms must agree (protocol.md, Results). */

const Metrics = z.record(z.string(), z.unknown());

/** `output` by job type: the shape JOB-TYPES names. */
const OUTPUTS = {
  generate_video_proxies: z.object({ proxy_files: z.array(ProxyEntry).min(1), technical_metadata: TechnicalMetadata }),
  generate_thumbnails: z.object({ thumbnails: z.array(ThumbEntry).min(1) }),
  generate_audio_waveform: z.object({ waveform_data: WaveformData }),
  transcribe_audio: z.object({
    transcript_text: z.string(),
    segments: z.array(Segment).optional(),
    confidence: z.number().min(0).max(1).optional(),
  }),
} as const satisfies Record<JobType, z.ZodType>;

const Result = z.object({
  facts: TechnicalMetadata.optional(),
  derived_manifest: z.array(DerivedRef),
  transcript: Transcript.optional(),
  warnings: z.array(Warning),
  metrics: Metrics,
});

const submitOf = <T extends JobType>(jobType: T) =>
  z.object({
    lock_token: z.string().min(1),
    job_type: z.literal(jobType),
    success: z.literal(true),
    errors: z.array(z.unknown()).max(0),
    output: OUTPUTS[jobType],
    result: Result,
  });

export const SubmitRequest = z.discriminatedUnion('job_type', [
  submitOf('generate_video_proxies'),
  submitOf('generate_thumbnails'),
  submitOf('generate_audio_waveform'),
  submitOf('transcribe_audio'),
]);
export type SubmitRequest = z.infer<typeof SubmitRequest>;

interface Disagreement {
  readonly field: string;
  readonly message: string;
}

/** Where `output` and `result` differ, which "never disagree" (protocol.md, Results). Pure. */
export function formsDisagree(request: SubmitRequest): Disagreement[] {
  const manifest = new Map(request.result.derived_manifest.map((entry) => [entry.ref, entry]));
  switch (request.job_type) {
    case 'generate_video_proxies': {
      const issues = listDisagrees('output.proxy_files', request.output.proxy_files, manifest);
      const { facts } = request.result;
      if (facts !== undefined && !sameJson(facts, request.output.technical_metadata)) {
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
): Disagreement[] {
  const issues = entries.flatMap((entry, index) =>
    differences(`${field}.${index}`, entry, manifest.get(entry.ref), 'is missing in result.derived_manifest'),
  );
  const named = new Set(entries.map((entry) => entry.ref));
  for (const ref of manifest.keys()) {
    if (!named.has(ref)) issues.push({ field, message: `lacks ${ref}, which result.derived_manifest has` });
  }
  return issues;
}

function outOfOrder(thumbnails: readonly { readonly time_ms: number }[]): Disagreement[] {
  const index = thumbnails.findIndex((each, at) => at > 0 && each.time_ms < (thumbnails[at - 1]?.time_ms ?? 0));
  return index < 0 ? [] : [{ field: `output.thumbnails.${index}.time_ms`, message: 'is not in time order' }];
}

function waveformDisagrees(
  waveform: { readonly ref: string; readonly bucket_count: number; readonly samples: readonly number[] },
  manifest: ReadonlyMap<string, DerivedRef>,
): Disagreement[] {
  const issues: Disagreement[] = [];
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

function transcriptDisagrees(output: SpeechOutput, transcript: SubmitRequest['result']['transcript']): Disagreement[] {
  if (transcript === undefined) return [{ field: 'result.transcript', message: 'is missing' }];
  const issues: Disagreement[] = [];
  if (transcript.text !== output.transcript_text) {
    issues.push({ field: 'result.transcript.text', message: 'differs from output.transcript_text' });
  }
  if (transcript.confidence !== output.confidence) {
    issues.push({ field: 'result.transcript.confidence', message: 'differs from output.confidence' });
  }
  const plain = transcript.segments.map(({ start_ms, end_ms, text }) => ({ start_ms, end_ms, text }));
  if (output.segments !== undefined && !sameJson(plain, output.segments)) {
    issues.push({ field: 'result.transcript.segments', message: 'differ from output.segments' });
  }
  return issues;
}

/** What differs between two entries of one file; `missing` where there is no other. */
export function differences(
  field: string,
  entry: DerivedRef,
  other: DerivedRef | undefined,
  missing: string,
): Disagreement[] {
  if (other === undefined) return [{ field: `${field}.ref`, message: missing }];
  return (['kind', 'content_type', 'size_bytes', 'sha256'] as const)
    .filter((name) => entry[name] !== other[name])
    .map((name) => ({ field: `${field}.${name}`, message: `is ${entry[name]}, elsewhere ${other[name]}` }));
}

/** Both were read by one schema, which puts their fields in one order. */
function sameJson(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
