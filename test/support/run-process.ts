import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const CLI = fileURLToPath(new URL('../../out/node/rushcatalog-agent.js', import.meta.url));

export interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the built `process` command in `cwd`, with a temporary folder of its own below it, which has to exist. */
export function runProcess(args: readonly string[], cwd: string): Promise<Ended> {
  return new Promise((resolve) => {
    const env = { ...process.env, TMPDIR: join(cwd, 'tmp') };
    execFile(process.execPath, [CLI, 'process', ...args], { cwd, env, timeout: 600_000 }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr });
    });
  });
}
