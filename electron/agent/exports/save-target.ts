import { lstat, mkdir, realpath, statfs } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join } from 'node:path';
import type { Refusal } from '../../../shared/failure.ts';
import type { SaveArrangement, SaveLayout } from '../../../shared/result-commands.ts';
import type { MediaRootSetting } from '../../../shared/settings.ts';
import { lookAt } from '../../work/storage/open-source.ts';
import { isInside, locate, spellings } from '../../work/storage/source-path.ts';
import { possibleName } from '../../work/storage/windows-names.ts';
import type { DeliveredProxy } from '../journal/history-rows.ts';
import { reasonNotWritten } from './not-written.ts';
import type { TargetFolders } from './save-plan.ts';

/** Where the proxies of one run go. */
export interface SaveTarget {
  readonly layout: SaveLayout;
  readonly arrangement: SaveArrangement;
  /** Whole path of the chosen folder; empty while none is chosen, and beside the media. */
  readonly out: string;
}

/** What Premiere and Resolve both call the folder beside the media in which they keep proxies, and look for them. */
const BESIDE = 'Proxy';

/** Throws where the proxy of a source can have no place here; the message ends the sentence “… could not be saved: …”. */
export function targetFolders(
  { layout, arrangement, out }: SaveTarget,
  roots: readonly MediaRootSetting[],
): (sourcePath: string) => Promise<TargetFolders> {
  switch (arrangement) {
    case 'together':
      return async () => ({ base: out, apart: out, home: out, name: '' });
    case 'mirrored':
      return async (sourcePath) => {
        const base = join(out, ...foldersOf(sourcePath, roots));
        return { base, apart: base, home: out, name: '' };
      };
    case 'beside':
      return async (sourcePath) => {
        const home = await folderOfSource(sourcePath, roots);
        const own = join(home, BESIDE);
        // Through a link it would lie elsewhere.
        const there = await lstat(own).catch(() => null);
        if (there !== null && !there.isDirectory()) throw new Error(`something else is called “${BESIDE}” beside it`);
        const name = foldersOf(sourcePath, roots).join('/');
        return { base: layout === 'resolve' ? home : own, apart: own, home, name };
      };
  }
}

/** The folders above a source by the name of its media folder, or as the server wrote them; none leads upwards. */
function foldersOf(sourcePath: string, roots: readonly MediaRootSetting[]): string[] {
  const located = locate(sourcePath, roots);
  const path = located.kind === 'in-root' ? `${located.root}/${located.relative}` : sourcePath;
  const folders = path.split(/[\\/]/).slice(0, -1);
  const plain = folders.map((name) => name.replace(/:$/, '')).filter((name) => !/^\.{0,2}$/.test(name));
  return plain.map((name) => possibleName(name));
}

async function folderOfSource(sourcePath: string, roots: readonly MediaRootSetting[]): Promise<string> {
  const place = placeHere(sourcePath, roots);
  if (place === undefined) throw new Error('its media folder is not on this machine');
  // Without its source, as on a card that was taken out, a folder would be made where nobody looks.
  if ((await lookAt(place.root, place.relative)) === null) throw new Error('its source is not there');
  const top = await realpath(place.root);
  for (const path of spellings(place.root, place.relative)) {
    const folder = await realpath(dirname(path)).catch(() => null);
    if (folder !== null && isInside(folder, top)) return folder;
  }
  throw new Error('its source lies outside its media folder');
}

/** Why nothing can be saved there, or null; makes the chosen folder. */
export async function whyNot(
  target: SaveTarget,
  proxies: readonly DeliveredProxy[],
  roots: readonly MediaRootSetting[],
): Promise<Refusal | null> {
  if (proxies.length === 0) {
    const nextStep = 'Make a proxy first; one for editing fits best.';
    return { code: 'NO_PROXY', message: 'None of these files has a proxy here.', nextStep };
  }
  if (target.arrangement === 'beside') return null;
  if (!isAbsolute(target.out)) {
    return { code: 'INVALID_INPUT', message: 'The folder needs its whole path.', field: 'folder' };
  }
  const beside = await besideSource(target, proxies, roots);
  if (beside !== undefined) {
    return {
      code: 'OUT_BESIDE_SOURCE',
      message: `Proxies would lie among the media, in the folder of “${basename(beside)}”.`,
      nextStep: 'Choose another folder, or “Beside the media”, which keeps proxies in a folder of their own.',
      field: 'folder',
    };
  }
  const made = await mkdir(target.out, { recursive: true }).catch((error: Error) => error);
  if (made instanceof Error) {
    return {
      code: 'FOLDER_UNUSABLE',
      message: `The folder ${target.out} cannot be used: ${reasonNotWritten(made)}.`,
      nextStep: 'Choose a folder this user may write to.',
      field: 'folder',
    };
  }
  return noRoom(target.out, proxies);
}

/** A source in whose own folder a proxy would lie: rushes stay as the camera wrote them. */
async function besideSource(
  target: SaveTarget,
  proxies: readonly DeliveredProxy[],
  roots: readonly MediaRootSetting[],
): Promise<string | undefined> {
  const real = (path: string): Promise<string> => realpath(path).catch(() => path);
  const foldersFor = targetFolders(target, roots);
  const bases = new Set<string>();
  const sources = new Map<string, string>();
  for (const { sourcePath } of proxies) {
    const { base } = await foldersFor(sourcePath);
    bases.add(target.layout === 'resolve' ? join(base, BESIDE) : base).add(base);
    const place = placeHere(sourcePath, roots);
    if (place === undefined) continue;
    const path = join(place.root, place.relative);
    if (!sources.has(dirname(path))) sources.set(dirname(path), path);
  }
  const taken = new Map<string, string>();
  for (const [folder, path] of sources) taken.set(await real(folder), path);
  for (const base of bases) {
    const source = taken.get(await real(base));
    if (source !== undefined) return source;
  }
  return undefined;
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

/** Path of a source's media folder on this machine, and of the source below it; undefined where it is not here. */
function placeHere(
  sourcePath: string,
  roots: readonly MediaRootSetting[],
): { readonly root: string; readonly relative: string } | undefined {
  const located = locate(sourcePath, roots);
  if (located.kind !== 'in-root') return undefined;
  const root = roots.find(({ name }) => name === located.root);
  return root === undefined ? undefined : { root: root.path, relative: located.relative };
}
