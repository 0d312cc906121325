import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * A private folder `rushcatalog-<purpose>-…` for as long as this program lives; left-overs of programs that were killed
 * are removed on the way.
 */
export async function makeTemporaryFolder(purpose: 'process' | 'sandbox'): Promise<string> {
  const base = tmpdir();
  const prefix = `rushcatalog-${purpose}-`;
  for (const name of await readdir(base).catch(() => [])) {
    if (!name.startsWith(prefix)) continue;
    const pid = Number(/^(\d+)-/.exec(name.slice(prefix.length))?.[1] ?? Number.NaN);
    if (Number.isInteger(pid) && !isAlive(pid)) {
      await rm(join(base, name), { recursive: true, force: true }).catch(() => undefined);
    }
  }
  return mkdtemp(join(base, `${prefix}${process.pid}-`));
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // Another user's process lives too.
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
