import type { ExecutorRegistry } from '../agent/executors/registry.ts';
import { createProxyExecutor } from '../agent/executors/proxies.ts';
import { createThumbnailExecutor } from '../agent/executors/thumbnails.ts';
import { createTranscribeExecutor } from '../agent/executors/transcribe.ts';
import { createWaveformExecutor } from '../agent/executors/waveform.ts';

/** The job types this build can execute. */
export function allExecutors(): ExecutorRegistry {
  return {
    generate_video_proxies: createProxyExecutor(),
    generate_thumbnails: createThumbnailExecutor(),
    generate_audio_waveform: createWaveformExecutor(),
    transcribe_audio: createTranscribeExecutor(),
  };
}
