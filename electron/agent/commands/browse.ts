import { readdir, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import type { Outcome, Parsed } from '../../../shared/commands.ts';
import { systemClock, withTimeout } from '../../work/clock.ts';
import type { Refusal } from '../../../shared/failure.ts';
import type { MediaRootSetting } from '../../../shared/settings.ts';
import type { FolderEntry, FolderListing, Shortcut } from '../../../shared/setup-commands.ts';
import { drives } from './drives.ts';

/** A page shows this many of each; who has more types the path. */
const MAX_ENTRIES = 2_000;
/** A share that hangs must not hang the page. */
const LOOK_MS = 5_000;

/** Where volumes appear, by system; each is listed only where it exists. Windows has letters (drives.ts). */
const VOLUME_PARENTS: Readonly<Record<string, readonly string[]>> = {
  darwin: ['/Volumes'],
  linux: ['/media', '/mnt', '/run/media'],
};

/** Folders, and media files where they are asked for, so that a page can offer a picker. Reads names only. */
export async function browse(
  { path, files }: Parsed<'browse'>,
  roots: readonly MediaRootSetting[],
): Promise<Outcome<'browse'>> {
  const shortcuts = await places(roots);
  if (path === undefined) return { listing: null, shortcuts };
  const listing = await withTimeout(systemClock, LOOK_MS, list(resolve(path), files), { refusal: NOT_ANSWERING });
  return 'refusal' in listing ? listing : { listing, shortcuts };
}

const NOT_ANSWERING: Refusal = {
  code: 'FOLDER_NOT_ANSWERING',
  message: 'This folder does not answer.',
  nextStep: 'Check that the share or disk is connected, then try again.',
  field: 'path',
};

async function list(path: string, withFiles: boolean): Promise<FolderListing | { readonly refusal: Refusal }> {
  const entries = await readdir(path, { withFileTypes: true }).catch((error: unknown) => refusalOf(path, error));
  if (!Array.isArray(entries)) return { refusal: entries };
  const folders: FolderEntry[] = [];
  const files: FolderEntry[] = [];
  for (const entry of entries.sort((a, b) => a.name.localeCompare(b.name, 'en', { numeric: true }))) {
    if (entry.name.startsWith('.')) continue;
    const found = { name: entry.name, path: join(path, entry.name) };
    const isFolder =
      entry.isDirectory() || (entry.isSymbolicLink() && (await stat(found.path).catch(() => null))?.isDirectory());
    if (isFolder === true) folders.push(found);
    else if (withFiles && entry.isFile()) files.push(found);
  }
  const parent = dirname(path);
  return {
    path,
    ...(parent === path ? {} : { parent }),
    folders: folders.slice(0, MAX_ENTRIES),
    files: files.slice(0, MAX_ENTRIES),
    truncated: folders.length > MAX_ENTRIES || files.length > MAX_ENTRIES,
  };
}

function refusalOf(path: string, error: unknown): Refusal {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (code === 'ENOENT' || code === 'ENOTDIR') {
    const message = `There is no folder ${path}.`;
    return { code: 'FOLDER_MISSING', message, nextStep: 'Check the path.', field: 'path' };
  }
  const message = `The folder ${path} cannot be read${code === '' ? '' : ` (${code})`}.`;
  return {
    code: 'FOLDER_UNREADABLE',
    message,
    nextStep: 'Choose another one, or let this user read it.',
    field: 'path',
  };
}

async function places(roots: readonly MediaRootSetting[]): Promise<Shortcut[]> {
  const own = roots.map(({ name, path }): Shortcut => ({ kind: 'root', name, path }));
  const home = homedir();
  const volumes: Shortcut[] = [];
  for (const parent of VOLUME_PARENTS[process.platform] ?? []) {
    const entries = await readdir(parent, { withFileTypes: true }).catch(() => []);
    if (entries.length > 0) volumes.push({ kind: 'volume', name: parent, path: parent });
  }
  const letters = process.platform === 'win32' ? await drives() : [];
  volumes.push(...letters.map((path): Shortcut => ({ kind: 'volume', name: path, path })));
  return [...own, { kind: 'home', name: basename(home), path: home }, ...volumes];
}
