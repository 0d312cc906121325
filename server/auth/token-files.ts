import { chmod, link, mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { flushFolder } from '../flush-folder.ts';
import { newToken } from '../hash.ts';

/** The token kept in this file; made at the first start, readable by this user alone. */
export async function loadOrCreateToken(path: string): Promise<string> {
  const kept = (await readFile(path, 'utf8').catch(absentIsEmpty)).trim();
  if (kept !== '') {
    await closeToOthers(path);
    return kept;
  }
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const token = newToken();
  const temporary = `${path}.${process.pid}.new`;
  const file = await open(temporary, 'w', 0o600);
  try {
    await file.writeFile(`${token}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
  try {
    // Not renamed: of two servers that begin on one folder at the same time, the second takes what the first has made.
    await link(temporary, path);
  } catch {
    const made = (await readFile(path, 'utf8').catch(absentIsEmpty)).trim();
    if (made !== '') return made;
    // An empty file, or a file system without hard links.
    await rename(temporary, path);
  } finally {
    await rm(temporary, { force: true });
  }
  await flushFolder(dirname(path));
  return token;
}

/** A group may have been let in on purpose, an agent's for instance; everybody never is. */
async function closeToOthers(path: string): Promise<void> {
  const { mode } = await stat(path);
  if ((mode & 0o007) !== 0) await chmod(path, mode & 0o770).catch(() => undefined);
}

function absentIsEmpty(error: NodeJS.ErrnoException): string {
  if (error.code === 'ENOENT') return '';
  throw error;
}
