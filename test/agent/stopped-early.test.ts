import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, expect, it } from 'vitest';
import { createCoreAgent } from '../support/core-agent.ts';

const folder = mkdtempSync(join(tmpdir(), 'rc-early-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Port 9 discards: nobody answers there. */
const NOBODY = 'http://127.0.0.1:9';

it.each([0, 1, 5, 20, 60, 150])('stopped %i ms after it began to start, an agent just ends', async (afterMs) => {
  const media = join(folder, `media-${afterMs}`);
  mkdirSync(media);
  const agent = createCoreAgent({
    serverUrl: NOBODY,
    token: 'token',
    workFolder: join(folder, `work-${afterMs}`),
    roots: [{ name: 'MEDIA', path: media }],
  });
  const started = agent.start();
  await delay(afterMs);
  await agent.stop(0);
  await started;
  expect(agent.snapshot().agent.phase).toBe('stopped');
});
