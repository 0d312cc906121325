import { copyFile, constants, mkdir, open, readdir, rm, stat } from 'node:fs/promises';
import { basename, isAbsolute, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { AgentEvent } from '../../../shared/event.ts';
import type { Refusal } from '../../../shared/failure.ts';
import type { Settings } from '../../../shared/settings.ts';
import {
  findKnownModel,
  KNOWN_MODELS,
  type KnownModel,
  type ModelDownload,
  type SpeechModels,
  type SpeechModelState,
} from '../../../shared/speech-models.ts';
import { flushFolder, publish } from '../storage/durable-file.ts';
import { downloadModel, makeSureOfRoom, type DownloadPorts } from './download-model.ts';
import { diskRefusal, ModelDownloadError } from './download-refusal.ts';
import {
  listModelFiles,
  modelState,
  pickDetector,
  pickModel,
  describeModelProblem,
  type ModelFile,
} from './model-folders.ts';
import { sha256OfFile } from '../storage/new-file.ts';

export interface ModelLibraryDeps extends DownloadPorts {
  /** The agent's own folder of models. */
  readonly folder: string;
  readonly settings: () => Pick<Settings, 'speechModelPath' | 'speechModelFolder' | 'speechModelMirror'>;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Takes back the choice of a file; a refusal where IT made it. */
  readonly unchoose: () => Refusal | null;
}

/** Files of speech models on this machine, and how they come and go. */
export interface ModelLibrary {
  list(): Promise<Omit<SpeechModels, 'download'>>;
  /** Throws ModelDownloadError. Answers the path of the finished file. */
  download(name: string, options: DownloadOptions): Promise<string>;
  /** Copies a file into the own folder. Throws ModelDownloadError. */
  add(file: string, consent: boolean): Promise<string>;
  /**
   * Only from the own folder, with what a broken-off download left of it; a choice of that file is taken back, or it
   * would hide the models that are left. Null when it is gone.
   */
  remove(nameOrPath: string): Promise<Refusal | null>;
  /** Why a file must not be chosen (yet), or null. */
  whyNotChoose(path: string, consent: boolean): Promise<Refusal | null>;
}

interface DownloadOptions {
  readonly consent: boolean;
  readonly signal: AbortSignal;
  readonly onState: (state: ModelDownload) => void;
}

export function createModelLibrary(deps: ModelLibraryDeps): ModelLibrary {
  const files = (): Promise<readonly ModelFile[]> => {
    const { speechModelPath, speechModelFolder } = deps.settings();
    return listModelFiles({ chosen: speechModelPath, managed: speechModelFolder, own: deps.folder });
  };
  return {
    async list() {
      return { folder: deps.folder, models: statesOf(await files()) };
    },
    download: (name, options) => download(deps, name, options),
    add: (file, consent) => add(deps, file, consent),
    remove: (nameOrPath) => remove(deps, nameOrPath),
    whyNotChoose: (path, consent) => whyNot(path, ['speech'], consent),
  };
}

async function remove(deps: ModelLibraryDeps, nameOrPath: string): Promise<Refusal | null> {
  const { folder } = deps;
  const wanted = findKnownModel(nameOrPath)?.fileName ?? nameOrPath;
  const present = await readdir(folder).catch(() => []);
  const models = present.map(modelOf).filter((own) => own.endsWith('.bin'));
  const name = models.find((own) => own === wanted || join(folder, own) === wanted);
  if (name === undefined) return notOurs(nameOrPath, folder);
  const refusal = deps.settings().speechModelPath === join(folder, name) ? deps.unchoose() : null;
  if (refusal !== null) return refusal;
  try {
    for (const ending of ['', ...PART_ENDINGS]) await rm(join(folder, `${name}${ending}`), { force: true });
    await flushFolder(folder);
    return null;
  } catch (error) {
    return diskRefusal(name, error).refusal;
  }
}

/** Beside a model whose download or copy was not finished. */
const PART_ENDINGS = ['.part', '.part.json', '.copy.part'];

const modelOf = (fileName: string): string => fileName.replace(/(\.copy)?\.part(\.json)?$/, '');

/** What is here first, then what could be downloaded. */
function statesOf(files: readonly ModelFile[]): readonly SpeechModelState[] {
  const model = pickModel(files);
  const inUse = new Set([model?.problem === undefined ? model?.path : undefined, pickDetector(files)?.path]);
  const here = files.map((file) => modelState(file, inUse.has(file.path)));
  const missing = KNOWN_MODELS.filter(({ name }) => !here.some((model) => model.name === name));
  return [...here, ...missing.map(offered)];
}

const offered = (known: KnownModel): SpeechModelState => ({
  name: known.name,
  kind: known.kind,
  languages: known.languages,
  sizeBytes: known.approximateBytes,
  inUse: false,
  hashKnown: known.sha256 !== undefined,
  licence: known.licence,
});

async function download(deps: ModelLibraryDeps, name: string, options: DownloadOptions): Promise<string> {
  const known = findKnownModel(name);
  if (known === undefined) throw new ModelDownloadError(unknownModel(name));
  if (known.sha256 === undefined && !options.consent) throw new ModelDownloadError(needsConsent(known.name));
  const target = join(deps.folder, known.fileName);
  const state = { name: known.name, receivedBytes: 0 };
  if (known.sha256 !== undefined && (await stat(target).catch(() => null)) !== null) {
    options.onState({ ...state, phase: 'checking' });
    if ((await sha256OfFile(target)) === known.sha256) return target;
  }
  options.onState({ ...state, phase: 'connecting' });
  await downloadModel(
    {
      url: `${sourceOf(deps, known)}/${known.fileName}`,
      target,
      sha256: known.sha256,
      sha1: known.sha1,
      approximateBytes: known.approximateBytes,
      signal: options.signal,
      onProgress: (receivedBytes, totalBytes) => {
        const total = totalBytes === undefined ? {} : { totalBytes };
        options.onState({ ...state, receivedBytes, ...total, phase: 'downloading' });
      },
      onChecking: () => options.onState({ ...state, receivedBytes: known.approximateBytes, phase: 'checking' }),
      inspect: async (path) => whyUnusable(path, known.kind),
    },
    deps,
  );
  return target;
}

/** Setting, then environment, then the publisher; each names a folder. */
function sourceOf({ settings, env }: ModelLibraryDeps, known: KnownModel): string {
  const mirror = settings().speechModelMirror ?? env['RUSHCATALOG_SPEECH_MIRROR'];
  return (mirror || known.publisher).replace(/\/+$/, '');
}

async function whyUnusable(path: string, kind: KnownModel['kind']): Promise<string | null> {
  const [file] = await listModelFiles({ chosen: path });
  if (file === undefined) return 'is not there';
  if (file.problem !== undefined) return describeModelProblem(file.problem);
  return file.kind === kind ? null : 'is a model of another kind';
}

async function add(deps: ModelLibraryDeps, given: string, consent: boolean): Promise<string> {
  const file = resolve(given);
  const refusal = await whyNot(file, ['speech', 'detector'], consent);
  if (refusal !== null) throw new ModelDownloadError(refusal);
  const target = join(deps.folder, basename(file));
  if (target === file) return target;
  await mkdir(deps.folder, { recursive: true });
  await makeSureOfRoom({ url: pathToFileURL(file).href, target }, deps, (await stat(file)).size);
  // Not the name of a download that is to go on.
  const part = `${target}.copy.part`;
  try {
    await rm(part, { force: true });
    await copyFile(file, part, constants.COPYFILE_FICLONE | constants.COPYFILE_EXCL);
    const handle = await open(part, 'r+');
    await handle.sync().finally(() => handle.close());
    await publish(part, target);
    return target;
  } catch (error) {
    await rm(part, { force: true });
    throw diskRefusal(basename(file), error);
  }
}

/** A hash that somebody published vouches for a file; for any other one a person has to say so. */
async function whyNot(path: string, kinds: readonly KnownModel['kind'][], consent: boolean): Promise<Refusal | null> {
  if (!isAbsolute(path)) return { code: 'PATH_RELATIVE', message: 'The path must be absolute.', field: 'path' };
  const problems = await Promise.all(kinds.map((kind) => whyUnusable(path, kind)));
  const [problem = null] = problems;
  if (!problems.includes(null)) {
    return {
      code: 'MODEL_WRONG_FORMAT',
      message: `“${path}” ${problem ?? ''}.`,
      nextStep: 'Choose another file.',
      field: 'path',
    };
  }
  if (consent) return null;
  const sha256 = await sha256OfFile(path);
  return KNOWN_MODELS.some((known) => known.sha256 === sha256) ? null : needsConsent(basename(path));
}

const needsConsent = (name: string): Refusal => ({
  code: 'MODEL_NEEDS_CONSENT',
  message: `No published hash vouches for ${name}; it is used only if you trust where it comes from.`,
  nextStep: 'Confirm that you trust it (on the command line: --yes), or take a model from the list.',
});

const unknownModel = (name: string): Refusal => ({
  code: 'MODEL_UNKNOWN',
  message: `There is no model called “${name}”.`,
  nextStep: `Choose from ${KNOWN_MODELS.map((model) => model.name).join(', ')}, or add a file of your own.`,
});

const notOurs = (name: string, folder: string): Refusal => ({
  code: 'MODEL_NOT_REMOVED',
  message: `“${name}” is not in the agent’s own folder of models (${folder}), so it is left alone.`,
  nextStep: 'Remove it where it was put, or choose another model.',
});

export type EmitModels = (event: Extract<AgentEvent, { type: 'speechModelsSeen' | 'modelDownloadChanged' }>) => void;
