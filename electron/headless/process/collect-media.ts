import type { Dirent } from 'node:fs';
import { lstat, readdir, realpath, stat } from 'node:fs/promises';
import { basename, dirname, extname, join, relative, resolve } from 'node:path';
import type { MediaRootSetting } from '../../../shared/settings.ts';
import { CommandError } from '../exit.ts';

/** One source a person pointed at. */
export interface MediaFile {
  /** As it is shown and written into results: an absolute path. */
  readonly path: string;
  /** `ROOT/relative/path`, as jobs name it. */
  readonly sourcePath: string;
}

export interface Collected {
  readonly files: readonly MediaFile[];
  readonly roots: readonly MediaRootSetting[];
  /** Files inside folders that do not look like media. */
  readonly skipped: readonly string[];
}

/** Files inside a folder are taken by their ending; what a person names explicitly is always taken. */
const MEDIA_ENDINGS = new Set(
  (
    'mov mp4 m4v mxf mts m2ts m2t ts mpg mpeg vob avi mkv webm 3gp 3g2 dv wmv asf flv insv lrv ' +
    'wav bwf w64 aif aiff aifc mp3 m4a aac flac ogg oga opus caf wma ' +
    'jpg jpeg jpe png tif tiff webp heic heif avif dng cr2 cr3 nef arw raf orf rw2 pef srw ' +
    'braw r3d crm'
  )
    .split(' ')
    .map((ending) => `.${ending}`),
);

/** Expands files and folders into sources, each once, in a stable order. Throws CommandError when one is missing. */
export async function collectMedia(inputs: readonly string[]): Promise<Collected> {
  const roots = new Map<string, string>();
  const files = new Map<string, MediaFile>();
  const skipped: string[] = [];
  for (const input of inputs) {
    const path = resolve(input);
    const stats = await stat(path).catch(() => null);
    if (stats === null) throw missing(input);
    const folder = stats.isDirectory() ? path : dirname(path);
    const name = rootName(roots, folder);
    const found = stats.isDirectory() ? await walk(path, skipped) : [path];
    for (const file of found) {
      const identity = await realpath(file).catch(() => file);
      if (!files.has(identity)) files.set(identity, { path: file, sourcePath: `${name}/${relative(folder, file)}` });
    }
  }
  return {
    files: [...files.values()],
    roots: [...roots].map(([path, name]) => ({ name, path })),
    skipped,
  };
}

function rootName(roots: Map<string, string>, folder: string): string {
  const known = roots.get(folder);
  if (known !== undefined) return known;
  const name = `input${roots.size + 1}`;
  roots.set(folder, name);
  return name;
}

/** All candidates below a folder, sorted by name; hidden entries and linked folders are left out. */
async function walk(folder: string, skipped: string[]): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  const found: string[] = [];
  for (const entry of entries.sort((a, b) => a.name.localeCompare(b.name, 'en'))) {
    if (entry.name.startsWith('.')) continue;
    const path = join(folder, entry.name);
    if (entry.isDirectory()) found.push(...(await walk(path, skipped)));
    else if (await isCandidate(entry, path)) found.push(path);
    else skipped.push(path);
  }
  return found;
}

async function isCandidate(entry: Dirent, path: string): Promise<boolean> {
  if (entry.isSymbolicLink() && (await lstat(path)).isDirectory()) return false;
  return MEDIA_ENDINGS.has(extname(basename(path)).toLowerCase());
}

function missing(input: string): CommandError {
  return new CommandError({
    code: 'INPUT_MISSING',
    message: `“${input}” does not exist.`,
    nextStep: 'Check the path; files and folders are accepted, separated by spaces.',
  });
}
