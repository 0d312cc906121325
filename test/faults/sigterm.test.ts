import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { eventually } from '../support/children/alive.ts';
import { ensureBuild, processesWith, put, start, type Command } from '../support/command.ts';
import { createCoreAgent, filed, sourceFile, until } from '../support/core-agent.ts';
import { startFaultProxy, type FaultProxy } from '../support/fault-proxy.ts';
import { NO_FFMPEG } from '../support/made-media.ts';
import { addClips, age, openStudio, proveOnce, seeded, tally, type Studio } from '../support/studio.ts';
import { lookInto, ownerMark } from '../support/work-folder.ts';

/** `npm run test:faults -- --only in-time` takes 24, and looks at the seconds, too. */
const MOMENTS = 8;
const GRACE_SECONDS = 2;
const CHANCES = 12;

describe.skipIf(NO_FFMPEG !== null)('SIGTERM', () => {
  let studio: Studio;
  let proxy: FaultProxy;
  let agent: Command | undefined;
  let temporary: string;
  const launch = (work: string, ...more: readonly string[]): Command =>
    start(
      [
        ...['agent', '--server', proxy.url, '--token-file', studio.tokenFile, '--grace', String(GRACE_SECONDS)],
        ...['--media-root', `MEDIA=${studio.media}`, '--work', work, ...more],
      ],
      { env: { TMPDIR: temporary } },
    );
  const childrenOf = (work: string): number[] => processesWith([`TMPDIR=${temporary}`, ownerMark(work) ?? '']);
  beforeAll(async () => {
    ensureBuild();
    studio = await openStudio();
    proxy = await startFaultProxy(studio.server.port);
    temporary = join(studio.folder, 'tmp');
    mkdirSync(temporary);
  });
  // What one test leaves is no job of the next one's.
  beforeEach(async () => {
    for (const { job_id, status } of await studio.operator.jobs()) {
      if (status === 'pending' || status === 'claimed') {
        await studio.operator.cancel(job_id).catch(() => undefined);
      }
    }
  });
  afterAll(async () => {
    await put(agent);
    await proxy.close();
    await studio.close();
  });

  it(`at ${MOMENTS} random moments: nothing claimed is left, nothing lost`, { tags: ['slow'] }, async () => {
    const random = seeded(7);
    const work = studio.workFolder('drained');
    await proveOnce(studio, () => launch(work));
    for (let moment = 0; moment < MOMENTS; moment += 1) {
      for (const path of await addClips(studio.media, 3, 4)) await studio.operator.job(path, 'generate_thumbnails');
      agent = launch(work);
      // A third of them while it still starts.
      if (moment % 3 !== 0) await agent.said(/Connected/);
      else await agent.said(/Working for/);
      await delay(random() * 700);
      agent.signal('SIGTERM');
      const { code } = await agent.ended;
      expect({ moment, code }).toEqual({ moment, code: 0 });
      // A child of a proof that was broken off dies with the agent.
      await eventually(() => childrenOf(work).length === 0);
      const left = lookInto(work);
      expect(left).toMatchObject({ runs: [], integrity: 'ok' });
      // A proof that was broken off may leave its folder to the next start; a job may not.
      expect(left.runFolders.filter((name) => !/^(proof-|accelerators)/.test(name))).toEqual([]);
      expect((await studio.operator.jobs()).filter(({ status }) => status === 'claimed')).toEqual([]);
    }
    const ledger = await studio.server.ledger();
    const { submitted, doubles } = tally(ledger);
    const given = ledger.filter(({ event }) => event === 'jobGivenBack').length;
    console.info(`  ${MOMENTS} × SIGTERM: ${submitted.size} submitted, ${given} given back, ${doubles.length} twice`);
    expect(submitted.size).toBeGreaterThan(0);
    expect(doubles).toEqual([]);
    expect(ledger.filter(({ event }) => event === 'leaseExpired')).toEqual([]);
  });

  for (const offline of [false, true]) {
    it(`a second one ends it${offline ? ', also offline' : ''}`, async () => {
      const work = studio.workFolder(`hurried-${offline ? 'offline' : 'online'}`);
      // More than one, one at a time: the tool of the first has often ended when it is found.
      for (const path of await addClips(studio.media, CHANCES, 4)) {
        await studio.operator.job(path, 'generate_thumbnails');
      }
      // The tool of the job stands still, so that no grace is long enough.
      agent = launch(work, '--parallel', '1');
      const { pid } = agent;
      let jobId = '';
      await eventually(
        () => {
          const run = lookInto(work).runs.find(({ phase }) => phase === 'executing');
          if (run === undefined) return false;
          ({ jobId } = run);
          // The job's own, not one of a proof that runs beside it.
          const children = processesWith([`RUSHCATALOG_RUN_ID=${run.runId}`], [pid]);
          return children.map(standStill).includes(true);
        },
        () => `No tool of a job could be stopped: ${JSON.stringify(lookInto(work))}`,
      );
      if (offline) proxy.set({ halfOpen: true });
      agent.signal('SIGTERM');
      await delay(300);
      agent.signal('SIGTERM');
      const { code } = await agent.ended;
      proxy.set({});
      proxy.cut();
      expect(code).toBe(0);
      // What is killed last may still be on its way out when the agent is gone.
      await eventually(() => childrenOf(work).length === 0);
      const given = (await studio.server.ledger({ event: 'jobGivenBack', jobId })).length;
      // What could not be said is owed: the journal keeps the report. A busy machine may not get to say it in a hurry.
      const owed = lookInto(work).runs.map(({ phase }) => phase);
      expect({ given, owed }).toEqual(
        given === 1 && !offline ? { given, owed: [] } : { given: 0, owed: ['reporting'] },
      );
    });
  }

  it('while draining heartbeats go on, and what finishes within the grace is submitted', async () => {
    sourceFile(join(studio.media, 'slow.mov'));
    age(join(studio.media, 'slow.mov'));
    let stopped = Infinity;
    let isBegun = false;
    const beats = (): number =>
      proxy.requests.slice(stopped).filter(({ line }) => line.endsWith(`${jobId}/heartbeat`)).length;
    const draining = createCoreAgent({
      serverUrl: proxy.url,
      token: studio.server.agentToken,
      workFolder: join(studio.folder, 'draining'),
      roots: [{ name: 'MEDIA', path: studio.media }],
      behaviours: {
        // At work until two were heard, however long the machine takes for them.
        slow: async (context) => {
          isBegun = true;
          await eventually(() => beats() >= 2);
          return filed(context, 64);
        },
      },
    });
    const jobId = await studio.operator.job('MEDIA/slow.mov', 'generate_thumbnails', { thumbnail_profile: 'slow' });
    await draining.start();
    await until(draining, ({ running }) => running.some((job) => job.jobId === jobId));
    // One that was not begun yet is given back instead.
    await eventually(() => isBegun);
    stopped = proxy.requests.length;
    await draining.stop(240_000);
    expect((await studio.server.ledger({ jobId })).map(({ event }) => event)).toContain('jobSubmitted');
    expect(beats()).toBeGreaterThanOrEqual(2);
  });
});

/** False when the process had ended before it could be stopped. */
function standStill(pid: number): boolean {
  try {
    process.kill(pid, 'SIGSTOP');
    return true;
  } catch {
    return false;
  }
}
