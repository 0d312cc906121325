import { failure, JobFailure } from '../../../shared/failure.ts';
import type { Warning } from '../../../shared/facts.ts';
import type { RawSegment } from './clean-segments.ts';
import { checkModel, engineFailure, type CheckedModel } from './engine-failure.ts';
import type { EngineMessage } from './engine-protocol.ts';
import type { SpeechAnswer, SpeechEngine, SpeechEngineChoice, SpeechHooks, SpeechTask } from './engine.ts';
import { runEngine } from './run-engine.ts';
import { PROCESSOR, type Variant } from './whisper-binding.ts';

type Choice = Omit<Extract<SpeechEngineChoice, { kind: 'binding' }>, 'kind'>;

/** whisper.cpp as a library in a Node child of ours (speech-engine.ts). */
export function createWhisperEngine(choice: Choice = { variant: 'default', passedOver: [] }): SpeechEngine {
  return {
    async transcribe(task, hooks) {
      const model = await checkModel(task.modelPath, task.language);
      const useGpu = task.gpu && usesDevice(choice.variant);
      try {
        return await transcribe({ task, hooks, model, choice, variant: useGpu ? choice.variant : 'default', useGpu });
      } catch (error) {
        // A device that fails on this file is no reason to give the file up: the processor can do it.
        if (!useGpu || !(error instanceof JobFailure) || error.failure.code === 'CANCELLED') throw error;
        const answer = await transcribe({ task, hooks, model, choice, variant: 'default', useGpu: false });
        return { ...answer, warnings: [...answer.warnings, deviceFailed(error.failure.message)] };
      }
    },
  };
}

/** The plain build drives a graphics device only on Apple silicon (Metal). */
const usesDevice = (variant: Variant): boolean => variant !== 'default' || process.platform === 'darwin';

interface Attempt {
  readonly task: SpeechTask;
  readonly hooks: SpeechHooks;
  readonly model: CheckedModel;
  readonly choice: Choice;
  readonly variant: Variant;
  readonly useGpu: boolean;
}

async function transcribe({ task, hooks, model, choice, variant, useGpu }: Attempt): Promise<SpeechAnswer> {
  const { language } = model;
  const heard = new TranscriptCollector(hooks);
  const run = await runEngine(
    task.processes,
    {
      type: 'transcribe',
      variant,
      modelPath: task.modelPath,
      ...(task.detectorPath === undefined ? {} : { detectorPath: task.detectorPath }),
      pcmPath: task.pcmPath,
      language,
      threads: task.threads,
      temperature: task.temperature,
      temperatureStep: task.temperatureStep,
      candidates: task.candidates,
      gpu: useGpu,
    },
    heard.take,
    { residentBytes: model.residentBytes },
  );
  if (run.kind === 'not-started') {
    throw new JobFailure(failure('ENGINE_UNAVAILABLE', `The speech engine cannot be started: ${run.why}`));
  }
  const { end } = heard;
  if (end === undefined || run.result.end.kind !== 'exited' || run.result.end.code !== 0) {
    throw new JobFailure(engineFailure(run.result, heard.failed));
  }
  const device = heard.device ?? PROCESSOR;
  return {
    segments: heard.segments,
    ...(end.language === undefined ? {} : { language: end.language }),
    heardNothing: end.windows === end.silentWindows,
    engine: 'whisper.cpp',
    engineVersion: end.version,
    parameters: {
      language,
      // What the binding does whatever it is told: beam search is not among its options.
      strategy: 'greedy',
      best_of: task.candidates,
      temperature: task.temperature,
      temperature_step: task.temperatureStep,
      // The engine's own default, which the binding does not let anybody change.
      no_speech_threshold: 0.6,
      threads: task.threads,
      gpu_allowed: task.gpu,
      variant,
      device,
      ...(task.gpu && choice.passedOver.length > 0 ? { passed_over: choice.passedOver } : {}),
      voice_activity: task.detectorPath === undefined ? 'digital-silence' : 'silero',
      words: 'token-times',
      confidence: 'not given by this engine',
      windows: end.windows,
      silent_windows: end.silentWindows,
      speechless_windows: end.speechlessWindows,
      forced_cuts: end.forcedCuts,
    },
    wallMs: end.wallMs,
    warnings: useGpu && heard.device === PROCESSOR ? [silentFallback(variant)] : [],
  };
}

const silentFallback = (variant: Variant): Warning => ({
  code: 'GPU_NOT_USED',
  message: `The ${variant} engine took no graphics device this time and used the processor.`,
});

const deviceFailed = (message: string): Warning => ({
  code: 'GPU_NOT_USED',
  message: `The graphics device failed on this file (${message.replace(/\.$/, '')}); the processor did it.`,
});

class TranscriptCollector {
  readonly segments: RawSegment[] = [];
  device: string | undefined;
  end: Extract<EngineMessage, { type: 'end' }> | undefined;
  failed: Extract<EngineMessage, { type: 'failed' }> | undefined;
  readonly #hooks: SpeechHooks;

  constructor(hooks: SpeechHooks) {
    this.#hooks = hooks;
  }

  readonly take = (message: EngineMessage): void => {
    switch (message.type) {
      case 'segment': {
        const { startMs, endMs, text, words } = message;
        this.segments.push({ startMs, endMs, text, ...(words === undefined ? {} : { words: words.map(wordOf) }) });
        return;
      }
      case 'progress':
        this.#hooks.onProgress(message.fraction);
        return;
      case 'loaded':
        this.device = message.device;
        return;
      case 'end':
        this.end = message;
        return;
      case 'failed':
        this.failed = message;
        return;
      case 'engine':
      case 'device':
      case 'window':
      case 'planned':
        return;
    }
  };
}

type SaidWord = NonNullable<Extract<EngineMessage, { type: 'segment' }>['words']>[number];

function wordOf({ startMs, endMs, text, p }: SaidWord): NonNullable<RawSegment['words']>[number] {
  return { startMs, endMs, text, ...(p === undefined ? {} : { p }) };
}
