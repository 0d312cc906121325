import { stat } from 'node:fs/promises';
import { failure, JobFailure, type Failure } from '../../../shared/failure.ts';
import { toolDetail, toolFailure } from '../media/tool-failure.ts';
import type { ChildResult } from '../process/child.ts';
import { AUTO } from './languages.ts';
import { readModel } from './model-file.ts';

/**
 * Beside the model itself an engine needs room for its caches and one window of sound: 1.2 GB with the largest
 * model there is. Beyond twice the model and 2 GB something is wrong, and the editor's programs need the memory.
 */
const ROOM_BYTES = 2 * 1024 ** 3;

export interface CheckedModel {
  /** What the watchdog allows the engine. */
  readonly residentBytes: number;
  /** As the engine must be asked: a model that knows only English cannot detect another language. */
  readonly language: string;
}

/** Throws JobFailure unless the model is one, is whole as far as its header tells, and knows the language. */
export async function checkModel(modelPath: string, language: string): Promise<CheckedModel> {
  const unavailable = (message: string): JobFailure => new JobFailure(failure('ENGINE_UNAVAILABLE', message));
  const [reading, facts] = await Promise.all([readModel(modelPath), stat(modelPath)]).catch(() => {
    throw unavailable(`The speech model “${modelPath}” is not there or cannot be read.`);
  });
  if (reading.kind === 'not-a-model') throw unavailable(`“${modelPath}” is not a whisper.cpp model: ${reading.why}.`);
  if (reading.kind === 'truncated') throw unavailable(`The speech model “${modelPath}” ends too early.`);
  const residentBytes = 2 * facts.size + ROOM_BYTES;
  if (reading.facts.multilingual) return { residentBytes, language };
  if (language === AUTO || language === 'en') return { residentBytes, language: 'en' };
  // Such a model takes any language for English and writes nonsense. `subject`: the machine itself is not at fault.
  const message = `The speech model chosen here knows only English, and this job asks for “${language}”; choose a multilingual model, or let another agent do it.`;
  throw new JobFailure(failure('ENGINE_UNAVAILABLE', message, { subject: 'inputs.language' }));
}

/** What runtimes, allocators and graphics drivers say when there is no memory left. */
const OUT_OF_MEMORY =
  /bad_alloc|out of memory|cannot allocate memory|failed to allocate|not enough (?:memory|space)|ENOMEM|heap limit/i;

/** whisper.cpp, in whisper-cli as in the library: it ends with code 3 then, which says nothing to anybody. */
const MODEL_REFUSED = /failed to load model|failed to initialize whisper context/;

/** Every failure here is the machine's: the sound was decoded before the engine saw it. */
export function engineFailure(
  result: ChildResult,
  said?: { readonly step: string; readonly message: string },
): Failure {
  const detail = toolDetail(result);
  const { end } = result;
  if (end.kind === 'cancelled' || end.kind === 'killed' || end.kind === 'out-of-memory') {
    return toolFailure(result, 'ENGINE_UNAVAILABLE', 'Transcribing');
  }
  const words = [...result.stderrTail, said?.message ?? ''].join('\n');
  if (OUT_OF_MEMORY.test(words)) {
    return failure('OUT_OF_MEMORY', 'The speech engine could not get the memory it needs.', detail);
  }
  if (said !== undefined) return failure('ENGINE_UNAVAILABLE', sentenceFor(said), detail);
  // Nobody here sent it: the kernel takes the largest process when memory runs out.
  if (end.kind === 'signalled' && end.signal === 'SIGKILL') {
    return failure('OUT_OF_MEMORY', 'The system ended the speech engine, most likely for want of memory.', detail);
  }
  if (end.kind === 'signalled') {
    const sentence = `The speech engine crashed (${end.signal}); the model file may be damaged.`;
    return failure('ENGINE_UNAVAILABLE', sentence, detail);
  }
  if (MODEL_REFUSED.test(words)) {
    return failure('ENGINE_UNAVAILABLE', sentenceFor({ step: 'model', message: '' }), detail);
  }
  return toolFailure(result, 'ENGINE_UNAVAILABLE', 'Transcribing');
}

function sentenceFor({ step, message }: { readonly step: string; readonly message: string }): string {
  if (step === 'model') return 'The speech engine cannot use this model: the file is damaged or of another format.';
  if (step === 'detector')
    return 'The speech engine cannot use the speech detector’s model: remove or replace its file.';
  return `The speech engine gave up: ${message.replace(/\.$/, '')}.`;
}
