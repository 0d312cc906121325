// One tsconfig per runtime, all checked side by side.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const projects = ['shared', 'web', 'server', 'electron', 'electron/shell', 'renderer', 'test'].filter((name) =>
  existsSync(`${root}/${name}/tsconfig.json`),
);
const codes = await Promise.all(
  projects.map(
    (project) =>
      new Promise((resolve) => {
        // Only what changed since the last time is looked at again: six projects share most of their files.
        const remembered = `node_modules/.cache/tsc/${project.replace('/', '-')}.tsbuildinfo`;
        const args = ['--noEmit', '--incremental', '--tsBuildInfoFile', remembered, '-p', project];
        const tsc = spawn(`${root}/node_modules/.bin/tsc`, args, {
          cwd: root,
          stdio: 'inherit',
        });
        tsc.on('exit', (code) => resolve(code ?? 1));
      }),
  ),
);
process.exit(codes.some((code) => code !== 0) ? 1 : 0);
