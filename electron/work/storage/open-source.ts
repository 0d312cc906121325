import type { Stats } from 'node:fs';
import { open, readlink, realpath, stat, statfs, type FileHandle } from 'node:fs/promises';
import { failure, JobFailure } from '../../../shared/failure.ts';
import type { Source } from '../execution.ts';
import { openBeneath } from './open-beneath.ts';
import { sourceInput } from './source-input.ts';
import { isInside, spellings } from './source-path.ts';

/** An open source; `handle` stays ours until the job is over. */
export interface OpenSource {
  readonly source: Source;
  readonly handle: FileHandle;
  readonly identity: SourceIdentity;
}

/** What tells whether a file is still the one that was read. */
export interface SourceIdentity {
  readonly sizeBytes: number;
  readonly mtimeMs: number;
}

/**
 * Opens a source read-only inside its media root, without a gap between check and open: links are resolved and judged
 * first, then the file is opened without following any (media.md, Untrusted input). Throws JobFailure
 * SOURCE_UNREADABLE, SOURCE_FORBIDDEN, or SOURCE_CHANGED when it was replaced meanwhile.
 */
export async function openSource(folder: string, relative: string): Promise<OpenSource> {
  const root = await realpath(folder);
  const { handle, stats, real } = await openAnySpelling(folder, root, relative);
  try {
    const path = await realPathOf(handle, real, relative);
    // A folder above it may have been moved out of the root while it was opened.
    if (!isInside(path, root)) throw forbidden(relative);
    if (stats.size === 0) throw unreadable(relative, 'is empty (0 bytes)');
    const source: Source = {
      path,
      fd: handle.fd,
      input: sourceInput(path),
      sizeBytes: stats.size,
      mtimeMs: stats.mtimeMs,
    };
    return { source, handle, identity: identityOf(stats) };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/** How the file looks now, without opening it; null when it is not there. */
export async function lookAt(folder: string, relative: string): Promise<SourceIdentity | null> {
  for (const path of spellings(folder, relative)) {
    const stats = await stat(path).catch(nullWhenMissing);
    if (stats !== null) return identityOf(stats);
  }
  return null;
}

/** Whether another program lets nobody read it now; only Windows has that. A file that is not there is not held. */
export async function isHeld(folder: string, relative: string): Promise<boolean> {
  if (process.platform !== 'win32') return false;
  for (const path of spellings(folder, relative)) {
    const handle = await open(path).catch((error: unknown) => codeOf(error));
    if (handle === 'EBUSY') return true;
    if (typeof handle !== 'string') await handle.close();
  }
  return false;
}

export function identityOf(stats: Pick<Stats, 'size' | 'mtimeMs'>): SourceIdentity {
  return { sizeBytes: stats.size, mtimeMs: stats.mtimeMs };
}

export function sameIdentity(a: SourceIdentity, b: SourceIdentity): boolean {
  return a.sizeBytes === b.sizeBytes && a.mtimeMs === b.mtimeMs;
}

interface Opened {
  readonly handle: FileHandle;
  readonly stats: Stats;
  /** Real path that was walked. */
  readonly real: string;
}

async function openAnySpelling(folder: string, root: string, relative: string): Promise<Opened> {
  for (const path of spellings(folder, relative)) {
    const real = await realpath(path).catch((error: unknown) => nullUnlessRefused(error, relative));
    if (real === null) continue;
    if (!isInside(real, root)) throw forbidden(relative);
    const opened = await openBeneath(root, real).catch((error: unknown) => {
      throw codeOf(error) === 'EBUSY'
        ? heldByAnother(relative)
        : unreadable(relative, `cannot be opened (${codeOf(error)})`, error);
    });
    if (opened.kind === 'not-regular') throw notRegular(relative, opened.stats);
    if (opened.kind === 'replaced') throw replaced(relative);
    return { ...opened, real };
  }
  throw unreadable(relative, 'does not exist');
}

/** Where the opened file really is; on Linux the kernel says it, elsewhere the name must still stand for that file. */
async function realPathOf(handle: FileHandle, real: string, relative: string): Promise<string> {
  if (process.platform === 'linux') return readlink(`/proc/self/fd/${handle.fd}`);
  const [opened, named] = await Promise.all([handle.stat({ bigint: true }), stat(real, { bigint: true })]);
  if (opened.ino === named.ino && opened.dev === named.dev && (await realpath(real)) === real) return real;
  throw replaced(relative);
}

/**
 * File systems of Linux whose inode numbers stay (statfs.h): ext, XFS, Btrfs, F2FS, ZFS, tmpfs, overlay. On shares
 * and FAT a number may be another one at the next look.
 */
const LOCAL_FILE_SYSTEMS = [0xef53, 0x58465342, 0x9123683e, 0xf2f52010, 0x2fc12fc1, 0x01021994, 0x794c7630];

/**
 * True when another file took the source's name while it was open; a name that is gone says nothing about what was
 * read. On Linux by inode, and only where its numbers can be trusted. Elsewhere tools opened the file by its name, so
 * the name must stand for the same size and time.
 */
export async function wasReplaced({ handle, source, identity }: OpenSource): Promise<boolean> {
  if (process.platform !== 'linux') {
    const found = await stat(source.path).catch(() => null);
    return found !== null && !sameIdentity(identityOf(found), identity);
  }
  const named = await stat(source.path, { bigint: true }).catch(() => null);
  if (named === null) return false;
  const [opened, system] = await Promise.all([handle.stat({ bigint: true }), statfs(source.path)]);
  if (!LOCAL_FILE_SYSTEMS.includes(system.type >>> 0)) return false;
  return opened.ino !== named.ino || opened.dev !== named.dev;
}

function forbidden(relative: string): JobFailure {
  return new JobFailure(
    failure('SOURCE_FORBIDDEN', `“${relative}” leads out of its media folder.`, { subject: relative }),
  );
}

function replaced(relative: string): JobFailure {
  const message = `“${relative}” was replaced while it was opened.`;
  return new JobFailure(failure('SOURCE_CHANGED', message, { subject: relative }));
}

/** Only on Windows: a program that writes a file, or copies it, mostly lets nobody read it until it is done. */
function heldByAnother(relative: string): JobFailure {
  const message = `“${relative}” is held by another program that lets nobody read it; the job runs once it is free.`;
  return new JobFailure(failure('SOURCE_GROWING', message, { subject: relative }));
}

function notRegular(relative: string, stats: Stats): JobFailure {
  const what = stats.isDirectory() ? 'a folder' : stats.isFIFO() ? 'a FIFO' : 'not a regular file';
  return unreadable(relative, `is ${what}`);
}

function unreadable(relative: string, why: string, cause?: unknown): JobFailure {
  return new JobFailure(failure('SOURCE_UNREADABLE', `“${relative}” ${why}.`, { subject: relative }), { cause });
}

function nullUnlessRefused(error: unknown, relative: string): null {
  const code = codeOf(error);
  if (code === 'ENOENT' || code === 'ENOTDIR') return null;
  throw unreadable(relative, `cannot be read (${code})`, error);
}

function nullWhenMissing(error: unknown): null {
  const code = codeOf(error);
  if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'ENAMETOOLONG' || code === 'ELOOP') return null;
  throw error;
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error);
}
