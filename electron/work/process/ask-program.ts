import { execFile } from 'node:child_process';
import { isAbsolute } from 'node:path';
import { searchPath } from './find-tool.ts';

/** What a small program of the system prints on stdout; null when it is missing, fails or does not answer in time. */
export type AskProgram = (name: string, args: readonly string[]) => Promise<string | null>;

/** A question that takes longer than this is not worth its answer: it is asked again soon. */
const TIMEOUT_MS = 3_000;

/** Asks with our own environment: `xprintidle` and `busctl --user` need the session they are asked about. */
export const askProgram: AskProgram = async (name, args) => {
  const program = isAbsolute(name) ? name : await searchPath(name, process.env);
  if (program === null) return null;
  return new Promise((resolve) => {
    execFile(
      program,
      args,
      { timeout: TIMEOUT_MS, killSignal: 'SIGKILL', windowsHide: true, maxBuffer: 16 * 1024 * 1024 },
      (error, stdout) => resolve(error === null ? stdout : null),
    );
  });
};
