import { createHash } from 'node:crypto';
import { lstat, mkdir, stat, statfs } from 'node:fs/promises';
import { basename, isAbsolute, join, resolve } from 'node:path';
import { Readable } from 'node:stream';
import type { Clock } from '../../work/clock.ts';
import { refusedOrDone, type Handlers } from '../../../shared/commands.ts';
import type { Refusal } from '../../../shared/failure.ts';
import type { SaveLayout, Saving } from '../../../shared/result-commands.ts';
import type { MediaRootSetting } from '../../../shared/settings.ts';
import type { ActivityRows } from '../journal/activity-rows.ts';
import type { DeliveredProxy } from '../journal/history-rows.ts';
import type { Log } from '../diagnostics/log.ts';
import type { Store } from '../store/store.ts';
import { sha256OfFile, writeNewFile } from '../../work/storage/new-file.ts';
import { locate } from '../../work/storage/source-path.ts';
import { sourceBeside } from './layout.ts';
import { reasonNotWritten } from './not-written.ts';
import { bestProxies, choosePlace, type Occupant } from './save-plan.ts';

interface SaveDeps {
  readonly store: Pick<Store, 'emit'>;
  readonly proxiesOf: (assetUuids: ReadonlySet<string>) => readonly DeliveredProxy[];
  readonly savedFiles: Pick<ActivityRows, 'savedFile' | 'saveFile'>;
  readonly clock: Pick<Clock, 'monotonic'>;
  readonly roots: () => readonly MediaRootSetting[];
  readonly openDerived: (assetUuid: string, ref: string) => Promise<Response | null>;
  readonly log: Log;
}

interface SaveRequest {
  readonly layout: SaveLayout;
  readonly folder: string;
  readonly assetUuids: readonly string[];
}

/** Saves proxies to a folder that a person chose, one run at a time. */
export interface ProxySaver {
  /** Begins; null, or why not. Its course is told by `savingChanged`. */
  save(request: SaveRequest): Promise<Refusal | null>;
  cancel(): void;
  /** Resolves when nothing is being written any more. */
  settled(): Promise<void>;
}

export function saveCommands(saver: ProxySaver): Handlers<'saveProxies' | 'cancelSaving'> {
  return {
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
  return {
    async save(request) {
      if (running !== null) return BUSY;
      const proxies = bestProxies(deps.proxiesOf(new Set(request.assetUuids)));
      const out = resolve(request.folder);
      const refusal = await whyNot(request, out, proxies, deps.roots());
      if (refusal !== null) return refusal;
      // Another call may have begun while this one looked around.
      if (running !== null) return BUSY;
      const abort = new AbortController();
      const done = copyAll(deps, { layout: request.layout, out, proxies }, abort.signal).finally(() => {
        running = null;
      });
      running = { abort, done };
      return null;
    },
    cancel: () => running?.abort.abort(),
    settled: async () => running?.done,
  };
}

const BUSY: Refusal = {
  code: 'ALREADY_SAVING',
  message: 'Proxies are being saved already.',
  nextStep: 'Wait until that is done, or cancel it.',
};

async function whyNot(
  { folder, layout }: SaveRequest,
  out: string,
  proxies: readonly DeliveredProxy[],
  roots: readonly MediaRootSetting[],
): Promise<Refusal | null> {
  if (!isAbsolute(folder)) {
    return { code: 'INVALID_INPUT', message: 'The folder needs its whole path.', field: 'folder' };
  }
  if (proxies.length === 0) {
    const nextStep = 'Make a proxy first; one for editing fits best.';
    return { code: 'NO_PROXY', message: 'None of these files has a proxy here.', nextStep };
  }
  const sources = proxies.map(({ sourcePath }) => localPath(sourcePath, roots)).filter((path) => path !== undefined);
  const beside =
    (await sourceBeside(out, sources)) ??
    (layout === 'resolve' ? await sourceBeside(join(out, 'Proxy'), sources) : undefined);
  if (beside !== undefined) {
    return {
      code: 'OUT_BESIDE_SOURCE',
      message: `The layout “${layout}” would write proxies into the folder of “${basename(beside)}”.`,
      nextStep: 'Choose another folder: rushes stay as the camera wrote them.',
      field: 'folder',
    };
  }
  const made = await mkdir(out, { recursive: true }).catch((error: Error) => error);
  if (made instanceof Error) {
    return {
      code: 'FOLDER_UNUSABLE',
      message: `The folder ${out} cannot be used: ${reasonNotWritten(made)}.`,
      nextStep: 'Choose a folder this user may write to.',
      field: 'folder',
    };
  }
  return noRoom(out, proxies);
}

async function noRoom(out: string, proxies: readonly DeliveredProxy[]): Promise<Refusal | null> {
  const disk = await statfs(out).catch(() => null);
  const needed = proxies.reduce((sum, { proxy }) => sum + proxy.size_bytes, 0);
  if (disk === null || disk.bavail * disk.bsize >= needed) return null;
  const gigabytes = (value: number): string => `${(value / 1e9).toFixed(1)} GB`;
  return {
    code: 'DISK_FULL',
    message: `The proxies need ${gigabytes(needed)}; ${gigabytes(disk.bavail * disk.bsize)} are free there.`,
    nextStep: 'Choose another disk, or fewer files.',
    field: 'folder',
  };
}

function localPath(sourcePath: string, roots: readonly MediaRootSetting[]): string | undefined {
  const located = locate(sourcePath, roots);
  if (located.kind !== 'in-root') return undefined;
  const root = roots.find(({ name }) => name === located.root);
  return root === undefined ? undefined : join(root.path, located.relative);
}

interface Job {
  readonly layout: SaveLayout;
  readonly out: string;
  readonly proxies: readonly DeliveredProxy[];
}

async function copyAll(deps: SaveDeps, { layout, out, proxies }: Job, signal: AbortSignal): Promise<void> {
  const totalBytes = proxies.reduce((sum, { proxy }) => sum + proxy.size_bytes, 0);
  let state: Saving = {
    phase: 'running',
    layout,
    folder: out,
    total: proxies.length,
    saved: 0,
    alreadyThere: 0,
    savedBytes: 0,
    totalBytes,
    problems: [],
  };
  const tell = (change: Partial<Saving>): void => {
    state = { ...state, ...change };
    deps.store.emit({ type: 'savingChanged', saving: state });
  };
  tell({});
  let finishedBytes = 0;
  for (const entry of proxies) {
    if (signal.aborted) break;
    let toldAt = deps.clock.monotonic();
    const onBytes = (bytes: number): void => {
      if (deps.clock.monotonic() - toldAt < TELL_MS) return;
      toldAt = deps.clock.monotonic();
      tell({ savedBytes: finishedBytes + bytes });
    };
    try {
      const outcome = await copyOne(deps, entry, { layout, out, signal, onBytes });
      finishedBytes += entry.proxy.size_bytes;
      const there = outcome === 'already-there' ? 1 : 0;
      tell({ saved: state.saved + 1, alreadyThere: state.alreadyThere + there, savedBytes: finishedBytes });
    } catch (error) {
      if (signal.aborted) break;
      deps.log.warn({ err: error, asset: entry.assetUuid }, 'a proxy could not be saved');
      const problem = { sourcePath: entry.sourcePath, message: `${reasonNotWritten(error)}.` };
      tell({ problems: [...state.problems, problem] });
    }
  }
  tell({ phase: signal.aborted ? 'cancelled' : 'ended' });
}

interface CopyOptions {
  readonly layout: SaveLayout;
  readonly out: string;
  readonly signal: AbortSignal;
  readonly onBytes: (bytes: number) => void;
}

async function copyOne(
  deps: SaveDeps,
  entry: DeliveredProxy,
  { layout, out, signal, onBytes }: CopyOptions,
): Promise<'saved' | 'already-there'> {
  const { proxy, assetUuid, sourcePath } = entry;
  const path = await choosePlace(entry, { layout, out }, (candidate) => occupantOf(deps, candidate, entry));
  const known = deps.savedFiles.savedFile(path);
  const size = (await stat(path).catch(() => null))?.size;
  if (size === proxy.size_bytes && known?.sha256 === proxy.sha256) return 'already-there';
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
    mayReplace: async (there) => (await occupantOf(deps, there, entry)) === 'same-source',
    check: () => {
      if (hash.digest('hex') !== proxy.sha256) throw new Error('its proxy did not arrive as it was made');
    },
    signal,
  });
  deps.savedFiles.saveFile({ path, sourcePath, sha256: proxy.sha256 });
  return 'saved';
}

/** Only what this agent wrote for the same source may be replaced, as it wrote it: a file that was exchanged since is not ours. */
async function occupantOf(deps: SaveDeps, path: string, { sourcePath, proxy }: DeliveredProxy): Promise<Occupant> {
  const there = await lstat(path).catch(() => null);
  if (there === null) return 'free';
  if (!there.isFile()) return 'foreign';
  const known = deps.savedFiles.savedFile(path);
  if (known !== undefined && known.sourcePath !== sourcePath) return 'foreign';
  // Nothing is written then, so nothing has to be read.
  if (known?.sha256 === proxy.sha256 && there.size === proxy.size_bytes) return 'same-source';
  // The journal may have missed the last save, or have begun after it: the very same bytes are the same proxy.
  const ours = [proxy.sha256, ...(known === undefined ? [] : [known.sha256])];
  return ours.includes(await sha256OfFile(path)) ? 'same-source' : 'foreign';
}
