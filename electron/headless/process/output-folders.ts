import { readFile } from 'node:fs/promises';
import { join, parse } from 'node:path';
import { z } from 'zod';

const Owner = z.array(z.looseObject({ source: z.string() })).min(1);

/**
 * A folder below `out` for each source: its stem, or, where two sources or an earlier run of another source have the
 * same, the stem with a number. A run repeated for the same source finds the same folder again.
 */
export async function outputFolders(out: string, sources: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const taken = new Map<string, string>();
  const folders = new Map<string, string>();
  for (const source of sources) {
    const { name, base } = parse(source);
    // “..mov” has the stem “.”, which would be the output folder itself.
    const stem = /^\.*$/.test(name) ? `_${base}` : name;
    for (let number = 1; ; number += 1) {
      const folder = join(out, number === 1 ? stem : `${stem}-${number}`);
      // Compared without case: two stems may be one folder on the disk of a Mac or a PC.
      const key = folder.toLowerCase();
      const owner = taken.get(key) ?? (await ownerOf(folder));
      if (owner !== undefined && owner !== source) continue;
      taken.set(key, source);
      folders.set(source, folder);
      break;
    }
  }
  return folders;
}

/** The source whose results lie in a folder; a folder of something else counts as taken. */
async function ownerOf(folder: string): Promise<string | undefined> {
  try {
    const parsed = Owner.safeParse(JSON.parse(await readFile(join(folder, 'result.json'), 'utf8')));
    return parsed.success ? (parsed.data[0]?.source ?? '') : '';
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    return code === 'ENOENT' ? undefined : '';
  }
}
