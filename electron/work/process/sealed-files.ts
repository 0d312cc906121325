import { createHash } from 'node:crypto';
import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { isAbsolute, join, relative, resolve, sep } from 'node:path';

/** Path below the folder of a build, with forward slashes → its SHA-256 in hex. */
export type SealedList = Readonly<Record<string, string>>;

/** A file that a build was not made with, or that is not any more what it was made with. */
export class SealBrokenError extends Error {
  readonly code = 'BUILD_CHANGED';
  constructor(path: string) {
    super(`“${path}” is not a file that this program was made with. Install the package again.`);
  }
}

/** The files that one of our executables loads, compared with the list that it was made with. */
export interface SealedFiles {
  /** Absolute, links resolved. */
  readonly root: string;
  /** The bytes of a file, which are those of the list. @throws SealBrokenError */
  read(path: string): Buffer;
  /** For what others open by its name: compares a file at every call. @throws SealBrokenError */
  check(path: string): void;
  /**
   * For what the system's loader opens: an add-on, once per process, with all libraries of its package's scope, which
   * it is linked to. @throws SealBrokenError
   */
  checkAddon(path: string): void;
  /** Every listed file below a folder. @throws SealBrokenError */
  checkBelow(folder: string): void;
}

const NATIVE = /\.(?:node|dll|dylib|so(?:\.\d+)*)$/;

/** @param onBroken what happens instead of an error that somebody might catch */
export function sealedFiles(
  folder: string,
  list: SealedList,
  onBroken: (error: SealBrokenError) => never = (error) => {
    throw error;
  },
): SealedFiles {
  const root = existsSync(folder) ? realpathSync(folder) : folder;
  const checkedScopes = new Set<string>();
  const nameOf = (path: string): string => {
    // What Windows' loader is handed begins so.
    const name = relative(root, resolve(root, path.replace(/^\\\\\?\\/, '')));
    return isAbsolute(name) ? path : name.split(sep).join('/');
  };
  const readListed = (name: string): Buffer => {
    // Only an own entry: “constructor” is no file.
    const wanted = Object.hasOwn(list, name) ? list[name] : undefined;
    if (wanted === undefined) return onBroken(new SealBrokenError(name));
    const bytes = readOrNull(join(root, name));
    const same = bytes !== null && createHash('sha256').update(bytes).digest('hex') === wanted;
    return same ? bytes : onBroken(new SealBrokenError(name));
  };
  return {
    root,
    read: (path) => readListed(nameOf(path)),
    check: (path) => void readListed(nameOf(path)),
    checkAddon(path) {
      const name = nameOf(path);
      const scope = /^(?:.*\/)?node_modules\/(?:@[^/]+|[^/]+)\//.exec(name)?.[0] ?? name;
      if (checkedScopes.has(scope) && Object.hasOwn(list, name)) return;
      readListed(name);
      for (const other of Object.keys(list)) {
        if (other !== name && other.startsWith(scope) && NATIVE.test(other)) readListed(other);
      }
      checkedScopes.add(scope);
    },
    checkBelow(below) {
      const prefix = `${nameOf(below).replace(/\/$/, '')}/`;
      for (const name of Object.keys(list)) if (name.startsWith(prefix)) readListed(name);
    },
  };
}

function readOrNull(path: string): Buffer | null {
  try {
    return readFileSync(path);
  } catch {
    return null;
  }
}

const OURS = Symbol.for('rushcatalog.sealed');

/** Says to the whole process what it was made with; the executable's own script does it before anything else. */
export function declareSealed(files: SealedFiles): void {
  Object.defineProperty(globalThis, OURS, { value: files });
}

/** What this process was made with, or null where it runs from sources, from a build on a Node, or in Electron. */
export function ownSeal(): SealedFiles | null {
  // Nobody else sets this symbol, and whoever could runs in this process already.
  return (Reflect.get(globalThis, OURS) as SealedFiles | undefined) ?? null;
}
