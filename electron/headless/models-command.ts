import { join, resolve } from 'node:path';
import { RefusedError, type Refusal } from '../../shared/failure.ts';
import { defined } from '../../shared/objects.ts';
import { printable } from '../../shared/printable.ts';
import type { Settings } from '../../shared/settings.ts';
import { KNOWN_MODELS, type ModelDownload, type SpeechModelState } from '../../shared/speech-models.ts';
import { systemClock } from '../work/clock.ts';
import { findRunningAgent, type RunningAgent } from '../agent/control/ask-control.ts';
import { createModelLibrary, type ModelLibrary } from '../work/speech/model-library.ts';
import { createOutsideFetch } from '../compose/network/outside-fetch.ts';
import { openSettings, readManaged } from '../compose/policy/managed-settings.ts';
import { formatRefusal } from '../compose/format-refusal.ts';
import { agentWorkFolder } from './agent-work-folder.ts';
import { CommandError, EXIT } from './exit.ts';
import { modelsFolder } from './folders.ts';
import { listenForStop } from './signals.ts';
import { printOut, printJson, printError } from './print.ts';

interface ModelsOptions {
  readonly work?: string;
  readonly mirror?: string;
  readonly yes?: boolean;
  readonly json?: boolean;
}

/** `rushcatalog-agent models list`: what is here, what is in use, and what can be downloaded. */
export async function listModels(options: ModelsOptions): Promise<number> {
  const agent = await runningAgent(options);
  // What a running agent was told by its own arguments or its page counts, not what a file says.
  const inForce = agent === null ? undefined : (await agent.snapshot()).settings.values;
  const { folder, models } = await libraryOf(options, inForce).list();
  if (options.json === true) {
    printJson({ folder, models });
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
  printOut(lines);
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
  refuseWithoutPolicy();
  const library = libraryOf(options);
  const stop = new AbortController();
  const signals = listenForStop();
  void signals.first.then(() => stop.abort());
  for (const name of names) {
    const line = progressLine(process.stderr);
    try {
      const path = await library.download(name, {
        consent: options.yes === true,
        signal: stop.signal,
        onState: line.show,
      });
      line.end();
      printOut(path);
      await tellAgent(options);
    } catch (error) {
      line.end();
      if (!(error instanceof RefusedError)) throw error;
      if (!stop.signal.aborted) throw new CommandError(error.refusal, EXIT.failed);
      printError(formatRefusal(error.refusal));
      return EXIT.interrupted;
    }
  }
  return EXIT.ok;
}

/** A policy that cannot be read may name the one address from which models are to come. */
function refuseWithoutPolicy(): void {
  const { problem } = readManaged({});
  if (problem !== undefined) throw new CommandError(problem);
}

/** `models add FILE`: copies a file into the agent's own folder. */
export async function addModel(file: string, options: ModelsOptions): Promise<number> {
  try {
    printOut(await libraryOf(options).add(resolve(file), options.yes === true));
    await tellAgent(options);
    return EXIT.ok;
  } catch (error) {
    throw error instanceof RefusedError ? new CommandError(error.refusal, EXIT.failed) : error;
  }
}

/** `models remove NAME`: by the running agent where there is one, whose settings may name the file. */
export async function removeModel(name: string, options: ModelsOptions): Promise<number> {
  const agent = await runningAgent(options);
  const refusal = agent === null ? await libraryOf(options).remove(name) : await removeBy(agent, name);
  if (refusal !== null) throw new CommandError(refusal, EXIT.failed);
  return EXIT.ok;
}

async function removeBy(agent: RunningAgent, path: string): Promise<Refusal | null> {
  const answer = await agent.call('removeModel', { path });
  return answer.ok ? null : answer.refusal;
}

/** A running agent looks anew at its models; without one the next start does. */
async function tellAgent(options: ModelsOptions): Promise<void> {
  const agent = await runningAgent(options);
  if (agent === null) return;
  await agent.call('refreshModels', {});
  printError('The running agent looks at its models again.');
}

/** An agent that is stuck keeps nobody from having a model. */
function runningAgent({ work }: ModelsOptions): Promise<RunningAgent | null> {
  return findRunningAgent(agentWorkFolder(work === undefined ? undefined : resolve(work))).catch(() => null);
}

export const MODEL_NAMES = KNOWN_MODELS.map(({ name }) => name);

/** The shelf of the agent with this work folder: its settings, its policy, its way out. */
function libraryOf({ work, mirror }: ModelsOptions, inForce?: Settings): ModelLibrary {
  const workFolder = agentWorkFolder(work === undefined ? undefined : resolve(work));
  const managed = readManaged(defined({ speechModelMirror: mirror }));
  const settings = openSettings(join(workFolder, 'settings.json'), managed);
  return createModelLibrary({
    folder: modelsFolder(workFolder),
    settings: () => inForce ?? settings.view().values,
    env: process.env,
    unchoose: () => settings.change({}, ['speechModelPath']),
    fetch: createOutsideFetch(settings),
    sleep: systemClock.sleep,
  });
}

/** One line that is written over on a terminal; in a log, one line per tenth. */
function progressLine(out: NodeJS.WriteStream): { show(state: ModelDownload): void; end(): void } {
  let lastTenth: number | ModelDownload['phase'] = -1;
  let shown = false;
  return {
    show({ name, receivedBytes, totalBytes, phase }) {
      const share = totalBytes === undefined || totalBytes === 0 ? 0 : receivedBytes / totalBytes;
      const arrived = `${(share * 100).toFixed(0)} %, ${size(receivedBytes)} of ${totalBytes === undefined ? '?' : size(totalBytes)}`;
      const text = printable(`${name}: ${phase === 'downloading' ? arrived : phase}`);
      const tenth = phase === 'downloading' ? Math.floor(share * 10) : phase;
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
