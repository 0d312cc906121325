import { realpath } from 'node:fs/promises';
import { basename, relative, sep } from 'node:path';
import type { Refusal } from '../../../shared/failure.ts';
import { isManaged, type MediaRootSetting } from '../../../shared/settings.ts';
import type { AddedFile, WorkPlan } from '../../../shared/setup-commands.ts';
import { isInside } from '../storage/source-path.ts';
import { saveRoots } from './change-settings.ts';
import type { SetupDeps, SetupInput, SetupOutcome } from './setup.ts';

/** One file with the name its jobs will carry. */
export interface WorkFile {
  readonly path: string;
  /** `ROOT/relative/path`. */
  readonly sourcePath: string;
}

export type WorkChoice = Omit<SetupInput<'addWork'>, 'files'>;

/** What only the owner of the embedded server can do. Its errors carry a `refusal`. */
export interface WorkPort {
  plan(paths: readonly string[]): Promise<WorkPlan>;
  add(files: readonly WorkFile[], choice: WorkChoice): Promise<readonly AddedFile[]>;
  samples(): Promise<readonly string[]>;
}

export const NO_WORK_HERE: Refusal = {
  code: 'SERVER_MAKES_JOBS',
  message: 'The server makes the jobs; this agent only works for it.',
  nextStep: 'Add the files in RushCatalog.',
};

export async function planWork(work: WorkPort, paths: readonly string[]): Promise<SetupOutcome> {
  return work.plan(paths);
}

/** Makes the chosen jobs for each file; folders outside the media roots become media roots first. */
export async function addWork(deps: SetupDeps, work: WorkPort, input: SetupInput<'addWork'>): Promise<SetupOutcome> {
  const { files, ...choice } = input;
  const { values, origins } = deps.settings.view();
  const roots = await knownRoots(values.mediaRoots);
  const named: WorkFile[] = [];
  for (const { path, base } of files) {
    const real = await realpath(path).catch(() => null);
    const folder = await realpath(base).catch(() => null);
    if (real === null || folder === null || !isInside(real, folder)) return { refusal: missing(path) };
    const root =
      roots
        .filter((each) => isInside(real, each.real))
        .sort((a, b) => a.real.length - b.real.length)
        .at(-1) ?? addRoot(roots, folder);
    named.push({ path: real, sourcePath: `${root.setting.name}/${relative(root.real, real).split(sep).join('/')}` });
  }
  const settings = roots.map(({ setting }) => setting);
  if (settings.length > values.mediaRoots.length) {
    if (isManaged(origins.mediaRoots)) return { refusal: OUTSIDE };
    const refusal = await saveRoots(deps, settings);
    if (refusal !== null) return { refusal };
  }
  const added = await work.add(named, choice);
  deps.wake();
  const given = new Map(named.map(({ path }, index) => [path, files[index]?.path ?? path]));
  return { files: added.map((file) => ({ ...file, path: given.get(file.path) ?? file.path })) };
}

interface KnownRoot {
  readonly setting: MediaRootSetting;
  readonly real: string;
}

async function knownRoots(roots: readonly MediaRootSetting[]): Promise<KnownRoot[]> {
  const known: KnownRoot[] = [];
  for (const setting of roots) {
    known.push({ setting, real: await realpath(setting.path).catch(() => setting.path) });
  }
  return known;
}

function addRoot(roots: KnownRoot[], folder: string): KnownRoot {
  const taken = new Set(roots.map(({ setting }) => setting.name));
  const root = { setting: { name: freeName(folder, taken), path: folder }, real: folder };
  roots.push(root);
  return root;
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
  message: 'These files lie outside the media roots, and whoever manages this machine has fixed those.',
  nextStep: 'Choose files inside a media root, or ask for this folder to be added.',
};

function missing(path: string): Refusal {
  const message = `“${basename(path)}” is not there any more.`;
  return { code: 'INPUT_MISSING', message, nextStep: 'Look again and choose anew.' };
}
