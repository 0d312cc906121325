import type { Dirent } from 'node:fs';
import { readdir, realpath, stat } from 'node:fs/promises';
import { basename, dirname, extname, join, resolve } from 'node:path';
import { stemOf } from '../../agent/exports/layout.ts';
import type { MediaKind, PlannedFile, SkippedPath, WorkPlan } from '../../../shared/setup-commands.ts';

const endings = (text: string): string[] => text.split(' ').map((ending) => `.${ending}`);

/** With what cards and recorders name: 360 and INSV (two lenses), LRF and LRV (small copies), MOD and TOD (camcorders). */
const VIDEO =
  'mov qt mp4 m4v mxf mts m2ts m2t ts trp mpg mpeg m2p m2v vob mod tod avi divx mkv mk3d webm ogv 3gp 3g2 dv dif wmv asf ' +
  'flv f4v insv 360 lrv lrf dav braw r3d crm nev ari arx';
const SOUND = 'wav wave bwf rf64 w64 aif aiff aifc mp3 mp2 mpga m4a m4b aac ac3 eac3 dts flac ogg oga opus caf wma amr';
const PHOTO =
  'jpg jpeg jpe jfif mpo insp png tif tiff webp heic heics heif heifs hif avif dng gpr cr2 cr3 crw nef nrw arw sr2 srf ' +
  'raf orf rw2 rwl pef srw 3fr fff iiq x3f erf kdc dcr mrw mos mef jxl';

const KIND_OF_ENDING: ReadonlyMap<string, MediaKind> = new Map([
  ...endings(VIDEO).map((ending) => [ending, 'video'] as const),
  ...endings(SOUND).map((ending) => [ending, 'sound'] as const),
  ...endings(PHOTO).map((ending) => [ending, 'photo'] as const),
]);

/** What a file is by its name; null where the name is not one of media. */
export function kindOfName(path: string): MediaKind | null {
  return KIND_OF_ENDING.get(extname(basename(path)).toLowerCase()) ?? null;
}

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
    if (basename(folder) !== 'Proxy') return false;
    let above = this.#mediaAbove.get(folder);
    if (above === undefined) {
      above = await stemsOfMedia(dirname(folder));
      this.#mediaAbove.set(folder, above);
    }
    const stem = stemOf(path);
    return above.has(stem) || above.has(stem.replace(/_Proxy$/, ''));
  }
}

/** Names without their endings of all media in a folder. */
async function stemsOfMedia(folder: string): Promise<ReadonlySet<string>> {
  const names = await readdir(folder).catch(() => []);
  return new Set(names.filter((name) => kindOfName(name) !== null).map(stemOf));
}
