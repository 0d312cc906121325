import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** Makes a file that can be read and not removed, as under a scanner's lock. Answers what lets go of it. */
export function holdFast(path: string): () => void {
  if (process.getuid?.() === 0) {
    if (spawnSync('mount', ['--bind', path, path]).status !== 0) throw new Error(`${path} cannot be held`);
    return () => spawnSync('umount', [path]);
  }
  const folder = dirname(path);
  const { mode } = statSync(folder);
  chmodSync(folder, 0o500);
  return () => chmodSync(folder, mode);
}

/** Why no file can be held fast here, or null. */
export const NOTHING_HOLDS: string | null = process.platform === 'linux' && holds() ? null : 'no file can be held fast';

function holds(): boolean {
  const folder = mkdtempSync(join(tmpdir(), 'rc-hold-'));
  const file = join(folder, 'file');
  writeFileSync(file, '');
  try {
    const letGo = holdFast(file);
    try {
      rmSync(file);
      return false;
    } catch {
      return true;
    } finally {
      letGo();
    }
  } catch {
    return false;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
