import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Agent } from '../../electron/agent/agent.ts';
import { createCoreAgent, sourceFile } from '../support/core-agent.ts';
import { NO_FFMPEG } from '../support/made-media.ts';
import { age, allEnded, openStudio, type Studio } from '../support/studio.ts';

const PART = 64 * 1024;
const BYTES = 3 * PART;

describe.skipIf(NO_FFMPEG !== null)('parts that the server’s disk loses between their receipt and the end', () => {
  let studio: Studio;
  let agent: Agent;
  let completes = 0;
  /** So many completions find the parts gone. */
  let losses = 0;
  const losing: typeof fetch = (target, init) => {
    if (String(target).endsWith('/upload/complete') && completes++ < losses) {
      const folder = join(studio.folder, 'server', 'parts');
      for (const name of readdirSync(folder)) rmSync(join(folder, name));
    }
    return fetch(target, init);
  };
  beforeEach(async () => {
    completes = 0;
    studio = await openStudio({ maxPartSizeBytes: PART, maxAttempts: 1 });
    sourceFile(join(studio.media, 'a.mov'));
    age(join(studio.media, 'a.mov'));
    agent = createCoreAgent({
      serverUrl: studio.server.url,
      token: studio.server.agentToken,
      workFolder: join(studio.folder, 'work'),
      roots: [{ name: 'MEDIA', path: studio.media }],
      deps: { random: () => 0.01, fetch: losing },
    });
    await agent.start();
  });
  afterEach(async () => {
    await agent.stop(0);
    await studio.close();
  });

  const endOf = async (): Promise<readonly [string | undefined, number]> => {
    const jobId = await studio.operator.job('MEDIA/a.mov', 'generate_thumbnails', {
      thumbnail_profile: `file:${BYTES}`,
    });
    agent.wake();
    const [job] = await allEnded(studio.operator, 120_000);
    const begun = (await studio.server.ledger({ jobId })).filter(({ event }) => event === 'uploadBegun');
    return [job?.status, begun.length];
  };

  it('once: the upload is begun anew, and the job is done', async () => {
    losses = 1;
    expect(await endOf()).toEqual(['completed', 2]);
  });

  it('every time: four uploads, then the job has failed', async () => {
    losses = Infinity;
    expect(await endOf()).toEqual(['failed', 4]);
    expect(completes).toBe(4);
  });
});
