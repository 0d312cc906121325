import { constants, type Stats } from 'node:fs';
import { open, readlink, realpath, stat, type FileHandle } from 'node:fs/promises';
import { failure, JobFailure } from '../../../shared/failure.ts';
import type { Source } from '../executors/executor.ts';
import { isInside, spellings } from './source-path.ts';

/** An open source; `handle` stays ours until the job is over. */
export interface OpenSource {
  readonly source: Source;
  readonly handle: FileHandle;
  readonly identity: SourceIdentity;
}

/** What tells whether a file is still the one that was read. Inodes are compared on local disks only. */
export interface SourceIdentity {
  readonly sizeBytes: number;
  readonly mtimeMs: number;
}

/** The descriptor's number in every child: the first extra one. */
const CHILD_DESCRIPTOR = 3;

/**
 * Opens a source read-only inside its media root. Checked on the opened descriptor, so that nothing can be swapped
 * between check and open: a regular file, and its real path inside the root (media.md, Untrusted input).
 * Throws JobFailure SOURCE_UNREADABLE or SOURCE_FORBIDDEN.
 */
export async function openSource(folder: string, relative: string): Promise<OpenSource> {
  const handle = await openAnySpelling(folder, relative);
  try {
    const stats = await handle.stat();
    const path = await realPathOf(handle, folder, relative);
    if (!isInside(path, await realpath(folder))) throw forbidden(relative);
    if (!stats.isFile()) throw notRegular(relative, stats);
    if (stats.size === 0) throw unreadable(relative, 'is empty (0 bytes)');
    const source: Source = {
      path,
      fd: handle.fd,
      input: process.platform === 'win32' ? path : `/dev/fd/${CHILD_DESCRIPTOR}`,
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

export function identityOf(stats: Pick<Stats, 'size' | 'mtimeMs'>): SourceIdentity {
  return { sizeBytes: stats.size, mtimeMs: stats.mtimeMs };
}

export function sameIdentity(a: SourceIdentity, b: SourceIdentity): boolean {
  return a.sizeBytes === b.sizeBytes && a.mtimeMs === b.mtimeMs;
}

async function openAnySpelling(folder: string, relative: string): Promise<FileHandle> {
  for (const path of spellings(folder, relative)) {
    const stats = await stat(path).catch((error: unknown) => nullUnlessRefused(error, relative));
    if (stats === null) continue;
    // Judged before the open as well: opening a FIFO or a device can have effects of its own.
    if (!stats.isFile()) throw await whyNotRegular(folder, path, relative, stats);
    try {
      // O_NONBLOCK: should the name have become a FIFO since, the open returns at once instead of waiting for a writer.
      return await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
    } catch (error) {
      throw unreadable(relative, `cannot be opened (${codeOf(error)})`, error);
    }
  }
  throw unreadable(relative, 'does not exist');
}

async function realPathOf(handle: FileHandle, folder: string, relative: string): Promise<string> {
  if (process.platform === 'linux') return readlink(`/proc/self/fd/${handle.fd}`);
  for (const path of spellings(folder, relative)) {
    const real = await realpath(path).catch(() => null);
    if (real === null) continue;
    const [opened, named] = await Promise.all([handle.stat({ bigint: true }), stat(real, { bigint: true })]);
    if (opened.ino === named.ino && opened.dev === named.dev) return real;
  }
  throw unreadable(relative, 'was replaced while it was opened');
}

/** A link out of the root is that before it is anything else: what lies there is nobody's business. */
async function whyNotRegular(folder: string, path: string, relative: string, stats: Stats): Promise<JobFailure> {
  const [real, root] = await Promise.all([realpath(path).catch(() => path), realpath(folder)]);
  return isInside(real, root) ? notRegular(relative, stats) : forbidden(relative);
}

function forbidden(relative: string): JobFailure {
  return new JobFailure(
    failure('SOURCE_FORBIDDEN', `“${relative}” leads out of its media root.`, { subject: relative }),
  );
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
