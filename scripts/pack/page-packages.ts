import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './stage.ts';

interface LockedPackage {
  readonly dev?: boolean;
  readonly optional?: boolean;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly peerDependenciesMeta?: Readonly<Record<string, { readonly optional?: boolean }>>;
}

/** Place (`node_modules/a/node_modules/b`) → what npm installed there. */
export type Lock = Readonly<Record<string, LockedPackage>>;

export function readLock(): Lock {
  const text = readFileSync(join(ROOT, 'package-lock.json'), 'utf8');
  return (JSON.parse(text) as { readonly packages: Lock }).packages;
}

/**
 * Places of the packages that the page is bundled from, and of all that these need. npm counts them as for development,
 * since nothing asks for them at run time; their code ships all the same.
 */
export function pagePlaces(lock: Lock): ReadonlySet<string> {
  const found = new Set<string>();
  const follow = (name: string, from: string): void => {
    const place = placeOf(name, from, lock);
    if (place === null || found.has(place)) return;
    found.add(place);
    const { dependencies, peerDependencies, peerDependenciesMeta: about } = lock[place] ?? {};
    const peers = Object.keys(peerDependencies ?? {}).filter((peer) => about?.[peer]?.optional !== true);
    for (const needed of [...Object.keys(dependencies ?? {}), ...peers]) follow(needed, place);
  };
  for (const name of importedByPage()) follow(name, '');
  return found;
}

/** As Node looks it up: beside, then in every folder above. */
function placeOf(name: string, from: string, lock: Lock): string | null {
  for (let at = from; ; at = at.slice(0, Math.max(0, at.lastIndexOf('/node_modules/')))) {
    const place = `${at === '' ? '' : `${at}/`}node_modules/${name}`;
    if (place in lock) return place;
    if (at === '') return null;
  }
}

const IMPORT = /(?:from|import\(?)\s*'([^'.][^']*)'/g;

function importedByPage(): ReadonlySet<string> {
  const names = new Set<string>();
  for (const part of ['renderer', 'shared']) {
    for (const file of readdirSync(join(ROOT, part), { recursive: true, encoding: 'utf8' })) {
      if (!/\.tsx?$/.test(file)) continue;
      const text = readFileSync(join(ROOT, part, file), 'utf8').replaceAll(/^import type .*$/gm, '');
      for (const [, specifier = ''] of text.matchAll(IMPORT)) {
        names.add(/^(@[^/]+\/)?[^/]+/.exec(specifier)?.[0] ?? specifier);
      }
    }
  }
  return names;
}
