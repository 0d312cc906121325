import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const PREFIX = 'rushcatalog-process-';

/** A private folder for one run of `process`; left-overs of runs that were killed are removed on the way. */
export async function makeTemporaryFolder(): Promise<string> {
  const base = tmpdir();
  for (const name of await readdir(base).catch(() => [])) {
    const pid = Number(/^rushcatalog-process-(\d+)-/.exec(name)?.[1] ?? Number.NaN);
    if (Number.isInteger(pid) && !isAlive(pid)) {
      await rm(join(base, name), { recursive: true, force: true }).catch(() => undefined);
    }
  }
  return mkdtemp(join(base, `${PREFIX}${process.pid}-`));
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
