import { isAbsolute, join, normalize, sep } from 'node:path';
import { isNoFileOnWindows } from './windows-names.ts';
import type { MediaRootSetting } from '../../../shared/settings.ts';

/** Where a `source_path` points, before anything is opened. */
type Located =
  | { readonly kind: 'in-root'; readonly root: string; readonly relative: string }
  | { readonly kind: 'unknown-root' }
  | { readonly kind: 'forbidden'; readonly why: string };

/**
 * Maps a server's `source_path` to a media root (protocol.md, Job): the longest server prefix wins, then the name of
 * a root, then, with exactly one root, a path relative to it. Pure text: links are judged when the file is opened.
 */
export function locate(
  sourcePath: string,
  roots: readonly MediaRootSetting[],
  platform: NodeJS.Platform = process.platform,
): Located {
  if (sourcePath.includes('\0')) return { kind: 'forbidden', why: 'it contains a NUL character' };
  if (sourcePath.split(/[\\/]/).includes('..')) return { kind: 'forbidden', why: 'it contains “..”' };
  const located = locateIn(sourcePath, roots, platform);
  if (platform !== 'win32' || located.kind !== 'in-root') return located;
  const isDevice = located.relative.split(/[\\/]/).some(isNoFileOnWindows);
  return isDevice ? { kind: 'forbidden', why: 'on Windows it names a device or a stream of a file' } : located;
}

function locateIn(sourcePath: string, roots: readonly MediaRootSetting[], platform: NodeJS.Platform): Located {
  const mapped = byPrefix(sourcePath, roots, platform) ?? byName(sourcePath, roots);
  if (mapped !== undefined) return inRoot(mapped.root, mapped.rest);
  const [only] = roots;
  const absolute = isAbsolute(sourcePath) || sourcePath.startsWith('\\\\') || /^[A-Za-z]:[\\/]/.test(sourcePath);
  if (roots.length === 1 && only !== undefined && !absolute) return inRoot(only.name, sourcePath);
  return { kind: 'unknown-root' };
}

interface Mapped {
  readonly root: string;
  readonly rest: string;
}

function byPrefix(path: string, roots: readonly MediaRootSetting[], platform: NodeJS.Platform): Mapped | undefined {
  let best: (Mapped & { readonly length: number }) | undefined;
  for (const root of roots) {
    // A root's own folder is a prefix too: servers on the same machine speak of local paths.
    for (const prefix of [root.serverPrefix, root.path]) {
      const rest = prefix === undefined ? undefined : afterPrefix(path, prefix, platform);
      if (prefix === undefined || rest === undefined || prefix.length <= (best?.length ?? 0)) continue;
      best = {
        root: root.name,
        rest: prefix.includes('\\') ? rest.replaceAll('\\', '/') : rest,
        length: prefix.length,
      };
    }
  }
  return best;
}

/** What follows the prefix, which must end at a path boundary. On Windows either slash and any case are the same folder. */
function afterPrefix(path: string, prefix: string, platform: NodeJS.Platform): string | undefined {
  const bare = prefix.replace(/[\\/]+$/, '');
  const folded = (text: string): string => (platform === 'win32' ? text.replaceAll('/', '\\').toLowerCase() : text);
  if (!folded(path).startsWith(folded(bare))) return undefined;
  const rest = path.slice(bare.length);
  return rest === '' || /^[\\/]/.test(rest) ? rest.replace(/^[\\/]+/, '') : undefined;
}

function byName(path: string, roots: readonly MediaRootSetting[]): Mapped | undefined {
  const slash = path.indexOf('/');
  const first = slash === -1 ? path : path.slice(0, slash);
  const root = roots.find((entry) => entry.name === first);
  return root === undefined ? undefined : { root: root.name, rest: slash === -1 ? '' : path.slice(slash + 1) };
}

function inRoot(root: string, relative: string): Located {
  const clean = normalize(relative.replace(/^\/+/, ''));
  return { kind: 'in-root', root, relative: clean };
}

/** True when `path` is `folder` or inside it; both real paths. */
export function isInside(path: string, folder: string): boolean {
  const base = folder.endsWith(sep) ? folder : folder + sep;
  return path === folder || path.startsWith(base);
}

/** The spellings of one relative path under its root: as given, then in the other Unicode normal forms. */
export function spellings(folder: string, relative: string): string[] {
  return [...new Set([relative, relative.normalize('NFC'), relative.normalize('NFD')])].map((name) =>
    join(folder, name),
  );
}
