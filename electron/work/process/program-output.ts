import { execFile, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { isAbsolute } from 'node:path';
import { searchPath } from './find-tool.ts';

/** What a small program of the system prints on stdout; null when it is missing, fails or does not answer in time. */
export type ProgramOutput = (name: string, args: readonly string[]) => Promise<string | null>;

/** These answer in milliseconds; one that hangs must hold up nothing, and is asked again soon. */
const LIMITS = { timeout: 3_000, killSignal: 'SIGKILL', windowsHide: true, maxBuffer: 16 * 1024 * 1024 } as const;

/** With our own environment: `xprintidle` and `busctl --user` need the session they are asked about. */
export const programOutput: ProgramOutput = async (name, args) => {
  const program = isAbsolute(name) ? name : await searchPath(name, process.env);
  if (program === null) return null;
  return new Promise((resolve) => {
    execFile(program, args, LIMITS, (error, stdout) => resolve(error === null ? stdout : null));
  });
};

/** What must be known before anything begins is asked once, so it may take longer. */
const START_MS = 5_000;

/** The same at the start. `program` is an absolute path. */
export function programOutputSync(program: string, args: readonly string[]): string | null {
  if (!existsSync(program)) return null;
  const { status, stdout } = spawnSync(program, args, {
    ...LIMITS,
    timeout: START_MS,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  return status === 0 ? stdout : null;
}
