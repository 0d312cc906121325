import type { DerivedKind } from './facts.ts';
import type { Failure } from './failure.ts';
import {
  DEFAULT_PROXY_PROFILE,
  DEFAULT_THUMBNAIL_PROFILE,
  DEFAULT_TRANSCRIPTION_PROFILE,
  PROXY_PROFILES,
  THUMBNAIL_PROFILES,
  TRANSCRIPTION_PROFILES,
} from './profiles.ts';

export const JOB_TYPES = [
  'generate_video_proxies',
  'generate_thumbnails',
  'generate_audio_waveform',
  'transcribe_audio',
] as const;
export type JobType = (typeof JOB_TYPES)[number];

export const JOB_STATUSES = ['pending', 'claimed', 'completed', 'failed'] as const;
export type JobStatus = (typeof JOB_STATUSES)[number];

/** Function and major version, never a technology (protocol.md, Job). */
export const CAPABILITY_OF = {
  generate_video_proxies: 'media.proxies.video@1',
  generate_thumbnails: 'media.thumbnails@1',
  generate_audio_waveform: 'audio.waveform@1',
  transcribe_audio: 'speech.transcription@1',
} as const satisfies Record<JobType, string>;

export type CapabilityName = (typeof CAPABILITY_OF)[JobType];

export const CAPABILITIES: readonly CapabilityName[] = Object.values(CAPABILITY_OF);

/** `CAPABILITY_OF` the other way round, which the compiler does not see. */
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

/** What people type for a job type, and read beside a progress bar. */
export const SHORT_NAME_OF = {
  generate_video_proxies: 'proxies',
  generate_thumbnails: 'thumbnails',
  generate_audio_waveform: 'waveform',
  transcribe_audio: 'transcript',
} as const satisfies Record<JobType, string>;

/** What a source must hold for a job to be of use; photos are pictures without a clip around them. */
export const FITS: Readonly<
  Record<JobType, { readonly clip: 'any' | 'picture' | 'sound'; readonly photo: boolean; readonly unreadable: boolean }>
> = {
  generate_video_proxies: { clip: 'any', photo: false, unreadable: true },
  generate_thumbnails: { clip: 'picture', photo: true, unreadable: true },
  generate_audio_waveform: { clip: 'sound', photo: false, unreadable: true },
  // That a file cannot be read is said often enough by the others.
  transcribe_audio: { clip: 'sound', photo: false, unreadable: false },
};

/** Kinds of derived files that a result is made of. */
export const KINDS_OF: Readonly<Record<JobType, readonly DerivedKind[]>> = {
  generate_video_proxies: ['proxy_video', 'proxy_audio'],
  generate_thumbnails: ['thumb'],
  generate_audio_waveform: ['waveform'],
  transcribe_audio: [],
};

/** What can be chosen for a job, by the names we have for it and those that JOB-TYPES has. */
export const INPUTS_OF = {
  generate_video_proxies: { proxyProfile: 'proxy_profile' },
  generate_thumbnails: { thumbnailProfile: 'thumbnail_profile' },
  generate_audio_waveform: {},
  transcribe_audio: { language: 'language', transcriptionProfile: 'transcription_profile' },
} as const satisfies Record<JobType, Readonly<Record<string, string>>>;

/** Which of the page's pictures stands for it (renderer/ui/icon.tsx). */
export const ICON_OF = {
  generate_video_proxies: 'video',
  generate_thumbnails: 'picture',
  generate_audio_waveform: 'wave',
  transcribe_audio: 'words',
} as const satisfies Record<JobType, string>;

/** The registry of a job type's profiles by name, and the one that a job without a choice means. */
interface ProfileRegistry {
  readonly standard: string;
  readonly profiles: Readonly<Record<string, { readonly name: string }>>;
}

/** null: the job type has no profile input (JOB-TYPES §3.3). */
export const PROFILES_OF: Readonly<Record<JobType, ProfileRegistry | null>> = {
  generate_video_proxies: { standard: DEFAULT_PROXY_PROFILE, profiles: PROXY_PROFILES },
  generate_thumbnails: { standard: DEFAULT_THUMBNAIL_PROFILE, profiles: THUMBNAIL_PROFILES },
  generate_audio_waveform: null,
  transcribe_audio: { standard: DEFAULT_TRANSCRIPTION_PROFILE, profiles: TRANSCRIPTION_PROFILES },
};

export function isJobType(value: string): value is JobType {
  return Object.hasOwn(CAPABILITY_OF, value);
}

export interface JobBase {
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

/** The profile by which a job is made, known here or not; null where its type has none. */
export function profileOf(job: Job): string | null {
  switch (job.jobType) {
    case 'generate_video_proxies':
      return job.proxyProfile ?? DEFAULT_PROXY_PROFILE;
    case 'generate_thumbnails':
      return job.thumbnailProfile ?? DEFAULT_THUMBNAIL_PROFILE;
    case 'transcribe_audio':
      return job.transcriptionProfile ?? DEFAULT_TRANSCRIPTION_PROFILE;
    case 'generate_audio_waveform':
      return null;
  }
}

/** What became of reading a job: an unknown type is not invalid, it is left to agents that know it. */
export type ParsedJob =
  | { readonly kind: 'valid'; readonly job: Job }
  | { readonly kind: 'unknown-type'; readonly jobType: string }
  | { readonly kind: 'invalid'; readonly failure: Failure };

/** `uncancel`: offers jobs again that were cancelled before anybody had begun with them. */
export const OPERATIONS = ['cancel', 'uncancel', 'hold', 'release', 'first', 'last', 'priority'] as const;
export type Operation = (typeof OPERATIONS)[number];
