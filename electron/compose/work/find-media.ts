import type { Dirent } from 'node:fs';
import { readdir, realpath, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { stemOf } from '../../agent/exports/layout.ts';
import { isProxyOf, kindOfName, PROXY_FOLDER, type MediaKind } from '../../../shared/media-names.ts';
import type { PlannedFile, SkippedPath, WorkPlan } from '../../../shared/setup-commands.ts';

interface FindLimits {
  /** Files a plan holds. */
  readonly files: number;
  /** Skipped paths that are named; the others are counted. */
  readonly skipped: number;
}

const NO_LIMITS: FindLimits = { files: Number.POSITIVE_INFINITY, skipped: Number.POSITIVE_INFINITY };

/**
 * Media below files and folders, each once, in a stable order. Inside a folder a file is taken by its ending; what a
 * person names explicitly is always taken. Hidden entries and linked folders are left out. Never rejects: what cannot
 * be read is among the skipped.
 */
export async function findMedia(inputs: readonly string[], limits: FindLimits = NO_LIMITS): Promise<WorkPlan> {
  const search = new Search(limits);
  for (const input of inputs) {
    const path = resolve(input);
    const stats = await stat(path).catch(() => null);
    if (stats === null) search.skip({ path: input, why: 'missing' });
    else if (stats.isDirectory()) await search.walk(path, path);
    else await search.take(path, dirname(path), kindOfName(path) ?? 'video');
  }
  return search.plan();
}

class Search {
  readonly #limits: FindLimits;
  readonly #files = new Map<string, PlannedFile>();
  readonly #skipped: SkippedPath[] = [];
  /** Folder of proxies → media above it, looked at once. */
  readonly #mediaAbove = new Map<string, ReadonlySet<string>>();
  #skippedCount = 0;
  #truncated = false;

  constructor(limits: FindLimits) {
    this.#limits = limits;
  }

  plan(): WorkPlan {
    return {
      files: [...this.#files.values()],
      skipped: this.#skipped,
      skippedCount: this.#skippedCount,
      truncated: this.#truncated,
    };
  }

  skip(skipped: SkippedPath): void {
    this.#skippedCount += 1;
    if (this.#skipped.length < this.#limits.skipped) this.#skipped.push(skipped);
  }

  async take(path: string, base: string, kind: MediaKind): Promise<void> {
    if (this.#files.size >= this.#limits.files) {
      this.#truncated = true;
      return;
    }
    const stats = await stat(path).catch(() => null);
    if (stats === null) return this.skip({ path, why: 'unreadable' });
    const identity = await realpath(path).catch(() => path);
    if (!this.#files.has(identity)) this.#files.set(identity, { path, base, kind, sizeBytes: stats.size });
  }

  /** All candidates below a folder, sorted by name. */
  async walk(folder: string, base: string): Promise<void> {
    const entries = await readdir(folder, { withFileTypes: true }).catch(() => null);
    if (entries === null) return this.skip({ path: folder, why: 'unreadable' });
    for (const entry of entries.sort((a, b) => a.name.localeCompare(b.name, 'en'))) {
      if (this.#truncated) return;
      if (entry.name.startsWith('.')) continue;
      await this.#look(entry, join(folder, entry.name), base);
    }
  }

  async #look(entry: Dirent, path: string, base: string): Promise<void> {
    if (entry.isDirectory()) return this.walk(path, base);
    // A linked folder may lead back to where it lies.
    if (entry.isSymbolicLink() && (await stat(path).catch(() => null))?.isDirectory() === true) {
      return this.skip({ path, why: 'linked-folder' });
    }
    const kind = kindOfName(path);
    if (kind === null) this.skip({ path, why: 'not-media' });
    else if (await this.#isProxyBeside(path)) this.skip({ path, why: 'proxy' });
    else await this.take(path, base, kind);
  }

  /**
   * Whether a file is the proxy of one that lies above it, as Premiere, Resolve and “Save proxies” put it beside the
   * media: `A001.mov` has `Proxy/A001.mov` or `Proxy/A001_Proxy.mp4`.
   */
  async #isProxyBeside(path: string): Promise<boolean> {
    const folder = dirname(path);
    if (basename(folder) !== PROXY_FOLDER) return false;
    let above = this.#mediaAbove.get(folder);
    if (above === undefined) {
      above = await stemsOfMedia(dirname(folder));
      this.#mediaAbove.set(folder, above);
    }
    return isProxyOf(stemOf(path), above);
  }
}

/** Names without their endings of all media in a folder. */
async function stemsOfMedia(folder: string): Promise<ReadonlySet<string>> {
  const names = await readdir(folder).catch(() => []);
  return new Set(names.filter((name) => kindOfName(name) !== null).map(stemOf));
}
