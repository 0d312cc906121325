import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createCoreAgent, filed, sourceFile, until } from '../support/core-agent.ts';
import { eventually } from '../support/children/alive.ts';
import { NO_FFMPEG } from '../support/made-media.ts';
import { age } from '../support/studio.ts';
import { askedOnce, askedTwice, closed, openRig, type Rig } from './in-time.ts';
import { randomOf } from './run-campaign.ts';

/** `npm run test:faults -- --only in-time` takes 24, and looks at the seconds, too. */
const MOMENTS = 4;

describe.skipIf(NO_FFMPEG !== null)('SIGTERM', { timeout: 400_000 }, () => {
  let rig: Rig;
  beforeAll(async () => {
    rig = await openRig();
  }, 900_000);
  afterAll(async () => {
    expect((await closed(rig)).broken).toEqual([]);
  }, 900_000);

  it(`at ${MOMENTS} random moments: nothing claimed is left, nothing lost, nothing twice`, async () => {
    const claims = async (): Promise<number> => (await rig.bench.studio.server.ledger({ event: 'jobClaimed' })).length;
    const before = await claims();
    for (let moment = 0; moment < MOMENTS; moment += 1) {
      expect((await askedOnce(rig, randomOf(7, 'sigterm', moment))).broken).toEqual([]);
    }
    expect(await claims()).toBeGreaterThan(before);
    expect(await rig.bench.studio.server.ledger({ event: 'leaseExpired' })).toEqual([]);
  });

  it.each([false, true])('a second one ends it, offline: %s', async (offline) => {
    expect((await askedTwice(rig, 0, offline)).broken).toEqual([]);
  });

  it('while draining heartbeats go on, and what finishes within the grace is submitted', async () => {
    const { studio, proxy } = rig.bench;
    sourceFile(join(studio.media, 'slow.mov'));
    age(join(studio.media, 'slow.mov'));
    const beats = (): number => proxy.requests.filter(({ line }) => line.endsWith(`${jobId}/heartbeat`)).length;
    let draining = false;
    const agent = createCoreAgent({
      serverUrl: proxy.url,
      token: studio.server.agentToken,
      workFolder: join(studio.folder, 'draining'),
      roots: [{ name: 'MEDIA', path: studio.media }],
      behaviours: {
        // Done once two heartbeats went out while the agent was draining.
        slow: async (context) => {
          await eventually(() => draining);
          const before = beats();
          await eventually(() => beats() >= before + 2);
          return filed(context, 64);
        },
      },
    });
    const jobId = await studio.operator.job('MEDIA/slow.mov', 'generate_thumbnails', { thumbnail_profile: 'slow' });
    await agent.start();
    await until(agent, ({ running }) => running.some((job) => job.jobId === jobId));
    const stopped = agent.stop(300_000);
    draining = true;
    await stopped;
    expect((await studio.server.ledger({ jobId })).map(({ event }) => event)).toContain('jobSubmitted');
  });
});
