import { createHash, randomBytes } from 'node:crypto';
import { constants, createReadStream, createWriteStream } from 'node:fs';
import { chmod, copyFile, link, mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { flushFolder } from '../../flush-folder.ts';
import type { ServerLog } from '../../options.ts';
import {
  LostPart,
  type Announced,
  type ByteRange,
  type DerivedStore,
  type KeptFile,
  type KnownFiles,
  type PartFiles,
  type ReceivedFile,
} from '../store.ts';

const WRITE_BUFFER_BYTES = 1 << 20;
/** Names this store gives. Whatever else lies in its folders (`.DS_Store`, `@eaDir`) is somebody else's. */
const OWN_PART = /^[0-9a-f]{32}$/;
const OWN_SHARD = /^[0-9a-f]{2}$/;
const OWN_DERIVED = /^[0-9a-f]{32}(?:\.new)?$/;

/**
 * The server's files in its data folder: parts of uploads in one flat folder, derived files sharded by the first two
 * characters of their ref. What no row names is swept at the next start.
 */
export class FolderStore implements DerivedStore {
  readonly assembly: PartFiles = {
    kind: 'files',
    holdsPart: (fileName, sizeBytes) => this.#holdsPart(fileName, sizeBytes),
    assemble: (ref, parts) => this.#assemble(ref, parts),
  };
  readonly place = 'folder';
  readonly #parts: string;
  readonly #derived: string;
  readonly #log: Pick<ServerLog, 'warn'>;
  /** Paths that could not be removed when they should have been (a scanner's lock, an I/O error). */
  readonly #undiscarded = new Set<string>();

  constructor(dataDir: string, log: Pick<ServerLog, 'warn'>) {
    this.#parts = join(dataDir, 'parts');
    this.#derived = join(dataDir, 'derived');
    this.#log = log;
  }

  /** Makes both folders, for this user alone, also where somebody had made them wider. */
  async prepare(): Promise<void> {
    for (const folder of [this.#parts, this.#derived]) {
      await mkdir(folder, { recursive: true, mode: 0o700 });
      // A file system without modes, or a mount of somebody else's, keeps its own.
      await chmod(folder, 0o700).catch(() => undefined);
    }
  }

  async isUsed(): Promise<boolean> {
    for (const shard of await namesIn(this.#derived, 'folders', OWN_SHARD)) {
      if ((await namesIn(join(this.#derived, shard), 'files', OWN_DERIVED)).length > 0) return true;
    }
    return false;
  }

  /** The folder says by itself whose it is (data-folder.ts). */
  async claim(): Promise<void> {}

  /** Makes an empty file in either folder and removes it, under names that a start sweeps. @throws what the disk says */
  async probe(): Promise<void> {
    const name = randomBytes(16).toString('hex');
    const derived = this.#derivedPath(name);
    await mkdir(dirname(derived), { recursive: true, mode: 0o700 });
    for (const path of [join(this.#parts, name), `${derived}.new`]) {
      const file = await open(path, 'wx', 0o600);
      await file.close();
      await rm(path);
    }
  }

  #derivedPath(ref: string): string {
    return join(this.#derived, ref.slice(0, 2), ref);
  }

  async derivedIn(shard: string): Promise<ReadonlyMap<string, null>> {
    const names = await namesIn(join(this.#derived, shard), 'files', OWN_DERIVED);
    return new Map(names.filter((name) => !name.endsWith('.new')).map((name) => [name, null]));
  }

  async look(ref: string): Promise<KeptFile | null> {
    try {
      const found = await stat(this.#derivedPath(ref));
      // A second name for a part has the part's old mtime, but its ctime is new.
      return found.isFile() ? { sizeBytes: found.size, writtenAt: Math.max(found.mtimeMs, found.ctimeMs) } : null;
    } catch (error) {
      if (isGone(error)) return null;
      throw error;
    }
  }

  async read(ref: string, range?: ByteRange): Promise<Readable | null> {
    try {
      const file = await open(this.#derivedPath(ref));
      return file.createReadStream({
        highWaterMark: WRITE_BUFFER_BYTES,
        ...(range === undefined ? {} : { start: range.first, end: range.last }),
      });
    } catch (error) {
      if (isGone(error)) return null;
      throw error;
    }
  }

  async put(ref: string, source: Readable): Promise<Announced> {
    const part = await this.receivePart(source);
    try {
      return await this.#assemble(ref, [part]);
    } finally {
      await this.discardPart(part.fileName);
    }
  }

  async directUrl(): Promise<null> {
    return null;
  }

  /** The bytes of a part that was received, for whoever passes it on. */
  partBytes(fileName: string): Readable {
    return createReadStream(join(this.#parts, fileName), { highWaterMark: WRITE_BUFFER_BYTES });
  }

  /** Flushed. */
  async receivePart(source: Readable): Promise<ReceivedFile> {
    const fileName = randomBytes(16).toString('hex');
    const path = join(this.#parts, fileName);
    try {
      // A folder that somebody removed would otherwise refuse every part until the next start.
      await mkdir(this.#parts, { recursive: true, mode: 0o700 });
      const received = await writeHashed([source], path);
      await flushFolder(this.#parts);
      return { fileName, ...received };
    } catch (error) {
      await this.#discard(path);
      throw error;
    }
  }

  async #holdsPart(fileName: string, sizeBytes: number): Promise<boolean> {
    try {
      const found = await stat(join(this.#parts, fileName));
      return found.isFile() && found.size === sizeBytes;
    } catch {
      return false;
    }
  }

  async discardPart(fileName: string): Promise<void> {
    // A part whose upload is complete has no file of its own any more.
    if (fileName !== '') await this.#discard(join(this.#parts, fileName));
  }

  async discardDerived(ref: string): Promise<void> {
    await this.#discard(this.#derivedPath(ref));
  }

  async retryDiscards(): Promise<void> {
    for (const path of [...this.#undiscarded]) await this.#discard(path);
  }

  async #discard(path: string): Promise<void> {
    try {
      await rm(path, { force: true });
      this.#undiscarded.delete(path);
    } catch (error) {
      if (!this.#undiscarded.has(path)) this.#log.warn({ err: error }, 'a file that is over could not be removed yet');
      this.#undiscarded.add(path);
    }
  }

  /** Written under a temporary name, flushed, renamed, folder flushed. @throws LostPart */
  async #assemble(ref: string, parts: readonly ReceivedFile[]): Promise<Announced> {
    const final = this.#derivedPath(ref);
    const folder = join(this.#derived, ref.slice(0, 2));
    const temporary = `${final}.new`;
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await flushFolder(this.#derived);
    try {
      const only = parts.length === 1 ? parts[0] : undefined;
      const written = only === undefined ? await this.#join(parts, temporary) : await this.#adopt(only, temporary);
      await rename(temporary, final);
      await flushFolder(folder);
      return written;
    } catch (error) {
      await this.#discard(temporary);
      throw error;
    }
  }

  async #join(parts: readonly ReceivedFile[], target: string): Promise<Announced> {
    return writeHashed(
      parts.map((part) => this.#wholePart(part)),
      target,
    );
  }

  /** The bytes of a part as they were received. @throws LostPart */
  async *#wholePart(part: ReceivedFile): AsyncGenerator<Buffer> {
    const hash = createHash('sha256');
    try {
      const source = createReadStream(join(this.#parts, part.fileName), { highWaterMark: WRITE_BUFFER_BYTES });
      // Without an encoding a stream of a file gives bytes.
      for await (const chunk of source as AsyncIterable<Buffer>) {
        hash.update(chunk);
        yield chunk;
      }
    } catch (error) {
      throw new LostPart(part.fileName, error);
    }
    if (hash.digest('hex') !== part.sha256) throw new LostPart(part.fileName);
  }

  /** A single part is flushed already: a second name for it saves writing it again. @throws LostPart */
  async #adopt(part: ReceivedFile, target: string): Promise<Announced> {
    for await (const _chunk of this.#wholePart(part));
    const source = join(this.#parts, part.fileName);
    try {
      await link(source, target);
    } catch {
      // A file system without hard links (exFAT) gets a copy.
      await copyFile(source, target, constants.COPYFILE_EXCL).catch((error: NodeJS.ErrnoException) => {
        // It went since it was read.
        throw error.code === 'ENOENT' ? new LostPart(part.fileName, error) : error;
      });
      const file = await open(target, 'r+');
      await file.sync().finally(() => file.close());
    }
    return { sizeBytes: part.sizeBytes, sha256: part.sha256 };
  }

  /**
   * Removes every file of this store that no row names. Only safe while nothing is being received, or with `before`
   * (epoch ms): a file that was written, named or linked since is somebody's who is not done with it. What is not this
   * store's own stays, and nothing that lies in its folders keeps the server from starting. Returns how many went.
   */
  async sweep({ before, ...known }: KnownFiles): Promise<number> {
    const strays: string[] = [];
    for (const shard of await namesIn(this.#derived, 'folders', OWN_SHARD)) {
      const folder = join(this.#derived, shard);
      const derived = await namesIn(folder, 'files', OWN_DERIVED);
      strays.push(...derived.filter((name) => !known.refs.has(name)).map((name) => join(folder, name)));
    }
    return (await this.sweepParts({ before, parts: known.parts })) + (await this.#discardOlder(strays, before));
  }

  /** The same for parts alone. */
  async sweepParts({ before, parts }: Pick<KnownFiles, 'parts' | 'before'>): Promise<number> {
    const names = await namesIn(this.#parts, 'files', OWN_PART);
    const strays = names.filter((name) => !parts.has(name)).map((name) => join(this.#parts, name));
    return this.#discardOlder(strays, before);
  }

  async #discardOlder(strays: readonly string[], before: number | undefined): Promise<number> {
    let removed = 0;
    for (const path of strays) {
      if (before !== undefined && !(await isOlder(path, before))) continue;
      await this.#discard(path);
      removed += 1;
    }
    return removed;
  }
}

/** Also where what should be a folder is none. */
function isGone(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR');
}

/** A second name for a part has the part's old mtime, but its ctime is new. */
async function isOlder(path: string, before: number): Promise<boolean> {
  try {
    const { mtimeMs, ctimeMs } = await stat(path);
    return Math.max(mtimeMs, ctimeMs) < before;
  } catch {
    return false;
  }
}

async function namesIn(folder: string, what: 'files' | 'folders', own: RegExp): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  return entries
    .filter((entry) => (what === 'files' ? entry.isFile() : entry.isDirectory()) && own.test(entry.name))
    .map((entry) => entry.name);
}

async function writeHashed(sources: Iterable<AsyncIterable<Buffer>>, path: string): Promise<Announced> {
  const hash = createHash('sha256');
  let sizeBytes = 0;
  const target = createWriteStream(path, { flags: 'w', mode: 0o600, flush: true, highWaterMark: WRITE_BUFFER_BYTES });
  async function* all(): AsyncGenerator<Buffer> {
    for (const source of sources) {
      for await (const chunk of source) {
        hash.update(chunk);
        sizeBytes += chunk.length;
        yield chunk;
      }
    }
  }
  await pipeline(all(), target);
  return { sizeBytes, sha256: hash.digest('hex') };
}
