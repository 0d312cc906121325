import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { KNOWN_MODELS, type ModelDownload, type SpeechModelState } from '../../shared/speech-models.ts';
import { createSettingsStore } from '../agent/settings-store.ts';
import { createModelShelf, type ModelShelf } from '../agent/speech/model-shelf.ts';
import { sentence } from '../compose/sentence.ts';
import { givenSettings } from './agent-options.ts';
import { CommandError, EXIT } from './exit.ts';
import { dataFolder, modelsFolder } from './folders.ts';
import { listenForStop } from './signals.ts';

export interface ModelsOptions {
  readonly work?: string;
  readonly mirror?: string;
  readonly yes?: boolean;
  readonly json?: boolean;
}

/** `rushcatalog-agent models list`: what is here, what is in use, and what can be downloaded. */
export async function listModels(options: ModelsOptions): Promise<number> {
  const { folder, models } = await shelfOf(options).list();
  if (options.json === true) {
    process.stdout.write(`${JSON.stringify({ folder, models }, null, 2)}\n`);
    return EXIT.ok;
  }
  const here = models.filter(({ path }) => path !== undefined);
  const lines = [
    here.length === 0 ? 'No speech model is on this machine yet.' : 'On this machine:',
    ...here.map(hereLine),
    '',
    'To download (rushcatalog-agent models download NAME):',
    ...models.filter(({ path }) => path === undefined).map(offerLine),
    '',
    `Models are kept in ${folder}`,
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
  return EXIT.ok;
}

const size = (bytes: number): string =>
  bytes < 1e9 ? `${(bytes / 1e6).toFixed(0)} MB` : `${(bytes / 1e9).toFixed(1)} GB`;

function hereLine({ name, sizeBytes, kind, languages, inUse, path, problem }: SpeechModelState): string {
  const what = kind === 'detector' ? 'speech detector' : languages === 'english' ? 'English only' : 'multilingual';
  const state = problem ?? (inUse ? 'in use' : '');
  return `  ${name.padEnd(18)} ${size(sizeBytes).padStart(7)}  ${what.padEnd(15)} ${state.padEnd(7)} ${path ?? ''}`;
}

function offerLine({ name, sizeBytes, kind, languages, licence, hashKnown }: SpeechModelState): string {
  const what = kind === 'detector' ? 'speech detector' : languages === 'english' ? 'English only' : 'multilingual';
  const hash = hashKnown ? '' : ', no published hash: needs --yes';
  return `  ${name.padEnd(18)} ${size(sizeBytes).padStart(7)}  ${what.padEnd(15)} ${licence ?? ''} licence${hash}`;
}

/** `models download NAME…`: with a progress line; Ctrl-C keeps what has arrived for the next time. */
export async function downloadModels(names: readonly string[], options: ModelsOptions): Promise<number> {
  const shelf = shelfOf(options);
  const stop = new AbortController();
  const signals = listenForStop();
  void signals.first.then(() => stop.abort());
  for (const name of names) {
    const line = progressLine(process.stderr);
    try {
      const path = await shelf.download(name, {
        consent: options.yes === true,
        signal: stop.signal,
        onState: line.show,
      });
      line.end();
      process.stdout.write(`${path}\n`);
    } catch (error) {
      line.end();
      const refusal = refusalOf(error);
      if (refusal === null) throw error;
      if (!stop.signal.aborted) throw new CommandError(refusal, EXIT.failed);
      process.stderr.write(`${sentence(refusal)}\n`);
      return EXIT.interrupted;
    }
  }
  return EXIT.ok;
}

/** `models add FILE`: copies a file into the agent's own folder. */
export async function addModel(file: string, options: ModelsOptions): Promise<number> {
  try {
    process.stdout.write(`${await shelfOf(options).add(resolve(file), options.yes === true)}\n`);
    return EXIT.ok;
  } catch (error) {
    const refusal = refusalOf(error);
    throw refusal === null ? error : new CommandError(refusal, EXIT.failed);
  }
}

/** `models remove NAME`. */
export async function removeModel(name: string, options: ModelsOptions): Promise<number> {
  const refusal = await shelfOf(options).remove(name);
  if (refusal !== null) throw new CommandError(refusal, EXIT.failed);
  return EXIT.ok;
}

export const MODEL_NAMES = KNOWN_MODELS.map(({ name }) => name);

function shelfOf({ work, mirror }: ModelsOptions): ModelShelf {
  const workFolder = work === undefined ? join(dataFolder(), 'agent') : resolve(work);
  const settings = createSettingsStore(join(workFolder, 'settings.json'), {
    origin: 'argument',
    values: givenSettings({ speechModelMirror: mirror }),
  });
  return createModelShelf({
    folder: modelsFolder(workFolder),
    settings: () => settings.view().values,
    env: process.env,
    fetch,
    sleep: async (ms, signal) => {
      await delay(ms, undefined, { signal }).catch(() => undefined);
    },
  });
}

function refusalOf(error: unknown): ConstructorParameters<typeof CommandError>[0] | null {
  return error instanceof Error && 'refusal' in error
    ? (error.refusal as ConstructorParameters<typeof CommandError>[0])
    : null;
}

/** One line that is written over on a terminal; in a log, one line per tenth. */
function progressLine(out: NodeJS.WriteStream): { show(state: ModelDownload): void; end(): void } {
  let lastTenth = -1;
  let shown = false;
  return {
    show({ name, receivedBytes, totalBytes, phase }) {
      const share = totalBytes === undefined || totalBytes === 0 ? 0 : receivedBytes / totalBytes;
      const text =
        phase === 'checking'
          ? `${name}: checking`
          : `${name}: ${(share * 100).toFixed(0)} %, ${size(receivedBytes)} of ${totalBytes === undefined ? '?' : size(totalBytes)}`;
      const tenth = phase === 'checking' ? 11 : Math.floor(share * 10);
      if (out.isTTY) out.write(`\r\u001B[K${text}`);
      else if (tenth !== lastTenth) out.write(`${text}\n`);
      lastTenth = tenth;
      shown = true;
    },
    end() {
      if (shown && out.isTTY) out.write('\n');
    },
  };
}
