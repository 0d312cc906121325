import type { Dirent } from 'node:fs';
import { opendir, readdir, realpath, stat } from 'node:fs/promises';
import { basename, dirname, join, parse, relative } from 'node:path';
import { atMost } from '../../shared/at-most.ts';
import { isProxyOf, kindOfName, PROXY_FOLDER } from '../../shared/media-names.ts';
import { byBytes, isOddName } from './folder-key.ts';

/** A file as the file system tells it. */
export interface SeenFile {
  readonly name: string;
  readonly sizeBytes: number;
  readonly modifiedMs: number;
}

/** Entries that are held at once: a folder may have a million. */
const CHUNK = 1_000;
/** A NAS answers many questions at once, and each of them late. */
const STATS_AT_ONCE = 16;

/**
 * Goes through a folder: `onFiles` gets files for which `takes` holds, up to a thousand at a time. Answers the names of
 * the folders in it, in the order of their bytes. Hidden entries and linked folders are left out, and so are proxies that
 * lie below their media. Rejects where the folder cannot be read.
 */
export async function listFolder(
  path: string,
  rootPath: string,
  takes: (name: string) => boolean,
  onFiles: (files: readonly SeenFile[]) => Promise<void>,
): Promise<string[]> {
  const folders: string[] = [];
  const isProxy = await proxiesOf(path);
  let names: string[] = [];
  const flush = async (): Promise<void> => {
    const seen = await atMost(STATS_AT_ONCE, names, (name) => seenFile(join(path, name)));
    names = [];
    const files = seen.filter((file) => file !== null);
    if (files.length > 0) await onFiles(files);
  };
  for await (const entry of await opendir(path, { bufferSize: 256 })) {
    if (entry.name.startsWith('.') || isOddName(entry.name)) continue;
    if (entry.isDirectory()) folders.push(entry.name);
    else if (takes(entry.name) && !isProxy(entry.name) && (await isFileBelow(entry, path, rootPath))) {
      names.push(entry.name);
      if (names.length >= CHUNK) await flush();
    }
  }
  await flush();
  return folders.sort(byBytes);
}

/** Null: it is not there, or no file. */
export async function seenFile(path: string): Promise<SeenFile | null> {
  try {
    const stats = await stat(path);
    if (!stats.isFile()) return null;
    return { name: basename(path), sizeBytes: stats.size, modifiedMs: Math.floor(stats.mtimeMs) };
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}

export function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR');
}

/** A link may lead out of the media root, where no agent would follow it. */
async function isFileBelow(entry: Dirent, folder: string, rootPath: string): Promise<boolean> {
  if (!entry.isSymbolicLink()) return entry.isFile();
  const [real, root] = await Promise.all([realpath(join(folder, entry.name)), realpath(rootPath)]).catch(() => [
    '',
    '',
  ]);
  if (real === undefined || root === undefined || real === '') return false;
  const way = relative(root, real);
  return way !== '' && !way.startsWith('..') && !parse(way).root;
}

/** In a folder of proxies: whether a name is one of a file above it. */
async function proxiesOf(path: string): Promise<(name: string) => boolean> {
  if (basename(path) !== PROXY_FOLDER) return () => false;
  const above = await readdir(dirname(path)).catch(() => []);
  const stems = new Set(above.filter((name) => kindOfName(name) !== null).map((name) => parse(name).name));
  return (name) => isProxyOf(parse(name).name, stems);
}
