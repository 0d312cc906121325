import { createHash, randomBytes } from 'node:crypto';
import { constants, createReadStream, createWriteStream } from 'node:fs';
import { copyFile, link, mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { flushFolder } from '../flush-folder.ts';

export interface ReceivedFile {
  readonly fileName: string;
  readonly sizeBytes: number;
  readonly sha256: string;
}

const WRITE_BUFFER_BYTES = 1 << 20;

/**
 * The server's files: parts of uploads in one flat folder, derived files sharded by the first two characters of
 * their ref. A file counts only once a database row names it: until then it is a left-over that the next start sweeps.
 */
export class FileStore {
  readonly #parts: string;
  readonly #derived: string;

  constructor(dataDir: string) {
    this.#parts = join(dataDir, 'parts');
    this.#derived = join(dataDir, 'derived');
  }

  async prepare(): Promise<void> {
    await mkdir(this.#parts, { recursive: true, mode: 0o700 });
    await mkdir(this.#derived, { recursive: true, mode: 0o700 });
  }

  derivedPath(ref: string): string {
    return join(this.#derived, ref.slice(0, 2), ref);
  }

  /** Streams a part to disk under a new name, hashed while being written and flushed. Removed again on any error. */
  async receivePart(source: Readable): Promise<ReceivedFile> {
    const fileName = randomBytes(16).toString('hex');
    const path = join(this.#parts, fileName);
    try {
      const received = await writeHashed([source], path);
      await flushFolder(this.#parts);
      return { fileName, ...received };
    } catch (error) {
      await rm(path, { force: true });
      throw error;
    }
  }

  async removePart(fileName: string): Promise<void> {
    // A part whose upload is complete has no file of its own any more.
    if (fileName === '') return;
    await rm(join(this.#parts, fileName), { force: true });
  }

  async removeDerived(ref: string): Promise<void> {
    await rm(this.derivedPath(ref), { force: true });
  }

  /**
   * Makes one file of these parts, in order: written under a temporary name, flushed, renamed, folder flushed.
   * The parts stay. Answers the sha256 and size of what was written.
   */
  async assemble(ref: string, parts: readonly ReceivedFile[]): Promise<{ sizeBytes: number; sha256: string }> {
    const final = this.derivedPath(ref);
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
      await rm(temporary, { force: true });
      throw error;
    }
  }

  async #join(parts: readonly ReceivedFile[], target: string): Promise<{ sizeBytes: number; sha256: string }> {
    const paths = parts.map((part) => join(this.#parts, part.fileName));
    return writeHashed(lazily(paths), target);
  }

  /** A single part is already flushed and hashed: a second name for it saves copying gigabytes. */
  async #adopt(part: ReceivedFile, target: string): Promise<{ sizeBytes: number; sha256: string }> {
    const source = join(this.#parts, part.fileName);
    try {
      await link(source, target);
    } catch {
      // A file system without hard links (exFAT) gets a copy.
      await copyFile(source, target, constants.COPYFILE_EXCL);
      const file = await open(target, 'r+');
      await file.sync().finally(() => file.close());
    }
    return { sizeBytes: part.sizeBytes, sha256: part.sha256 };
  }

  /** Removes every file that no row names. Only safe while nothing is being received. Returns how many went. */
  async sweep(known: { readonly parts: ReadonlySet<string>; readonly refs: ReadonlySet<string> }): Promise<number> {
    let removed = 0;
    for (const name of await readdir(this.#parts)) {
      if (known.parts.has(name)) continue;
      await rm(join(this.#parts, name), { force: true });
      removed += 1;
    }
    for (const shard of await readdir(this.#derived)) {
      for (const name of await readdir(join(this.#derived, shard))) {
        if (known.refs.has(name)) continue;
        await rm(join(this.#derived, shard, name), { force: true });
        removed += 1;
      }
    }
    return removed;
  }
}

function* lazily(paths: readonly string[]): Generator<Readable> {
  for (const path of paths) yield createReadStream(path, { highWaterMark: WRITE_BUFFER_BYTES });
}

async function writeHashed(sources: Iterable<Readable>, path: string): Promise<{ sizeBytes: number; sha256: string }> {
  const hash = createHash('sha256');
  let sizeBytes = 0;
  const target = createWriteStream(path, { flags: 'w', mode: 0o600, flush: true, highWaterMark: WRITE_BUFFER_BYTES });
  async function* all(): AsyncGenerator<Buffer> {
    for (const source of sources) {
      for await (const chunk of source as AsyncIterable<Buffer>) {
        hash.update(chunk);
        sizeBytes += chunk.length;
        yield chunk;
      }
    }
  }
  await pipeline(all(), target);
  return { sizeBytes, sha256: hash.digest('hex') };
}
