import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { z } from 'zod';
import type { Refusal } from '../../../shared/failure.ts';
import type { ToolState } from '../../../shared/snapshot.ts';
import type { Toolbox } from '../executors/executor.ts';
import type { JobProcesses } from '../process/child.ts';
import { describeEngine } from '../speech/run-engine.ts';
import { readModel, type ModelFacts } from '../speech/model-file.ts';
import type { TextStore } from './text-store.ts';
import { withinTime } from './within-time.ts';

/** Starts the speech engine's child, which loads the native library and says what it is. */
export async function findSpeechEngine(processes: JobProcesses): Promise<ToolState> {
  const answer = await describeEngine(processes);
  if (answer.kind === 'engine') {
    return { name: 'speech-engine', found: true, version: `${answer.engine} ${answer.version}`, origin: 'bundled' };
  }
  return {
    name: 'speech-engine',
    found: false,
    problem: {
      code: 'SPEECH_ENGINE_UNAVAILABLE',
      message: `The speech engine does not start on this machine: ${answer.why}.`,
      nextStep: 'Reinstall the agent for this platform, then test again.',
    },
  };
}

/** A share that does not answer must not hold up the other tools. */
const HEADER_WALL_MS = 10_000;

export interface SpeechModelFound {
  readonly state: ToolState;
  readonly model?: NonNullable<Toolbox['speechModel']>;
}

/** Looks at the chosen model file: there, a whisper.cpp model, complete as far as its header tells, and its sha256. */
export async function findSpeechModel(path: string | undefined, store: TextStore): Promise<SpeechModelFound> {
  if (path === undefined) return { state: { name: 'speech-model', found: false, problem: NO_MODEL_CHOSEN } };
  const missing = (problem: Refusal): SpeechModelFound => ({
    state: { name: 'speech-model', found: false, path, origin: 'setting', problem },
  });
  try {
    const reading = await withinTime(readModel(path), HEADER_WALL_MS, null);
    if (reading === null) return missing(unreadable(path));
    if (reading.kind === 'not-a-model') return missing(notAModel(path, reading.why));
    if (reading.kind === 'truncated') return missing(truncated(path));
    const sha256 = await hashOnce(path, store);
    return {
      state: { name: 'speech-model', found: true, path, origin: 'setting', version: describeModel(reading.facts) },
      model: { path, sha256 },
    };
  } catch {
    return missing(unreadable(path));
  }
}

function describeModel({ size, multilingual, weightless }: ModelFacts): string {
  const languages = multilingual ? 'multilingual' : 'English only';
  return weightless ? `${size}, ${languages}, without weights (for tests)` : `${size}, ${languages}`;
}

const CachedHash = z.object({ size: z.number(), mtimeMs: z.number(), sha256: z.string() });

/** A changed size or modification time means another file; otherwise the remembered hash stands. */
async function hashOnce(path: string, store: TextStore): Promise<string> {
  const { size, mtimeMs } = await stat(path);
  const key = `model-sha256:${path}`;
  const cached = store.get(key);
  if (cached !== undefined) {
    const known = CachedHash.safeParse(parseJson(cached));
    if (known.success && known.data.size === size && known.data.mtimeMs === mtimeMs) return known.data.sha256;
  }
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(chunk as Buffer);
  const sha256 = hash.digest('hex');
  store.set(key, JSON.stringify({ size, mtimeMs, sha256 }));
  return sha256;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

const NEXT_STEP = 'Set speechModelPath to a whisper.cpp model file (ggml), or start with --speech-model FILE.';

const NO_MODEL_CHOSEN: Refusal = {
  code: 'SPEECH_MODEL_NOT_CHOSEN',
  message: 'No speech model is chosen, so nothing can be transcribed here.',
  nextStep: NEXT_STEP,
  field: 'speechModelPath',
};

const notAModel = (path: string, why: string): Refusal => ({
  code: 'SPEECH_MODEL_WRONG_FORMAT',
  message: `“${path}” is not a whisper.cpp model: ${why}.`,
  nextStep: NEXT_STEP,
  field: 'speechModelPath',
});

const truncated = (path: string): Refusal => ({
  code: 'SPEECH_MODEL_TRUNCATED',
  message: `“${path}” ends too early: the copy or download was not finished.`,
  nextStep: 'Copy or download the model again, then test again.',
  field: 'speechModelPath',
});

const unreadable = (path: string): Refusal => ({
  code: 'SPEECH_MODEL_MISSING',
  message: `The speech model “${path}” is not there or cannot be read.`,
  nextStep: `Check that the file exists and may be read. ${NEXT_STEP}`,
  field: 'speechModelPath',
});
