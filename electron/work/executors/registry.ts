import type { JobType } from '../../../shared/job.ts';
import type { Executor } from '../execution.ts';
import { createProxyExecutor } from './proxies.ts';
import { createThumbnailExecutor } from './thumbnails.ts';
import { createTranscribeExecutor } from './transcribe.ts';
import { createWaveformExecutor } from './waveform.ts';

/** Every job type has at most one executor; a type without one is never claimed. */
export type ExecutorRegistry = { readonly [T in JobType]?: Executor<T> };

/**
 * The executor for a job whose type is known only at run time. The registry pairs each type with its own executor,
 * which the compiler cannot follow through a union; a job is always handed to the executor of its own type.
 */
export function executorFor(registry: ExecutorRegistry, jobType: JobType): Executor<JobType> | undefined {
  return registry[jobType] as unknown as Executor<JobType> | undefined;
}

/** All of them: a job type whose executor is forgotten does not compile. */
export function allExecutors(): Required<ExecutorRegistry> {
  return {
    generate_video_proxies: createProxyExecutor(),
    generate_thumbnails: createThumbnailExecutor(),
    generate_audio_waveform: createWaveformExecutor(),
    transcribe_audio: createTranscribeExecutor(),
  };
}
