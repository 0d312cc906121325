import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { constants, lstat, mkdir, open, rm, type FileHandle } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { addAbortSignal, type Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { publish } from './durable-file.ts';

/** Something has the name of a file to be written, and it is not ours to replace. */
class NameTaken extends Error {
  readonly code = 'EEXIST';
  constructor(path: string) {
    super(`something else has the name ${path}`);
    this.name = 'NameTaken';
  }
}

interface NewFile {
  readonly content: string | Readable;
  /** Whether what has the name may be replaced: a plain file, never a link, which was asked about just before. */
  readonly mayReplace: (path: string) => Promise<boolean>;
  /** Asked once everything is written; throws to keep it from being published. */
  readonly check?: () => void;
  readonly signal?: AbortSignal;
}

/**
 * Writes a file into a folder where other people's files lie, too. Until it is whole and flushed it has a name that no
 * program gives by chance, made anew: what a link or a file of that name stands for is never written to. Throws
 * NameTaken, and what the file system says; then nothing is left of it.
 */
export async function writeNewFile(path: string, { content, mayReplace, check, signal }: NewFile): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const temporary = temporaryOf(path);
  // Removes a left-over of our own, or a link itself.
  await rm(temporary, { force: true });
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | (constants.O_NOFOLLOW ?? 0);
  const handle = await open(temporary, flags, 0o666);
  try {
    try {
      await fill(handle, content, signal);
      check?.();
      await isStillThere(handle, temporary, path);
    } finally {
      await handle.close();
    }
    if (!(await mayTake(path, mayReplace))) throw new NameTaken(path);
    await publish(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

/** One per final name, so that a run that was killed leaves at most one; 33 bytes, whatever the name's length. */
function temporaryOf(path: string): string {
  const mark = createHash('sha256').update(path).digest('hex').slice(0, 16);
  return join(dirname(path), `rushcatalog-${mark}.part`);
}

async function fill(handle: FileHandle, content: string | Readable, signal: AbortSignal | undefined): Promise<void> {
  if (typeof content !== 'string' && signal !== undefined) addAbortSignal(signal, content);
  await handle.writeFile(content);
  await handle.sync();
}

/** Another run that writes the same file took the name over: its half must not be published as ours. */
async function isStillThere(handle: FileHandle, temporary: string, path: string): Promise<void> {
  const [own, there] = await Promise.all([handle.stat(), lstat(temporary).catch(() => null)]);
  if (there?.ino !== own.ino || there.dev !== own.dev) throw new NameTaken(path);
}

async function mayTake(path: string, mayReplace: NewFile['mayReplace']): Promise<boolean> {
  const there = await lstat(path).catch(absentOrThrow);
  return there === null || (there.isFile() && (await mayReplace(path)));
}

function absentOrThrow(error: NodeJS.ErrnoException): null {
  if (error.code === 'ENOENT') return null;
  throw error;
}

export async function sha256OfFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path, { highWaterMark: 1 << 20 }), hash);
  return hash.digest('hex');
}
