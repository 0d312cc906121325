import { readdir, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { findKnownModel, type KnownModel, type SpeechModelState } from '../../../shared/speech-models.ts';
import { isDetectorModel, readModel, type ModelFacts } from './model-file.ts';

/** Where model files may lie; all optional. */
export interface ModelPlaces {
  /** A file a person or IT chose. */
  readonly chosen?: string | undefined;
  /** A folder IT keeps; only read. */
  readonly managed?: string | undefined;
  /** The agent's own folder, into which it downloads. */
  readonly own?: string | undefined;
}

export interface ModelFile {
  readonly path: string;
  readonly place: NonNullable<SpeechModelState['place']>;
  readonly kind: KnownModel['kind'];
  readonly sizeBytes: number;
  readonly mtimeMs: number;
  /** Of a speech model that can be used. */
  readonly facts?: ModelFacts;
  readonly problem?: ModelProblem;
}

type ModelProblem =
  | { readonly kind: 'missing' }
  | { readonly kind: 'not-a-model'; readonly why: string }
  | { readonly kind: 'truncated' };

/** A folder of models has a dozen; this many means somebody named the wrong folder. */
const MOST_FILES = 200;

/** Looks at each place; a folder that is not there or cannot be read has none. Never rejects. */
export async function listModelFiles({ chosen, managed, own }: ModelPlaces): Promise<readonly ModelFile[]> {
  const lists = await Promise.all([
    chosen === undefined ? [] : [lookAt(chosen, 'chosen')],
    filesIn(managed, 'managed'),
    filesIn(own, 'downloaded'),
  ]);
  const files = await Promise.all(lists.flat());
  // A chosen file may lie in one of the folders.
  return files.filter((file, at) => files.findIndex(({ path }) => path === file.path) === at);
}

async function filesIn(folder: string | undefined, place: ModelFile['place']): Promise<readonly Promise<ModelFile>[]> {
  if (folder === undefined) return [];
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  // `._ggml-base.bin` is what macOS leaves on a share beside the model: no model, and no broken one either.
  const models = entries.filter((entry) => !entry.isDirectory() && /^[^.].*\.bin$/.test(entry.name));
  const names = models.map(({ name }) => name).sort();
  return names.slice(0, MOST_FILES).map((name) => lookAt(join(folder, name), place));
}

async function lookAt(path: string, place: ModelFile['place']): Promise<ModelFile> {
  const nothing = { path, place, kind: 'speech', sizeBytes: 0, mtimeMs: 0 } as const;
  try {
    const { size, mtimeMs } = await stat(path);
    const base = { ...nothing, sizeBytes: size, mtimeMs };
    if (await isDetectorModel(path)) return { ...base, kind: 'detector' };
    const reading = await readModel(path);
    if (reading.kind === 'model') return { ...base, facts: reading.facts };
    return { ...base, problem: reading };
  } catch {
    return { ...nothing, problem: { kind: 'missing' } };
  }
}

/**
 * The speech model to use: the chosen file, else the newest one IT keeps, else the newest that was downloaded — what
 * was put there last is what somebody wanted last. A chosen file that cannot be used is answered with its problem.
 */
export function pickModel(files: readonly ModelFile[]): ModelFile | undefined {
  const chosen = files.find(({ place }) => place === 'chosen');
  if (chosen?.kind === 'detector') return { ...chosen, kind: 'speech', problem: DETECTS_ONLY };
  if (chosen !== undefined) return chosen;
  const speech = files.filter(({ kind }) => kind === 'speech');
  return (
    newest(speech, 'managed') ?? newest(speech, 'downloaded') ?? speech.find(({ problem }) => problem !== undefined)
  );
}

const DETECTS_ONLY: ModelProblem = {
  kind: 'not-a-model',
  why: 'it tells speech from other sound and transcribes nothing',
};

export function pickDetector(files: readonly ModelFile[]): ModelFile | undefined {
  const detectors = files.filter(({ kind, problem }) => kind === 'detector' && problem === undefined);
  return newest(detectors, 'managed') ?? newest(detectors, 'downloaded');
}

function newest(files: readonly ModelFile[], place: ModelFile['place']): ModelFile | undefined {
  const usable = files.filter((file) => file.place === place && file.problem === undefined);
  return usable.toSorted((a, b) => b.mtimeMs - a.mtimeMs)[0];
}

/** Why a file cannot be used, as the rest of a sentence that begins with its name. */
export function describeModelProblem(problem: ModelProblem): string {
  switch (problem.kind) {
    case 'missing':
      return 'is not there or cannot be read';
    case 'not-a-model':
      return `is not a whisper.cpp model: ${problem.why}`;
    case 'truncated':
      return 'ends too early: the copy or download was not finished';
  }
}

export function modelState(file: ModelFile, inUse: boolean): SpeechModelState {
  const fileName = basename(file.path);
  const known = findKnownModel(fileName);
  const english = file.facts === undefined ? known?.languages === 'english' : !file.facts.multilingual;
  return {
    name: known?.name ?? fileName,
    kind: file.kind,
    languages: file.kind === 'detector' ? 'any' : english ? 'english' : 'multilingual',
    sizeBytes: file.sizeBytes,
    path: file.path,
    place: file.place,
    inUse,
    hashKnown: known?.sha256 !== undefined,
    ...(known === undefined ? {} : { licence: known.licence }),
    ...(file.problem === undefined ? {} : { problem: `It ${describeModelProblem(file.problem)}.` }),
  };
}
