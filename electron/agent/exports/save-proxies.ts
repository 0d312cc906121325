import { createHash } from 'node:crypto';
import { isAbsolute, resolve } from 'node:path';
import { Readable } from 'node:stream';
import type { Clock } from '../../work/clock.ts';
import { refusedOrDone, type CommandOutput, type Handlers } from '../../../shared/commands.ts';
import type { Refusal } from '../../../shared/failure.ts';
import type { PlannedProxy, SaveArrangement, SaveLayout, Saving } from '../../../shared/result-commands.ts';
import type { MediaRootSetting } from '../../../shared/settings.ts';
import type { DeliveredProxy } from '../journal/history-rows.ts';
import type { Log } from '../diagnostics/log.ts';
import type { Store } from '../store/store.ts';
import { writeNewFile } from '../../work/storage/new-file.ts';
import { reasonNotWritten } from './not-written.ts';
import { occupantOf, remember, type SavedFiles } from './occupant.ts';
import { bestProxies, placesOf, planned, type Placed } from './save-plan.ts';
import { targetFolders, whyNot, type SaveTarget } from './save-target.ts';

interface SaveDeps {
  readonly store: Pick<Store, 'emit'>;
  readonly proxiesOf: (assetUuids: ReadonlySet<string>) => readonly DeliveredProxy[];
  readonly savedFiles: SavedFiles;
  readonly clock: Pick<Clock, 'monotonic'>;
  readonly roots: () => readonly MediaRootSetting[];
  readonly openDerived: (assetUuid: string, ref: string) => Promise<Response | null>;
  readonly log: Log;
}

interface SaveRequest {
  readonly layout: SaveLayout;
  readonly arrangement: SaveArrangement;
  readonly folder: string;
  readonly assetUuids: readonly string[];
}

/** Saves proxies to a folder that a person chose, one run at a time. */
export interface ProxySaver {
  /** Begins; null, or why not. Its course is told by `savingChanged`. */
  save(request: SaveRequest): Promise<Refusal | null>;
  /** What `save` would write where; writes nothing. */
  plan(request: SaveRequest): Promise<CommandOutput<'planSaving'>>;
  cancel(): void;
  /** Resolves when nothing is being written any more. */
  settled(): Promise<void>;
}

export function saveCommands(saver: ProxySaver): Handlers<'planSaving' | 'saveProxies' | 'cancelSaving'> {
  return {
    planSaving: (request) => saver.plan(request),
    saveProxies: async (request) => refusedOrDone(await saver.save(request)),
    async cancelSaving() {
      saver.cancel();
      return {};
    },
  };
}

/** Told at most this often while one large file is copied. */
const TELL_MS = 250;

export function createProxySaver(deps: SaveDeps): ProxySaver {
  let running: { readonly abort: AbortController; readonly done: Promise<void> } | null = null;
  const wanted = ({ assetUuids }: SaveRequest) => bestProxies(deps.proxiesOf(new Set(assetUuids)));
  return {
    async save(request) {
      if (running !== null) return BUSY;
      const proxies = wanted(request);
      const target = targetOf(request);
      const refusal = await whyNot(target, proxies, deps.roots());
      if (refusal !== null) return refusal;
      // Another call may have begun while this one looked around.
      if (running !== null) return BUSY;
      const abort = new AbortController();
      const done = copyAll(deps, { target, proxies }, abort.signal).finally(() => {
        running = null;
      });
      running = { abort, done };
      return null;
    },
    async plan(request) {
      const proxies = wanted(request);
      const files: PlannedProxy[] = [];
      for await (const placed of places(deps, targetOf(request), proxies.slice(0, PLANNED)))
        files.push(planned(placed));
      return {
        files,
        total: proxies.length,
        totalBytes: bytesOf(proxies),
        withoutTimecode: proxies.filter(({ timecode }) => !timecode).length,
      };
    },
    cancel: () => running?.abort.abort(),
    settled: async () => running?.done,
  };
}

/** So many are shown with their places before they are saved; each may need a look at a disk. */
const PLANNED = 200;

/** A path that is not whole is kept as it is: `whyNot` refuses it, and a plan shows names alone. */
function targetOf({ layout, arrangement, folder }: SaveRequest): SaveTarget {
  const out = arrangement === 'beside' ? '' : folder;
  return { layout, arrangement, out: isAbsolute(out) ? resolve(out) : out };
}

function places(deps: SaveDeps, target: SaveTarget, proxies: readonly DeliveredProxy[]): AsyncGenerator<Placed> {
  const isKnown = target.arrangement === 'beside' || isAbsolute(target.out);
  return placesOf(proxies, {
    layout: target.layout,
    foldersFor: targetFolders(isKnown ? target : { ...target, out: '' }, deps.roots()),
    occupantOf: async (path, entry) => (isKnown ? occupantOf(deps.savedFiles, path, entry) : 'free'),
  });
}

function bytesOf(proxies: readonly DeliveredProxy[]): number {
  return proxies.reduce((sum, { proxy }) => sum + proxy.size_bytes, 0);
}

const BUSY: Refusal = {
  code: 'ALREADY_SAVING',
  message: 'Proxies are being saved already.',
  nextStep: 'Wait until that is done, or cancel it.',
};

interface Job {
  readonly target: SaveTarget;
  readonly proxies: readonly DeliveredProxy[];
}

async function copyAll(deps: SaveDeps, { target, proxies }: Job, signal: AbortSignal): Promise<void> {
  let state: Saving = {
    phase: 'running',
    layout: target.layout,
    arrangement: target.arrangement,
    folder: target.out,
    firstFile: null,
    total: proxies.length,
    saved: 0,
    alreadyThere: 0,
    savedBytes: 0,
    totalBytes: bytesOf(proxies),
    problems: [],
  };
  const tell = (change: Partial<Saving>): void => {
    state = { ...state, ...change };
    deps.store.emit({ type: 'savingChanged', saving: state });
  };
  tell({});
  let finishedBytes = 0;
  for await (const placed of places(deps, target, proxies)) {
    if (signal.aborted) break;
    const { entry } = placed;
    let toldAt = deps.clock.monotonic();
    const onBytes = (bytes: number): void => {
      if (deps.clock.monotonic() - toldAt < TELL_MS) return;
      toldAt = deps.clock.monotonic();
      tell({ savedBytes: finishedBytes + bytes });
    };
    try {
      if ('problem' in placed) throw placed.problem;
      const there = placed.occupant === 'there' ? 1 : 0;
      if (there === 0) await copyOne(deps, placed, { signal, onBytes });
      remember(deps.savedFiles, placed.path, entry);
      finishedBytes += entry.proxy.size_bytes;
      tell({
        saved: state.saved + 1,
        alreadyThere: state.alreadyThere + there,
        savedBytes: finishedBytes,
        firstFile: state.firstFile ?? placed.path,
      });
    } catch (error) {
      if (signal.aborted) break;
      deps.log.warn({ err: error, asset: entry.assetUuid }, 'a proxy could not be saved');
      const problem = { sourcePath: entry.sourcePath, message: `${reasonNotWritten(error)}.` };
      tell({ problems: [...state.problems, problem] });
    }
  }
  tell({ phase: signal.aborted ? 'cancelled' : 'ended' });
}

type Writable = Extract<Placed, { readonly path: string }>;

interface CopyOptions {
  readonly signal: AbortSignal;
  readonly onBytes: (bytes: number) => void;
}

async function copyOne(deps: SaveDeps, { entry, path }: Writable, { signal, onBytes }: CopyOptions): Promise<void> {
  const { proxy, assetUuid } = entry;
  const response = await deps.openDerived(assetUuid, proxy.ref);
  if (response === null || !response.ok || response.body === null) {
    throw new Error('its proxy is not here any more; run the job again');
  }
  const hash = createHash('sha256');
  let bytes = 0;
  const counted = async function* (chunks: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
    for await (const chunk of chunks) {
      hash.update(chunk);
      bytes += chunk.length;
      onBytes(bytes);
      yield chunk;
    }
  };
  await writeNewFile(path, {
    content: Readable.from(counted(response.body), { objectMode: false }),
    mayReplace: async (there) => (await occupantOf(deps.savedFiles, there, entry)) !== 'foreign',
    check: () => {
      if (hash.digest('hex') !== proxy.sha256) throw new Error('its proxy did not arrive as it was made');
    },
    signal,
  });
}
