import type { ExecutorRegistry } from '../work/executors/registry.ts';
import { createProxyExecutor } from '../work/executors/proxies.ts';
import { createThumbnailExecutor } from '../work/executors/thumbnails.ts';
import { createTranscribeExecutor } from '../work/executors/transcribe.ts';
import { createWaveformExecutor } from '../work/executors/waveform.ts';

/** The job types this build can execute. */
export function allExecutors(): ExecutorRegistry {
  return {
    generate_video_proxies: createProxyExecutor(),
    generate_thumbnails: createThumbnailExecutor(),
    generate_audio_waveform: createWaveformExecutor(),
    transcribe_audio: createTranscribeExecutor(),
  };
}
