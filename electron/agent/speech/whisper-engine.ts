import { stat } from 'node:fs/promises';
import { failure, JobFailure, type Failure } from '../../../shared/failure.ts';
import { toolDetail, toolFailure } from '../media/tool-failure.ts';
import type { ChildResult } from '../process/child.ts';
import type { RawSegment } from './clean-segments.ts';
import type { EngineMessage } from './engine-protocol.ts';
import type { SpeechAnswer, SpeechEngine, SpeechHooks, SpeechTask } from './engine.ts';
import { AUTO } from './languages.ts';
import { readModel } from './model-file.ts';
import { runEngine } from './run-engine.ts';

/**
 * Beside the model itself the engine needs room for its caches and one window of sound: 1.2 GB with the largest
 * model there is. Beyond twice the model and 2 GB something is wrong, and the editor's programs need the memory.
 */
const ROOM_BYTES = 2 * 1024 ** 3;

/** whisper.cpp as a library in a Node child of ours (speech-engine.ts). */
export function createWhisperEngine(): SpeechEngine {
  return { transcribe };
}

async function transcribe(task: SpeechTask, hooks: SpeechHooks): Promise<SpeechAnswer> {
  const size = await checkModel(task);
  const { processes, ...request } = task;
  const heard = new Heard(hooks);
  const residentBytes = 2 * size + ROOM_BYTES;
  const run = await runEngine(processes, { type: 'transcribe', ...request }, heard.take, { residentBytes });
  if (run.kind === 'not-started') {
    throw new JobFailure(failure('ENGINE_UNAVAILABLE', `The speech engine cannot be started: ${run.why}`));
  }
  const { end } = heard;
  if (end === undefined || run.result.end.kind !== 'exited' || run.result.end.code !== 0) {
    throw new JobFailure(engineFailure(run.result, heard.failed));
  }
  return {
    segments: heard.segments,
    ...(end.language === undefined ? {} : { language: end.language }),
    heardNothing: end.windows === end.silentWindows,
    engine: 'whisper.cpp',
    engineVersion: end.version,
    parameters: {
      language: task.language,
      // What the binding does whatever it is told: beam search is not among its options.
      strategy: 'greedy',
      best_of: task.candidates,
      temperature: task.temperature,
      threads: task.threads,
      gpu_allowed: task.gpu,
      windows: end.windows,
      silent_windows: end.silentWindows,
    },
    wallMs: end.wallMs,
  };
}

/** Size of the model in bytes, once it is sure that the engine can hear this language with it. */
async function checkModel({ modelPath, language }: SpeechTask): Promise<number> {
  const unavailable = (message: string): JobFailure => new JobFailure(failure('ENGINE_UNAVAILABLE', message));
  const [reading, facts] = await Promise.all([readModel(modelPath), stat(modelPath)]).catch(() => {
    throw unavailable(`The speech model “${modelPath}” is not there or cannot be read.`);
  });
  if (reading.kind === 'not-a-model') throw unavailable(`“${modelPath}” is not a whisper.cpp model: ${reading.why}.`);
  if (reading.kind === 'truncated') throw unavailable(`The speech model “${modelPath}” ends too early.`);
  // Such a model takes any language for English and writes nonsense.
  if (!reading.facts.multilingual && language !== AUTO && language !== 'en') {
    throw unavailable(`The chosen speech model knows only English, and this job asks for “${language}”.`);
  }
  return facts.size;
}

class Heard {
  readonly segments: RawSegment[] = [];
  end: Extract<EngineMessage, { type: 'end' }> | undefined;
  failed: Extract<EngineMessage, { type: 'failed' }> | undefined;
  readonly #hooks: SpeechHooks;

  constructor(hooks: SpeechHooks) {
    this.#hooks = hooks;
  }

  readonly take = (message: EngineMessage): void => {
    switch (message.type) {
      case 'segment':
        this.segments.push({ startMs: message.startMs, endMs: message.endMs, text: message.text });
        return;
      case 'progress':
        this.#hooks.onProgress(message.fraction);
        return;
      case 'end':
        this.end = message;
        return;
      case 'failed':
        this.failed = message;
        return;
      case 'engine':
      case 'loaded':
        return;
    }
  };
}

/** Every failure here is the machine's: the sound was decoded before the engine saw it. */
function engineFailure(result: ChildResult, said: Heard['failed']): Failure {
  const detail = toolDetail(result);
  if (said !== undefined) {
    const sentence =
      said.step === 'model'
        ? 'The speech engine cannot use this model: the file is damaged or of another format.'
        : `The speech engine gave up: ${said.message}.`;
    return failure('ENGINE_UNAVAILABLE', sentence, detail);
  }
  // Nobody here sent it: the kernel takes the largest process when memory runs out.
  if (result.end.kind === 'signalled' && result.end.signal === 'SIGKILL') {
    return failure('OUT_OF_MEMORY', 'The system ended the speech engine, most likely for want of memory.', detail);
  }
  if (result.end.kind === 'signalled') {
    const sentence = `The speech engine crashed (${result.end.signal}); the model file may be damaged.`;
    return failure('ENGINE_UNAVAILABLE', sentence, detail);
  }
  return toolFailure(result, 'ENGINE_UNAVAILABLE', 'Transcribing');
}
