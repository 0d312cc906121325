import type { Job, JobType } from './job.ts';
import {
  DEFAULT_PROXY_PROFILE,
  DEFAULT_THUMBNAIL_PROFILE,
  DEFAULT_TRANSCRIPTION_PROFILE,
  PROXY_PROFILES,
  THUMBNAIL_PROFILES,
  TRANSCRIPTION_PROFILES,
} from './profiles.ts';

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
