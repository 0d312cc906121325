import { writeFileSync, existsSync, statfsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Agent } from '../../electron/agent/agent.ts';
import { createCoreAgent, filed, sourceFile, until } from '../support/core-agent.ts';
import { startFaultProxy, type FaultProxy } from '../support/fault-proxy.ts';
import { NO_FFMPEG } from '../support/made-media.ts';
import { NO_SMALL_DISK, openSmallDisk, type SmallDisk } from '../support/small-disk.ts';
import { age, openStudio, tally, type Studio } from '../support/studio.ts';
import { lookInto } from '../support/work-folder.ts';

if (NO_SMALL_DISK !== null) console.info(`  disk-full tests are skipped: ${NO_SMALL_DISK}`);

describe.skipIf(NO_FFMPEG !== null || NO_SMALL_DISK !== null)('a work folder on a disk of 64 MiB', () => {
  let studio: Studio;
  let proxy: FaultProxy;
  let agent: Agent;
  let disk: SmallDisk;
  const free = (): number => statfsSync(disk.folder).bavail * statfsSync(disk.folder).bsize;
  beforeAll(async () => {
    studio = await openStudio({ maxPartSizeBytes: 1 << 20 });
    proxy = await startFaultProxy(studio.server.port);
    disk = openSmallDisk(64);
    sourceFile(join(studio.media, 'a.mov'));
    age(join(studio.media, 'a.mov'));
    agent = createCoreAgent({
      serverUrl: proxy.url,
      token: studio.server.agentToken,
      workFolder: join(disk.folder, 'work'),
      roots: [{ name: 'MEDIA', path: studio.media }],
      behaviours: {
        // Goes on writing until there is no room, as an encoder does.
        greedy: async (context) => {
          for (let n = 0; ; n += 1) {
            writeFileSync(join(context.workspace, `part-${n}`), Buffer.alloc(4 << 20, n));
            await delay(5);
          }
        },
        later: async (context, bytes) => {
          await delay(1_000);
          return filed(context, Number(bytes));
        },
      },
    });
    await agent.start();
  });
  afterAll(async () => {
    await agent.stop(0);
    await proxy.close();
    await studio.close();
    disk.close();
  });
  const job = (profile: string): Promise<string> =>
    studio.operator.job('MEDIA/a.mov', 'generate_thumbnails', { thumbnail_profile: profile });

  it('filled while working: DISK_FULL is said, its own files are freed', async () => {
    const jobId = await job('greedy');
    agent.wake();
    await until(agent, ({ failures }) => failures.some((ended) => ended.jobId === jobId));
    await studio.operator.cancel(jobId);
    const failed = await studio.server.ledger({ jobId, event: 'jobFailed' });
    console.info(
      `  filled while working: reported ${JSON.stringify(failed[0]?.detail)}, ${(free() / 1e6).toFixed(0)} MB free again`,
    );
    expect(failed[0]?.detail).toMatchObject({ error_code: 'DISK_FULL', retryable: true });
    expect(free()).toBeGreaterThan(50e6);
  });

  it('filled by others: nothing is claimed, it says so, and goes on when there is room', async () => {
    await until(agent, ({ running }) => running.length === 0);
    disk.fill();
    const jobId = await job('quick');
    agent.wake();
    await until(agent, ({ disk: { full }, waiting }) => full && waiting.some(({ reason }) => reason.kind === 'disk'));
    await delay(1_000);
    expect(await studio.server.ledger({ jobId, event: 'jobClaimed' })).toEqual([]);
    disk.empty();
    agent.wake();
    await until(agent, ({ disk: { full }, done }) => !full && done.some((ended) => ended.jobId === jobId));
    console.info('  filled by others: nothing claimed; claimed and done when there was room');
  });

  it('filled while uploading: the upload waits, and the job is submitted once', async () => {
    proxy.set({ bytesPerSecond: 4_000_000, slice: 65_536 });
    const before = proxy.requests.length;
    const jobId = await job('file:12582912');
    agent.wake();
    await until(agent, () => proxy.requests.slice(before).some(({ line }) => line.endsWith('/upload/part')));
    disk.fill();
    await until(agent, ({ disk: { full } }) => full);
    await delay(3_000);
    expect((await studio.operator.jobs()).find((each) => each.job_id === jobId)?.status).toBe('claimed');
    disk.empty();
    proxy.set({});
    await until(agent, ({ done }) => done.some((ended) => ended.jobId === jobId));
    const { doubles } = tally(await studio.server.ledger());
    expect(doubles).toEqual([]);
    expect(await studio.server.ledger({ jobId, event: 'leaseExpired' })).toEqual([]);
  });

  it('leaves a whole database and no stray file behind', async () => {
    await agent.stop(0);
    expect(existsSync(join(disk.folder, 'work', 'journal.sqlite'))).toBe(true);
    expect(lookInto(join(disk.folder, 'work'))).toMatchObject({ runs: [], runFolders: [], integrity: 'ok' });
  });
});
