import { TRANSCRIPT_FORMATS, type TranscriptFormat } from '../../../shared/transcript-formats.ts';
import type { JobType } from '../../../shared/job.ts';
import { CommandError } from '../exit.ts';

/** Short names of the job types on the command line. */
export const JOB_NAMES = {
  proxies: 'generate_video_proxies',
  thumbnails: 'generate_thumbnails',
  waveform: 'generate_audio_waveform',
  transcript: 'transcribe_audio',
} as const satisfies Record<string, JobType>;

export type JobName = keyof typeof JOB_NAMES;

/** `proxies,thumbnails` → job types. Throws CommandError naming what is unknown. */
export function parseJobNames(text: string): JobType[] {
  const names = text.split(',').map((name) => name.trim());
  return names.map((name) => {
    if (Object.hasOwn(JOB_NAMES, name)) return JOB_NAMES[name as JobName];
    throw new CommandError({
      code: 'JOB_UNKNOWN',
      message: `“${name}” is not a job.`,
      nextStep: `Choose from ${Object.keys(JOB_NAMES).join(', ')}, separated by commas.`,
    });
  });
}

/** `srt,vtt` → formats. Throws CommandError naming what is unknown. */
export function parseSubtitleFormats(text: string): TranscriptFormat[] {
  return text.split(',').map((part) => {
    const format = TRANSCRIPT_FORMATS.find((name) => name === part.trim().toLowerCase());
    if (format !== undefined) return format;
    throw new CommandError({
      code: 'SUBTITLES_UNKNOWN',
      message: `“${part.trim()}” is not a format of subtitles.`,
      nextStep: `Choose from ${TRANSCRIPT_FORMATS.join(', ')}, separated by commas.`,
    });
  });
}
