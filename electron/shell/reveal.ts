import { realpath } from 'node:fs/promises';
import { isAbsolute, relative, resolve, sep } from 'node:path';
import type { Revealed } from '../../shared/bridge.ts';
import type { Refusal } from '../../shared/failure.ts';
import { AbsolutePath } from '../../shared/settings.ts';
import type { Snapshot } from '../../shared/snapshot.ts';
import type { RootGate } from '../work/storage/root-gate.ts';

interface RevealDeps {
  readonly snapshot: () => Pick<Snapshot, 'roots' | 'disk' | 'saving'>;
  /** Opens the file manager at a path that was checked; starts no program from it. */
  readonly show: (path: string) => void;
  /** A share that hangs costs one thread, however often the button is pressed. */
  readonly gate: RootGate;
}

/**
 * Shows a file in the system's file manager, if it lies where the agent has business: a media root, the work folder
 * with what it derived, or the folder proxies were saved to. Compared as written first: merely looking at
 * `\\\\server\\share` would hand that server this account's credentials on Windows. Then again without links.
 */
export function createReveal({ snapshot, show, gate }: RevealDeps): (input: unknown) => Promise<Revealed> {
  return async (input) => {
    const parsed = AbsolutePath.safeParse(input);
    if (!parsed.success || !isAbsolute(parsed.data)) return refuse(NO_PATH);
    const path = resolve(parsed.data);
    const folder = knownFolders(snapshot()).find((known) => isInside(known, path));
    if (folder === undefined) return refuse(ELSEWHERE);
    const looked = await gate.run(() => realPlace(folder, path));
    if (looked.kind === 'not-answering') return refuse(NOT_ANSWERING);
    if (looked.value === 'absent') return refuse(ABSENT);
    if (looked.value === 'elsewhere') return refuse(ELSEWHERE);
    show(looked.value.path);
    return { ok: true };
  };
}

function knownFolders({ roots, disk, saving }: Pick<Snapshot, 'roots' | 'disk' | 'saving'>): string[] {
  const saved = saving === null ? [] : [saving.folder];
  return [...roots.map(({ path }) => path), disk.workFolder, ...saved].filter(isAbsolute).map((path) => resolve(path));
}

async function realPlace(folder: string, path: string): Promise<{ readonly path: string } | 'absent' | 'elsewhere'> {
  try {
    const [realFolder, realFile] = [await realpath(folder), await realpath(path)];
    return isInside(realFolder, realFile) ? { path: realFile } : 'elsewhere';
  } catch {
    return 'absent';
  }
}

/** Also true for the folder itself. */
function isInside(folder: string, path: string): boolean {
  const way = relative(folder, path);
  return way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way);
}

const refuse = (refusal: Refusal): Revealed => ({ ok: false, refusal });

const NO_PATH: Refusal = { code: 'INVALID_INPUT', message: 'This is not the whole path of a file.', field: 'path' };
const ELSEWHERE: Refusal = {
  code: 'FORBIDDEN',
  message: 'This file is in none of the folders that the agent works with, so it is not shown.',
};
const ABSENT: Refusal = {
  code: 'FILE_MISSING',
  message: 'The file is not there any more, or cannot be reached.',
  nextStep: 'Check that its share or disk is connected.',
};
const NOT_ANSWERING: Refusal = {
  code: 'FOLDER_NOT_ANSWERING',
  message: 'The folder of this file does not answer.',
  nextStep: 'Check that its share or disk is connected, then try again.',
};
