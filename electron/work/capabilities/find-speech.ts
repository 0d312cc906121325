import type { Refusal } from '../../../shared/failure.ts';
import type { Settings } from '../../../shared/settings.ts';
import type { ToolState } from '../../../shared/snapshot.ts';
import type { Toolbox } from '../execution.ts';
import type { ProgramRunner } from '../process/child.ts';
import { findEngine } from '../speech/find-engine.ts';
import {
  listModelFiles,
  pickDetector,
  pickModel,
  describeModelProblem,
  type ModelFile,
  type ModelPlaces,
} from '../speech/model-folders.ts';
import type { ModelFacts } from '../speech/model-file.ts';
import { hashOnce } from '../speech/model-hash.ts';
import type { TextStore } from '../storage/text-store.ts';
import { systemClock, withTimeout } from '../clock.ts';

export interface SpeechSearch {
  readonly settings: Partial<Pick<Settings, 'speechModelPath' | 'speechModelFolder' | 'whisperCliPath' | 'encoder'>>;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Remembers model hashes by path, size and mtime: a 3 GB model is not read at every start. */
  readonly store: TextStore;
  /** The agent's own folder of models. */
  readonly modelsFolder?: string | undefined;
}

export interface SpeechFound {
  /** Engine and model, and the detector where there is one. */
  readonly states: readonly ToolState[];
  readonly toolbox: Pick<Toolbox, 'speechModel' | 'speechEngine'>;
}

/** A share that does not answer must not hold up the other tools. */
const FOLDERS_WALL_MS = 10_000;

/** Finds the speech engine, a model and the detector's model; what is missing says why and what to do. */
export async function findSpeech(search: SpeechSearch, processes: ProgramRunner): Promise<SpeechFound> {
  const { settings, env, store } = search;
  const places = { chosen: settings.speechModelPath, managed: settings.speechModelFolder, own: search.modelsFolder };
  const files = await filesInTime(places);
  const { state, model } = await describeModel(places, files, store);
  const engine = await findEngine({ settings, env, processes, modelPath: model?.path });
  const detector = await describeDetector(files ?? [], store);
  const parts = detector === null || model === undefined ? model : { ...model, detector: detector.model };
  return {
    states: [engine.state, state, ...(detector === null ? [] : [detector.state])],
    toolbox: {
      ...(engine.choice === undefined ? {} : { speechEngine: engine.choice }),
      ...(engine.choice === undefined || parts === undefined ? {} : { speechModel: parts }),
    },
  };
}

interface FoundModel {
  readonly path: string;
  readonly sha256: string;
}

interface SpeechModelFound {
  readonly state: ToolState;
  readonly model?: FoundModel;
}

/** The model that would be used: there, a whisper.cpp model, complete as far as its header tells, and its sha256. */
export async function findSpeechModel(
  chosen: string | undefined,
  store: TextStore,
  folders: Omit<ModelPlaces, 'chosen'> = {},
): Promise<SpeechModelFound> {
  const places = { chosen, ...folders };
  return describeModel(places, await filesInTime(places), store);
}

function filesInTime(places: ModelPlaces): Promise<readonly ModelFile[] | null> {
  return withTimeout(
    systemClock,
    FOLDERS_WALL_MS,
    listModelFiles(places).catch(() => null),
    null,
  );
}

/** Why a file that a person names cannot be the speech model, or null. Reads its header only. */
export async function whyNotModel(path: string): Promise<Refusal | null> {
  const file = pickModel(await listModelFiles({ chosen: path }));
  return file?.problem === undefined ? null : unusable(file);
}

async function describeModel(
  places: ModelPlaces,
  files: readonly ModelFile[] | null,
  store: TextStore,
): Promise<SpeechModelFound> {
  const missing = (problem: Refusal, file?: ModelFile): SpeechModelFound => {
    const place = file === undefined ? {} : { path: file.path, origin: originOf(file) };
    return { state: { name: 'speech-model', found: false, ...place, problem } };
  };
  if (files === null) return missing(unanswering(places));
  const file = pickModel(files);
  if (file === undefined) return missing(NO_MODEL_CHOSEN);
  if (file.facts === undefined) return missing(unusable(file), file);
  const { path } = file;
  try {
    const sha256 = await hashOnce(path, store);
    const version = inWords(file.facts);
    const state = { name: 'speech-model', found: true, path, origin: originOf(file), version } as const;
    return { state, model: { path, sha256 } };
  } catch {
    return missing(unusable({ ...file, problem: { kind: 'missing' } }), file);
  }
}

async function describeDetector(
  files: readonly ModelFile[],
  store: TextStore,
): Promise<Required<SpeechModelFound> | null> {
  const file = pickDetector(files);
  if (file === undefined) return null;
  try {
    const { path } = file;
    const sha256 = await hashOnce(path, store);
    const state = { name: 'speech-detector', found: true, path, origin: originOf(file), version: 'Silero' } as const;
    return { state, model: { path, sha256 } };
  } catch {
    return null;
  }
}

const ORIGINS = { chosen: 'setting', managed: 'managed folder', downloaded: 'downloaded' } as const;
const originOf = ({ place }: ModelFile): string => ORIGINS[place];

function inWords({ size, multilingual, weightless }: ModelFacts): string {
  const languages = multilingual ? 'multilingual' : 'English only';
  return weightless ? `${size}, ${languages}, without weights (for tests)` : `${size}, ${languages}`;
}

const NEXT_STEP =
  'Download a model under Capabilities (or with: rushcatalog-agent models download base), or choose a whisper.cpp model file.';

/** Not a fault: nobody has decided yet. */
export const NO_MODEL_CODE = 'SPEECH_MODEL_NOT_CHOSEN';

const NO_MODEL_CHOSEN: Refusal = {
  code: NO_MODEL_CODE,
  message: 'No speech model is chosen yet, so nothing is transcribed here.',
  nextStep: NEXT_STEP,
  field: 'speechModelPath',
};

const CODES = {
  missing: 'SPEECH_MODEL_MISSING',
  'not-a-model': 'SPEECH_MODEL_WRONG_FORMAT',
  truncated: 'SPEECH_MODEL_TRUNCATED',
} as const;

function unusable({ path, place, problem = { kind: 'missing' } }: ModelFile): Refusal {
  return {
    code: CODES[problem.kind],
    message: `The speech model “${path}” ${describeModelProblem(problem)}.`,
    nextStep:
      problem.kind === 'truncated'
        ? 'Copy or download the model again, then test again.'
        : `Check the file. ${NEXT_STEP}`,
    ...(place === 'chosen' ? { field: 'speechModelPath' } : {}),
  };
}

function unanswering({ chosen, managed = '' }: ModelPlaces): Refusal {
  return {
    code: 'SPEECH_MODEL_MISSING',
    message: `“${chosen ?? managed}” with the speech model does not answer.`,
    nextStep: 'Reconnect the share it lies on, then test again.',
    field: chosen === undefined ? 'speechModelFolder' : 'speechModelPath',
  };
}
