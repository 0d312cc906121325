import { realpath, stat } from 'node:fs/promises';
import { basename, dirname, resolve } from 'node:path';
import type { Refusal } from '../../../shared/failure.ts';
import { isManaged, type MediaRootSetting } from '../../../shared/settings.ts';
import { deepest, knownRoots } from '../imports/naming.ts';
import { saveRoots } from './change-settings.ts';
import type { SetupDeps, SetupInput, SetupOutcome } from './setup.ts';

export const NO_WORK_HERE: Refusal = {
  code: 'SERVER_MAKES_JOBS',
  message: 'The server makes the jobs; this agent only works for it.',
  nextStep: 'Add the files in RushCatalog.',
};

/** Folders outside the media roots become media roots first; then the importer does the rest. */
export async function addWork(deps: SetupDeps, input: SetupInput<'addWork'>): Promise<SetupOutcome> {
  const { paths, ...choice } = input;
  if (deps.importer === null) return { refusal: NO_WORK_HERE };
  const refusal = await makeRoots(deps, paths);
  if (refusal !== null) return { refusal };
  deps.importer.add(paths, choice);
  return {};
}

async function makeRoots(deps: SetupDeps, paths: readonly string[]): Promise<Refusal | null> {
  const { values, origins } = deps.settings.view();
  const roots = await knownRoots(values.mediaRoots);
  for (const path of paths) {
    const stats = await stat(path).catch(() => null);
    if (stats === null) return missing(path);
    const folder = await realpath(stats.isDirectory() ? path : dirname(resolve(path)));
    if (deepest(roots, folder) !== undefined) continue;
    if (isManaged(origins.mediaRoots)) return OUTSIDE;
    const taken = new Set(roots.map(({ setting }) => setting.name));
    roots.push({ setting: { name: freeName(folder, taken), path: folder }, real: folder });
  }
  const settings: MediaRootSetting[] = roots.map(({ setting }) => setting);
  return settings.length > values.mediaRoots.length ? saveRoots(deps, settings) : null;
}

/** The folder's own name in the letters a root's name may have; a number makes it unique. */
export function freeName(folder: string, taken: ReadonlySet<string>): string {
  const plain = basename(folder)
    .normalize('NFKD')
    .replaceAll(/[^A-Za-z0-9 ._-]/g, '')
    .replace(/^[^A-Za-z0-9]+/, '')
    .slice(0, 56)
    .trim();
  const name = plain === '' ? 'media' : plain;
  if (!taken.has(name)) return name;
  for (let number = 2; ; number += 1) if (!taken.has(`${name} ${number}`)) return `${name} ${number}`;
}

const OUTSIDE: Refusal = {
  code: 'OUTSIDE_MEDIA_ROOTS',
  message: 'These files lie outside the media folders, and whoever manages this machine has fixed those.',
  nextStep: 'Choose files inside a media folder, or ask for this folder to be added.',
};

function missing(path: string): Refusal {
  const message = `“${basename(path)}” is not there any more.`;
  return { code: 'INPUT_MISSING', message, nextStep: 'Look again and choose anew.' };
}
