import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { DerivedRef } from '../../../shared/facts.ts';
import { derivedName, fitted, stemOf } from '../../agent/exports/layout.ts';

const Owner = z
  .array(
    z.looseObject({
      source: z.string(),
      result: z
        .looseObject({ derived_manifest: z.array(DerivedRef) })
        .optional()
        .catch(undefined),
    }),
  )
  .min(1);

/** Where the results of one source go. */
export interface OutputFolder {
  readonly folder: string;
  /** Folders of other sources of the same stem that were there first. */
  readonly namesakes: readonly string[];
  /** SHA-256 of what earlier runs made of this source; null: this folder is not marked as its own yet. */
  readonly earlier: readonly string[] | null;
}

/**
 * A folder below `out` for each source: its stem, or, where two sources or an earlier run of another source have the
 * same, the stem with a number. A run repeated for the same source finds the same folder again.
 */
export async function outputFolders(
  out: string,
  sources: readonly string[],
): Promise<ReadonlyMap<string, OutputFolder>> {
  const taken = new Map<string, string>();
  const folders = new Map<string, OutputFolder>();
  for (const source of sources) {
    const stem = fitted(stemOf(source), '-1000');
    const namesakes: string[] = [];
    for (let number = 1; ; number += 1) {
      const folder = join(out, number === 1 ? stem : `${stem}-${number}`);
      // Compared without case: two stems may be one folder on the disk of a Mac or a PC.
      const key = folder.toLowerCase();
      const owner = taken.get(key) ?? (await ownerOf(folder));
      if (owner !== undefined && owner !== source) {
        namesakes.push(folder);
        continue;
      }
      taken.set(key, source);
      folders.set(source, { folder, namesakes, earlier: owner === undefined ? null : await madeIn(folder) });
      break;
    }
  }
  return folders;
}

/**
 * Whether one of these sources has a proxy with an ending of `proxies`: then the name that an editing program looks for
 * is taken. A photo beside a clip has none, so the clip's proxy lies with the others.
 */
export async function haveProxyLike(folders: readonly string[], proxies: readonly DerivedRef[]): Promise<boolean> {
  const wanted = new Set(proxyNames(proxies));
  for (const folder of folders) {
    const entries = (await readOwner(folder).catch(() => undefined)) ?? [];
    const names = entries.flatMap(({ result }) => proxyNames(result?.derived_manifest ?? []));
    if (names.some((name) => wanted.has(name))) return true;
  }
  return false;
}

function proxyNames(manifest: readonly DerivedRef[]): string[] {
  const proxies = manifest.filter(({ kind }) => kind === 'proxy_video' || kind === 'proxy_audio');
  return proxies.map((entry) => derivedName({ ...entry, kind: 'proxy_video' }, 0));
}

/** Names that results have in their source's folder. */
const RESULT_NAME = /^(?:thumb_\d+|proxy_(?:video|audio)(?:_\d+)?|waveform|transcript|result)\.[a-z0-9]+$/i;

/** The source whose results lie in a folder; one in which a file of somebody else would be in the way counts as taken. */
async function ownerOf(folder: string): Promise<string | undefined> {
  try {
    return (await readOwner(folder))?.[0]?.source ?? '';
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') return '';
  }
  try {
    return (await readdir(folder)).some((name) => RESULT_NAME.test(name)) ? '' : undefined;
  } catch (error) {
    return codeOf(error) === 'ENOENT' ? undefined : '';
  }
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}

async function madeIn(folder: string): Promise<readonly string[]> {
  const entries = (await readOwner(folder).catch(() => undefined)) ?? [];
  return entries.flatMap(({ result }) => result?.derived_manifest.map(({ sha256 }) => sha256) ?? []);
}

/** undefined: what lies there is not ours. Throws where there is nothing. */
async function readOwner(folder: string): Promise<z.output<typeof Owner> | undefined> {
  const text = await readFile(join(folder, 'result.json'), 'utf8');
  try {
    return Owner.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}
