import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { test as base } from '@playwright/test';
import { linkIn } from '../support/page-link.ts';

/** What `npm start` runs where there is no Electron: the built command line, agent and embedded server in one. */
const CLI = fileURLToPath(new URL('../../out/node/rushcatalog-agent.js', import.meta.url));

export interface Station {
  /** The page's address with its secret. */
  readonly url: string;
  readonly data: string;
  readonly child: ChildProcess;
}

interface Fixtures {
  readonly folder: string;
  readonly startStation: (...more: readonly string[]) => Promise<Station>;
}

export const test = base.extend<Fixtures>({
  // Playwright reads the names of wanted fixtures from the pattern; none is wanted here.
  // oxlint-disable-next-line no-empty-pattern
  folder: async ({}, use) => {
    const folder = await mkdtemp(join(tmpdir(), 'station-'));
    await use(folder);
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  },
  startStation: async ({ folder }, use) => {
    const children: ChildProcess[] = [];
    await use(async (...more) => {
      const data = join(folder, 'data');
      const args = [CLI, 'start', '--no-open', '--data', data, ...more];
      // Home is where a person's own rushes lie.
      const env = { ...process.env, HOME: folder, USERPROFILE: folder };
      const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'ignore'], env });
      children.push(child);
      await once(createInterface({ input: child.stdout }), 'line');
      return { url: linkIn(join(data, 'agent')), data, child };
    });
    for (const child of children) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      child.kill('SIGTERM');
      child.kill('SIGTERM');
      await once(child, 'exit');
    }
  },
});

export { expect } from '@playwright/test';
