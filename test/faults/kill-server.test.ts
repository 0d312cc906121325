import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ensureBuild, put, start, type Command } from '../support/command.ts';
import { startFaultProxy, type FaultProxy } from '../support/fault-proxy.ts';
import { NO_FFMPEG } from '../support/made-media.ts';
import {
  addClips,
  allEnded,
  createOperator,
  ledgerOnDisk,
  LEASE_SECONDS,
  prepareWorkFolder,
  seeded,
  tally,
} from '../support/studio.ts';
import { lookInto, namesIn } from '../support/work-folder.ts';

const KILLS = 10;

describe.skipIf(NO_FFMPEG !== null)('kill -9 of the server', () => {
  const folder = mkdtempSync(join(tmpdir(), 'rc-kill-server-'));
  const data = join(folder, 'data');
  const media = join(folder, 'media');
  let server: Command | undefined;
  let agent: Command | undefined;
  let proxy: FaultProxy;
  const launch = async (): Promise<number> => {
    server = start(['server', '--port', '0', '--data', data, '--lease', String(LEASE_SECONDS), '--max-attempts', '20']);
    const [, port = ''] = await server.said(/server: http:\/\/127\.0\.0\.1:(\d+)/);
    return Number(port);
  };
  beforeAll(async () => {
    ensureBuild();
    mkdirSync(media);
    proxy = await startFaultProxy(await launch());
  });
  afterAll(async () => {
    await put(agent);
    await put(server);
    await proxy.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it(`${KILLS} times at random moments: every job is done once`, { timeout: 90_000 }, async () => {
    const random = seeded(99);
    const operator = createOperator(() => ({
      url: proxy.url,
      token: readFileSync(join(data, 'operator-token'), 'utf8').trim(),
    }));
    const work = prepareWorkFolder(join(folder, 'work'));
    agent = start([
      ...['agent', '--server', proxy.url, '--token-file', join(data, 'agent-token')],
      ...['--media-root', `MEDIA=${media}`, '--work', work],
    ]);
    await agent.said(/Connected/);
    for (let kill = 0; kill < KILLS; kill += 1) {
      for (const path of await addClips(media, 6, 4)) {
        await operator.job(path, random() < 0.5 ? 'generate_thumbnails' : 'generate_audio_waveform');
      }
      await delay(random() * 1_000);
      server?.signal('SIGKILL');
      await server?.ended;
      proxy.aim(await launch());
    }
    const jobs = await allEnded(operator, 60_000);
    agent.signal('SIGTERM');
    const { code } = await agent.ended;
    server?.signal('SIGTERM');
    await server?.ended;
    const { submitted, doubles } = tally(ledgerOnDisk(data));
    const expired = ledgerOnDisk(data).filter(({ event }) => event === 'leaseExpired').length;
    console.info(
      `  ${KILLS} kills of the server: ${submitted.size} of ${jobs.length} jobs submitted once, ${doubles.length} twice, ${expired} leases lapsed`,
    );
    expect(jobs.every(({ status }) => status === 'completed')).toBe(true);
    expect([doubles, submitted.size, code]).toEqual([[], jobs.length, 0]);
    expect(lookInto(work)).toMatchObject({ runs: [], runFolders: [], integrity: 'ok' });
    expect(lookInto(work).history.filter(({ ending }) => ending === 'done')).toHaveLength(jobs.length);
    expect(namesIn(join(data, 'parts'))).toEqual([]);
  });
});
