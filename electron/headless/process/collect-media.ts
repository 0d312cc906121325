import { relative, sep } from 'node:path';
import type { MediaRootSetting } from '../../../shared/settings.ts';
import { findMedia } from '../../compose/work/find-media.ts';
import { CommandError } from '../exit.ts';

/** One source a person pointed at. */
interface MediaFile {
  /** As it is shown and written into results: an absolute path. */
  readonly path: string;
  /** `ROOT/relative/path`, as jobs name it. */
  readonly sourcePath: string;
}

export interface Collected {
  readonly files: readonly MediaFile[];
  readonly roots: readonly MediaRootSetting[];
  /** Files inside folders that do not look like media. */
  readonly skipped: readonly string[];
}

/** Expands files and folders into sources, each once, in a stable order. Throws CommandError when one is missing. */
export async function collectMedia(inputs: readonly string[]): Promise<Collected> {
  const { files, skipped } = await findMedia(inputs);
  const missing = skipped.find(({ why }) => why === 'missing');
  if (missing !== undefined) throw inputMissing(missing.path);
  const roots = new Map<string, string>();
  return {
    files: files.map(({ path, base }) => ({
      path,
      sourcePath: `${rootName(roots, base)}/${relative(base, path).split(sep).join('/')}`,
    })),
    roots: [...roots].map(([path, name]) => ({ name, path })),
    skipped: skipped.map(({ path }) => path),
  };
}

function rootName(roots: Map<string, string>, folder: string): string {
  const known = roots.get(folder);
  if (known !== undefined) return known;
  const name = `input${roots.size + 1}`;
  roots.set(folder, name);
  return name;
}

function inputMissing(input: string): CommandError {
  return new CommandError({
    code: 'INPUT_MISSING',
    message: `“${input}” does not exist.`,
    nextStep: 'Check the path; files and folders are accepted, separated by spaces.',
  });
}
