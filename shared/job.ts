import { z } from 'zod';
import { failure, type Failure } from './failure.ts';
import { JOB_TYPES, type JobType, type WireJob } from './wire.ts';

/** Function and major version, never a technology (protocol.md, Job). */
export const CAPABILITY_OF = {
  generate_video_proxies: 'media.proxies.video@1',
  generate_thumbnails: 'media.thumbnails@1',
  generate_audio_waveform: 'audio.waveform@1',
  transcribe_audio: 'speech.transcription@1',
} as const satisfies Record<JobType, string>;

export type CapabilityName = (typeof CAPABILITY_OF)[JobType];

export const CAPABILITIES = Object.values(CAPABILITY_OF) as readonly CapabilityName[];

export const JOB_TYPE_OF = Object.fromEntries(
  Object.entries(CAPABILITY_OF).map(([jobType, capability]) => [capability, jobType]),
) as Record<CapabilityName, JobType>;

/** What JOB-TYPES §3 lays down for each type; the server writes it into jobs, the agent checks nothing against it. */
export const CONTRACT_OF: Record<
  JobType,
  { readonly expectedOutputs: readonly string[]; readonly invariants: readonly string[] }
> = {
  generate_video_proxies: {
    expectedOutputs: ['proxy_files', 'technical_metadata'],
    invariants: ['source_not_modified', 'no_file_moved', 'outputs_recreatable'],
  },
  generate_thumbnails: {
    expectedOutputs: ['thumbnails'],
    invariants: ['source_not_modified', 'outputs_recreatable'],
  },
  generate_audio_waveform: {
    expectedOutputs: ['waveform_data'],
    invariants: ['source_not_modified', 'output_identically_derivable'],
  },
  transcribe_audio: {
    expectedOutputs: ['transcript_text', 'segments', 'confidence'],
    invariants: ['source_not_modified', 'no_keep_reject_decision', 'output_recreatable'],
  },
};

export function isJobType(value: string): value is JobType {
  return (JOB_TYPES as readonly string[]).includes(value);
}

interface JobBase {
  readonly jobId: string;
  readonly assetUuid: string;
  readonly requiredCapabilities: readonly string[];
  readonly sourcePath: string;
  readonly priority: number;
}

/** A valid job, by type. Absent profiles stay absent: the profile registry knows the default. */
export type Job =
  | (JobBase & { readonly jobType: 'generate_video_proxies'; readonly proxyProfile?: string })
  | (JobBase & { readonly jobType: 'generate_thumbnails'; readonly thumbnailProfile?: string })
  | (JobBase & { readonly jobType: 'generate_audio_waveform' })
  | (JobBase & {
      readonly jobType: 'transcribe_audio';
      readonly language?: string;
      readonly transcriptionProfile?: string;
    });

export type JobOf<T extends JobType> = Extract<Job, { jobType: T }>;

const optionalText = z
  .string()
  .min(1)
  .nullish()
  .transform((value) => value ?? undefined);

/** The six parts that JOB-TYPES §2 makes mandatory (`job_type` is already a string here). */
const SixParts = z.object({
  asset_uuid: z.guid(),
  required_capabilities: z.array(z.string().min(1)).min(1),
  inputs: z.looseObject({
    asset_uuid: z.guid(),
    source_path: z.string().min(1),
    proxy_profile: optionalText,
    thumbnail_profile: optionalText,
    language: optionalText,
    transcription_profile: optionalText,
  }),
  expected_outputs: z.array(z.unknown()),
  invariants: z.array(z.unknown()),
});

export type ParsedJob =
  | { readonly kind: 'valid'; readonly job: Job }
  | { readonly kind: 'unknown-type'; readonly jobType: string }
  | { readonly kind: 'invalid'; readonly failure: Failure };

/**
 * Decides whether a job from the wire is one this agent may execute (JOB-TYPES §2, protocol.md "Job").
 * An unknown type is not invalid: it is left to agents that know it.
 */
export function parseJob(wire: WireJob): ParsedJob {
  if (!isJobType(wire.job_type)) return { kind: 'unknown-type', jobType: wire.job_type };
  const parsed = SixParts.safeParse(wire);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    const field = issue?.path.join('.') || 'job';
    return { kind: 'invalid', failure: invalid(field, issue?.message ?? 'is wrong') };
  }
  const { asset_uuid: assetUuid, inputs, required_capabilities: requiredCapabilities } = parsed.data;
  if (inputs.asset_uuid !== assetUuid) {
    return { kind: 'invalid', failure: invalid('inputs.asset_uuid', 'differs from asset_uuid') };
  }
  const base: JobBase = {
    jobId: wire.job_id,
    assetUuid,
    requiredCapabilities,
    sourcePath: inputs.source_path,
    priority: wire.priority ?? 0,
  };
  return { kind: 'valid', job: withInputs(wire.job_type, base, inputs) };
}

function withInputs(jobType: JobType, base: JobBase, inputs: z.infer<typeof SixParts>['inputs']): Job {
  const { proxy_profile, thumbnail_profile, language, transcription_profile } = inputs;
  switch (jobType) {
    case 'generate_video_proxies':
      return { ...base, jobType, ...(proxy_profile === undefined ? {} : { proxyProfile: proxy_profile }) };
    case 'generate_thumbnails':
      return { ...base, jobType, ...(thumbnail_profile === undefined ? {} : { thumbnailProfile: thumbnail_profile }) };
    case 'generate_audio_waveform':
      return { ...base, jobType };
    case 'transcribe_audio':
      return {
        ...base,
        jobType,
        ...(language === undefined ? {} : { language }),
        ...(transcription_profile === undefined ? {} : { transcriptionProfile: transcription_profile }),
      };
  }
}

function invalid(field: string, why: string): Failure {
  return failure('INVALID_JOB', `The job’s field “${field}” is missing or wrong: ${why}.`, { subject: field });
}
