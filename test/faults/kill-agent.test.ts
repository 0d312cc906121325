import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CRASH_POINTS } from '../../electron/agent/crash-point.ts';
import { ensureBuild, processesWith, put, start, type Command } from '../support/command.ts';
import { startFaultProxy, type FaultProxy } from '../support/fault-proxy.ts';
import { NO_FFMPEG } from '../support/made-media.ts';
import { addClips, allEnded, openStudio, seeded, tally, type Studio } from '../support/studio.ts';
import { lookInto, namesIn } from '../support/work-folder.ts';

const KILLS = 30;

describe.skipIf(NO_FFMPEG !== null)('kill -9 of the agent', () => {
  let studio: Studio;
  let proxy: FaultProxy;
  let agent: Command | undefined;
  let temporary: string;
  const launch = (work: string, options: Parameters<typeof start>[1] = {}): Command =>
    start(
      [
        ...['agent', '--server', proxy.url, '--token-file', studio.tokenFile],
        ...['--media-root', `MEDIA=${studio.media}`, '--work', work],
      ],
      { ...options, env: { ...options.env, TMPDIR: temporary } },
    );
  const childrenGoneAfter = async (): Promise<number> => {
    const begun = performance.now();
    while (processesWith(`TMPDIR=${temporary}`).length > 0) {
      if (performance.now() - begun > 3_000) return Number.POSITIVE_INFINITY;
      await delay(10);
    }
    return performance.now() - begun;
  };
  beforeAll(async () => {
    ensureBuild();
    studio = await openStudio();
    proxy = await startFaultProxy(studio.server.port);
    temporary = join(studio.folder, 'tmp');
    mkdirSync(temporary);
  });
  afterAll(async () => {
    await put(agent);
    await proxy.close();
    await studio.close();
  });

  it(
    `${KILLS} times at random moments: one final result per job, nothing twice, nothing left`,
    { timeout: 150_000 },
    async () => {
      const random = seeded(20_260_301);
      const work = studio.workFolder('killed');
      const moments: string[] = [];
      const resumes: number[] = [];
      let slowestEnd = 0;
      for (let kill = 0; kill < KILLS; kill += 1) {
        for (const path of await addClips(studio.media, 3, 4)) {
          await studio.operator.job(path, random() < 0.5 ? 'generate_thumbnails' : 'generate_audio_waveform');
        }
        const held = (await studio.operator.jobs())
          .filter(({ status }) => status === 'claimed')
          .map(({ job_id }) => job_id);
        const startedAt = performance.now();
        agent = launch(work);
        await agent.said(/Working for/);
        if (held.length > 0) {
          const resumed = await firstRequestAbout(proxy, held, startedAt);
          resumes.push(resumed - startedAt);
        }
        await delay(random() * 1_200);
        agent.signal('SIGKILL');
        await agent.ended;
        slowestEnd = Math.max(slowestEnd, await childrenGoneAfter());
        moments.push(...lookInto(work).runs.map(({ phase }) => phase));
      }
      agent = launch(work);
      await eventuallyIdle(studio);
      agent.signal('SIGTERM');
      const { code } = await agent.ended;
      const left = lookInto(work);
      // Jobs that died with the agent three times are set aside here; they are another agent's.
      const second = launch(studio.workFolder('fresh'));
      const jobs = await allEnded(studio.operator, 40_000);
      second.signal('SIGTERM');
      await second.ended;

      const ledger = await studio.server.ledger();
      const { submitted, doubles } = tally(ledger);
      const expired = ledger.filter(({ event }) => event === 'leaseExpired').length;
      console.info(
        `  ${KILLS} kills: ${jobs.length} jobs, ${submitted.size} submitted once, ${doubles.length} twice, ${expired} leases lapsed; ` +
          `children gone after ≤ ${slowestEnd.toFixed(0)} ms; resumed ${resumes.length} times after ≤ ${Math.max(...resumes).toFixed(0)} ms; ` +
          `killed while ${describeMoments(moments)}`,
      );
      expect(jobs.every(({ status }) => status === 'completed')).toBe(true);
      expect(doubles).toEqual([]);
      expect(submitted.size).toBe(jobs.length);
      expect(slowestEnd).toBeLessThan(1_000);
      expect(Math.max(...resumes)).toBeLessThan(5_000);
      expect(code).toBe(0);
      expect(left.runFolders).toEqual([]);
      expect(left.runs).toEqual([]);
      expect(left.integrity).toBe('ok');
      expect(namesIn(join(studio.folder, 'server', 'parts'))).toEqual([]);
    },
  );

  it('at every named point: the job ends once, and the agent knows it', { timeout: 90_000 }, async () => {
    const work = studio.workFolder('points');
    const told: string[] = [];
    for (const point of CRASH_POINTS) {
      const [path = ''] = await addClips(studio.media, 1);
      const jobId = await studio.operator.job(path, 'generate_thumbnails', {
        thumbnail_profile: 'video_storyboard_v1',
      });
      agent = launch(work, { from: 'sources', env: { RUSHCATALOG_CRASH_AT: point } });
      expect({ point, ...(await agent.ended) }).toMatchObject({ point, signal: 'SIGKILL' });
      const startedAt = performance.now();
      agent = launch(work, { from: 'sources' });
      await agent.said(/generate_thumbnails .*: /);
      told.push(`${point} ${(performance.now() - startedAt).toFixed(0)} ms`);
      agent.signal('SIGTERM');
      await agent.ended;
      const mine = (await studio.server.ledger({ jobId })).map(({ event }) => event);
      expect(mine.filter((event) => event === 'jobSubmitted')).toEqual(['jobSubmitted']);
      expect(mine.filter((event) => event === 'jobClaimed')).toEqual(['jobClaimed']);
      expect(mine.filter((event) => event === 'uploadCompleted')).toHaveLength(10);
      const left = lookInto(work);
      expect(left.history.filter((entry) => entry.jobId === jobId)).toEqual([{ jobId, ending: 'done' }]);
      expect([left.runs, left.runFolders]).toEqual([[], []]);
    }
    console.info(`  died on purpose, done after the restart: ${told.join(', ')}`);
  });
});

async function firstRequestAbout(proxy: FaultProxy, jobIds: readonly string[], since: number): Promise<number> {
  const until = since + 10_000;
  while (performance.now() < until) {
    const request = proxy.requests.find(({ line, at }) => at >= since && jobIds.some((jobId) => line.includes(jobId)));
    if (request !== undefined) return request.at;
    await delay(5);
  }
  throw new Error('The agent did not ask about the jobs it held within 10 s.');
}

/** Nothing is claimed and nothing that this agent would take is pending, for a poll's time. */
async function eventuallyIdle(studio: Studio): Promise<void> {
  const until = performance.now() + 40_000;
  let quietSince = performance.now();
  while (performance.now() < until) {
    const jobs = await studio.operator.jobs();
    const busy = jobs.some(({ status }) => status === 'claimed');
    const open = jobs.some(({ status }) => status === 'pending');
    if (busy) quietSince = performance.now();
    if (!busy && (!open || performance.now() - quietSince > 6_000)) return;
    await delay(100);
  }
}

function describeMoments(moments: readonly string[]): string {
  const count = new Map<string, number>();
  for (const moment of moments) count.set(moment, (count.get(moment) ?? 0) + 1);
  return [...count].map(([moment, times]) => `${moment} ${times}`).join(', ');
}
