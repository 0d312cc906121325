import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, watch, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const LOCK = 'stand-in-instance';
const CALLS = 'stand-in-second-instances';

/**
 * One instance per data folder, as requestSingleInstanceLock has it: synchronously true for the first; a later one
 * leaves its arguments for the first, whose `onSecond` is then called.
 */
export function takeInstanceLock(folder: string, argv: readonly string[], onSecond: (argv: string[]) => void): boolean {
  mkdirSync(join(folder, CALLS), { recursive: true });
  const lock = join(folder, LOCK);
  if (existsSync(lock) && !isAlive(Number(readFileSync(lock, 'utf8')))) rmSync(lock);
  try {
    writeFileSync(lock, String(process.pid), { flag: 'wx' });
  } catch {
    writeFileSync(join(folder, CALLS, String(process.pid)), JSON.stringify(argv));
    return false;
  }
  process.on('exit', () => rmSync(lock, { force: true }));
  const read = (): void => {
    for (const name of readdirSync(join(folder, CALLS))) {
      const file = join(folder, CALLS, name);
      const text = readFileSync(file, 'utf8');
      // Seen between its creation and its content: the next change brings it again.
      if (text === '') continue;
      rmSync(file);
      onSecond(JSON.parse(text) as string[]);
    }
  };
  watch(join(folder, CALLS), { persistent: false }, read);
  return true;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
