import type { Refusal } from '../../../shared/failure.ts';
import type { ToolState } from '../../../shared/snapshot.ts';
import type { JobType } from '../../../shared/job.ts';

/** What each job type cannot do without; the first that is missing is the reason shown. */
const NEEDS: Readonly<Record<JobType, readonly ToolState['name'][]>> = {
  generate_video_proxies: ['ffmpeg', 'ffprobe'],
  generate_thumbnails: ['ffmpeg', 'ffprobe', 'media-worker'],
  generate_audio_waveform: ['ffmpeg', 'ffprobe'],
  transcribe_audio: ['ffmpeg', 'ffprobe', 'speech-engine', 'speech-model'],
};

export const NO_TOOLS: Refusal = {
  code: 'TOOL_MISSING',
  message: 'A needed tool was not found.',
  nextStep: 'Install ffmpeg and ffprobe, then test again.',
};

/** Why a job type cannot be done with these tools, before anything is run; null when all it needs was found. */
export function missingTool(jobType: JobType, tools: readonly ToolState[]): Refusal | null {
  for (const needed of NEEDS[jobType]) {
    const tool = tools.find(({ name }) => name === needed);
    if (tool?.found !== true) return tool?.problem ?? NO_TOOLS;
  }
  return null;
}
