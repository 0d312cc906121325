import { realpath, stat } from 'node:fs/promises';
import { basename, dirname, resolve } from 'node:path';
import { refusedOrDone, type Handlers } from '../../../shared/commands.ts';
import type { Refusal } from '../../../shared/failure.ts';
import { isManaged, type MediaRootSetting, type SettingsView } from '../../../shared/settings.ts';
import type { Importer } from './importer.ts';
import { deepest, knownRoots } from './naming.ts';
import type { WorkPort } from './work-port.ts';

interface ImportCommandDeps {
  readonly settings: { readonly view: () => SettingsView };
  /** The refusal says why they cannot be changed. */
  readonly saveRoots: (roots: MediaRootSetting[]) => Promise<Refusal | null>;
}

/** Once `addWork` answered, its course is told by the importer alone. */
export function importCommands(
  work: WorkPort,
  importer: Importer,
  deps: ImportCommandDeps,
): Handlers<'planWork' | 'addWork' | 'makeSamples' | 'cancelAdding' | 'dismissAdding' | 'addedFiles'> {
  return {
    planWork: ({ paths }) => work.plan(paths),
    makeSamples: async () => ({ paths: [...(await work.samples())] }),
    async addWork({ paths, except, ...choice }) {
      const refusal = await makeRoots(deps, paths);
      if (refusal === null) importer.add(paths, choice, except);
      return refusedOrDone(refusal);
    },
    async cancelAdding() {
      importer.cancel();
      return {};
    },
    async dismissAdding() {
      importer.dismiss();
      return {};
    },
    addedFiles: async () => ({ files: importer.remarks() }),
  };
}

/** Folders outside the media roots become media roots. */
export async function makeRoots(
  { settings, saveRoots }: ImportCommandDeps,
  paths: readonly string[],
): Promise<Refusal | null> {
  const { values, origins } = settings.view();
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
  return roots.length > values.mediaRoots.length ? saveRoots(roots.map(({ setting }) => setting)) : null;
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
