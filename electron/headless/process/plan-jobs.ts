import { basename, dirname } from 'node:path';
import type { CreateJobRequest, JobType } from '../../../shared/wire.ts';
import { imageKindOf } from '../../agent/media/image-kind.ts';
import { audioStreams, videoStream } from '../../agent/media/probe.ts';
import { probeSource } from '../../agent/media/probe-source.ts';
import type { FoundTool } from '../../agent/executors/executor.ts';
import { createJobProcesses } from '../../agent/process/job-processes.ts';
import { openSource } from '../../agent/storage/open-source.ts';
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

/**
 * The jobs a file is good for, when a person named none: what it has no picture or no sound for is not asked for. A
 * file that cannot be read gets them all but the transcript, so that each says why it failed.
 */
export async function fittingJobs(path: string, tools: { readonly ffprobe: FoundTool }): Promise<JobType[]> {
  try {
    const { source, handle } = await openSource(dirname(path), basename(path));
    const processes = createJobProcesses({ runId: 'plan', owner: 'plan', jobId: 'plan', nice: 5 });
    try {
      if ((await imageKindOf(source.fd)) !== null) return ['generate_thumbnails'];
      const probe = await probeSource({ processes, tools, source });
      const jobs: JobType[] = ['generate_video_proxies'];
      if (videoStream(probe) !== undefined) jobs.push('generate_thumbnails');
      if (audioStreams(probe).length > 0) jobs.push('generate_audio_waveform', 'transcribe_audio');
      return jobs;
    } finally {
      await handle.close();
    }
  } catch {
    return ['generate_video_proxies', 'generate_thumbnails', 'generate_audio_waveform'];
  }
}

export interface ProfileChoice {
  readonly proxyProfile?: string;
  readonly thumbnailProfile?: string;
  readonly language?: string;
}

/** The inputs of a job, beside asset and path, which the server adds. */
export function inputsOf(jobType: JobType, choice: ProfileChoice): NonNullable<CreateJobRequest['inputs']> {
  switch (jobType) {
    case 'generate_video_proxies':
      return choice.proxyProfile === undefined ? {} : { proxy_profile: choice.proxyProfile };
    case 'generate_thumbnails':
      return choice.thumbnailProfile === undefined ? {} : { thumbnail_profile: choice.thumbnailProfile };
    case 'transcribe_audio':
      return choice.language === undefined ? {} : { language: choice.language };
    case 'generate_audio_waveform':
      return {};
  }
}
