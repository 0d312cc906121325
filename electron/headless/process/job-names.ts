import { TRANSCRIPT_FORMATS, type TranscriptFormat } from '../../../shared/transcript-formats.ts';
import { JOB_TYPES, SHORT_NAME_OF, type JobType } from '../../../shared/job.ts';
import { CommandError } from '../exit.ts';

/** `proxies,thumbnails` → job types. Throws CommandError naming what is unknown. */
export function parseJobNames(text: string): JobType[] {
  const names = text.split(',').map((name) => name.trim());
  return names.map((name) => {
    const jobType = JOB_TYPES.find((each) => SHORT_NAME_OF[each] === name);
    if (jobType !== undefined) return jobType;
    throw new CommandError({
      code: 'JOB_UNKNOWN',
      message: `“${name}” is not a job.`,
      nextStep: `Choose from ${Object.values(SHORT_NAME_OF).join(', ')}, separated by commas.`,
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
