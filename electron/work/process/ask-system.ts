import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

/** The registry's and the preferences' own tools answer in milliseconds; a hung one must not hold up the start. */
const WALL_MS = 5_000;

/** What a tool of the system prints, or null when it is not there or fails. `program` is an absolute path. */
export function askSystem(program: string, args: readonly string[]): string | null {
  if (!existsSync(program)) return null;
  const { status, stdout } = spawnSync(program, args, {
    encoding: 'utf8',
    timeout: WALL_MS,
    killSignal: 'SIGKILL',
    maxBuffer: 1 << 20,
    stdio: ['ignore', 'pipe', 'ignore'],
    windowsHide: true,
  });
  return status === 0 ? stdout : null;
}
