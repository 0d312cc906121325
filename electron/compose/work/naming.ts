import { realpath } from 'node:fs/promises';
import { relative, sep } from 'node:path';
import type { MediaRootSetting } from '../../../shared/settings.ts';
import { isInside } from '../../work/storage/source-path.ts';

/** One file with the name its jobs will carry. */
interface NamedFile {
  readonly path: string;
  /** `ROOT/relative/path`. */
  readonly sourcePath: string;
}

interface Place {
  readonly path: string;
  readonly base: string;
}

/**
 * Names files after the deepest media root they lie in, links followed. Null: the file is not there, or leads out of
 * the folder that a person pointed at.
 */
export function createNaming(roots: readonly MediaRootSetting[]): (file: Place) => Promise<NamedFile | null> {
  const known = knownRoots(roots);
  const bases = new Map<string, Promise<string | null>>();
  const realBase = (base: string): Promise<string | null> => {
    const real = bases.get(base) ?? realpath(base).catch(() => null);
    bases.set(base, real);
    return real;
  };
  return async ({ path, base }) => {
    const [real, folder, places] = await Promise.all([realpath(path).catch(() => null), realBase(base), known]);
    if (real === null || folder === null || !isInside(real, folder)) return null;
    const root = deepest(places, real);
    if (root === undefined) return null;
    return { path: real, sourcePath: `${root.setting.name}/${relative(root.real, real).split(sep).join('/')}` };
  };
}

interface KnownRoot {
  readonly setting: MediaRootSetting;
  readonly real: string;
}

/** Media roots with their folders, links followed. */
export async function knownRoots(roots: readonly MediaRootSetting[]): Promise<KnownRoot[]> {
  return Promise.all(
    roots.map(async (setting) => ({ setting, real: await realpath(setting.path).catch(() => setting.path) })),
  );
}

/** The innermost root around a real path. */
export function deepest(roots: readonly KnownRoot[], real: string): KnownRoot | undefined {
  return roots
    .filter((each) => isInside(real, each.real))
    .sort((a, b) => a.real.length - b.real.length)
    .at(-1);
}
