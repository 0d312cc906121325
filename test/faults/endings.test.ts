import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Agent } from '../../electron/agent/agent.ts';
import { goneAfter, isAlive } from '../support/children/alive.ts';
import { childProgram } from '../support/children/child-program.ts';
import { describeProcess } from '../support/command.ts';
import { createCoreAgent, filed, sourceFile, until, type Behaviour } from '../support/core-agent.ts';
import { startFaultProxy, type FaultProxy } from '../support/fault-proxy.ts';
import { FFMPEG, NO_FFMPEG } from '../support/made-media.ts';
import { age, openStudio, type Studio } from '../support/studio.ts';

/** Jobs that do not want to end, each saying the ids of its processes when it runs. */
const STUBBORN = ['ignores', 'stopped', 'family', 'fifo'] as const;

describe.skipIf(NO_FFMPEG !== null)('cancel, lost lease and stop, through the agent', () => {
  let studio: Studio;
  let proxy: FaultProxy;
  let agent: Agent;
  let pids: number[] = [];
  const launch = async (name: string): Promise<void> => {
    agent = createCoreAgent({
      serverUrl: proxy.url,
      token: studio.server.agentToken,
      workFolder: join(studio.folder, name),
      roots: [{ name: 'MEDIA', path: studio.media }],
      // In a sandbox a child knows itself by another number than we do.
      settings: { maxParallelJobs: 8, sandbox: 'off' },
      behaviours: behaviours((found) => pids.push(...found), join(studio.folder, 'pipe.mp4')),
    });
    await agent.start();
  };
  /** Starts one job of each kind; answers when all their processes live. */
  const startAll = async (): Promise<string[]> => {
    pids = [];
    const jobs: string[] = [];
    for (const profile of STUBBORN) {
      jobs.push(await studio.operator.job('MEDIA/a.mov', 'generate_thumbnails', { thumbnail_profile: profile }));
    }
    agent.wake();
    await until(agent, () => pids.length >= 6 && pids.every(isAlive));
    return jobs;
  };
  beforeAll(async () => {
    studio = await openStudio();
    proxy = await startFaultProxy(studio.server.port);
    sourceFile(join(studio.media, 'a.mov'));
    age(join(studio.media, 'a.mov'));
    execFileSync('mkfifo', [join(studio.folder, 'pipe.mp4')]);
    mkdirSync(join(studio.folder, 'one'));
  });
  afterAll(async () => {
    await agent.stop(0);
    await proxy.close();
    await studio.close();
  });

  it('cancel on the page: gone within 6 s, and the server knows', { timeout: 30_000 }, async () => {
    await launch('one');
    const jobs = await startAll();
    for (const jobId of jobs) await agent.execute('cancelJob', { jobId });
    const ms = await goneAfter(pids, 8_000);
    console.info(`  cancelled: ${pids.length} processes gone after ${ms?.toFixed(0)} ms`);
    expect(ms).not.toBeNull();
    expect(ms ?? 0).toBeLessThan(6_000);
    await until(agent, ({ running }) => running.length === 0);
    expect(agent.snapshot().failures.map(({ ending }) => ending.kind)).toEqual(jobs.map(() => 'cancelled'));
    expect((await studio.operator.jobs()).map(({ status }) => status)).toEqual(jobs.map(() => 'failed'));
  });

  it('cancel on the server: heard by the next heartbeat', { timeout: 30_000 }, async () => {
    const jobs = await startAll();
    for (const jobId of jobs) await studio.operator.cancel(jobId);
    // A third of what a 6 s lease grants, then at most 6 s.
    const ms = await goneAfter(pids, 10_000);
    console.info(`  cancelled by the server: gone after ${ms?.toFixed(0)} ms`);
    expect(ms ?? Number.POSITIVE_INFINITY).toBeLessThan(2_000 + 6_000);
    await until(agent, ({ running }) => running.length === 0);
    const ledger = await studio.server.ledger({ event: 'jobCancelled' });
    expect(ledger.filter(({ jobId }) => jobs.includes(jobId ?? ''))).toHaveLength(jobs.length);
  });

  it(
    'lost lease: killed within 2 s of the refusal, and not a word more about the job',
    { timeout: 30_000 },
    async () => {
      const jobs = await startAll();
      // However often each of them asks: one that gave up waiting asks again.
      const beats = new RegExp(`(${jobs.join('|')})/heartbeat$`);
      proxy.rule({ line: beats, times: 100, kind: 'answer', head: '423 Locked' });
      const since = proxy.requests.length;
      // Their leases lapse on the server too, and then they may begin again: meant are those that live now.
      const living = [...pids];
      await until(agent, () =>
        jobs.every((jobId) => proxy.requests.slice(since).some(({ line }) => line.endsWith(`${jobId}/heartbeat`))),
      );
      const ms = await goneAfter(living, 8_000);
      console.info(`  lease lost: gone after ${ms?.toFixed(0)} ms`);
      expect(living.filter(isAlive).map(describeProcess)).toEqual([]);
      expect(ms ?? Number.POSITIVE_INFINITY).toBeLessThan(2_000);
      await until(agent, ({ running }) => !running.some(({ jobId }) => jobs.includes(jobId)));
      const about = proxy.requests.filter(({ line }) => jobs.some((jobId) => line.includes(jobId)));
      expect(about.filter(({ line }) => /submit|fail|upload/.test(line))).toEqual([]);
      for (const jobId of jobs) await studio.operator.cancel(jobId);
    },
  );

  it('offline: killed when the deadline passes, not later', { timeout: 30_000 }, async () => {
    await startAll();
    const begun = performance.now();
    proxy.set({ halfOpen: true });
    const ms = await goneAfter(pids, 10_000);
    proxy.set({});
    console.info(`  offline with a 6 s lease: gone after ${(performance.now() - begun).toFixed(0)} ms`);
    // 0.9 × (6 s − 1 s) after the last answered heartbeat, then at most 2 s.
    expect(ms ?? Number.POSITIVE_INFINITY).toBeLessThan(4_500 + 2_000);
    await until(agent, ({ running }) => running.length === 0);
    for (const { job_id, status } of await studio.operator.jobs()) {
      if (status !== 'failed') await studio.operator.cancel(job_id);
    }
  });

  it('stop: given back after the grace, gone at once, agent ended', { timeout: 30_000 }, async () => {
    await agent.stop(0);
    await launch('two');
    const jobs = await startAll();
    const begun = performance.now();
    await agent.stop(1_000);
    const took = performance.now() - begun;
    const ms = await goneAfter(pids, 100);
    console.info(`  stopped with 1 s of grace: ended after ${took.toFixed(0)} ms`);
    expect(ms).not.toBeNull();
    expect(took).toBeLessThan(1_000 + 2_000);
    const given = await studio.server.ledger({ event: 'jobGivenBack' });
    expect(given.map(({ jobId }) => jobId).toSorted()).toEqual(jobs.toSorted());
    const after = (await studio.operator.jobs()).filter(({ job_id }) => jobs.includes(job_id));
    expect(after.map(({ status, attempts }) => [status, attempts])).toEqual(jobs.map(() => ['pending', 0]));
  });
});

function behaviours(found: (pids: readonly number[]) => void, pipe: string): Readonly<Record<string, Behaviour>> {
  const running = (
    name: Parameters<typeof childProgram>[0],
    more: (pid: number) => void = () => undefined,
  ): Behaviour => {
    return async (context) => {
      context.processes.onGroupsChanged((groups) => found(groups));
      await context.processes.run({
        ...childProgram(name),
        stdout: {
          kind: 'lines',
          onLine: (line) => {
            if (line.startsWith('[')) found(JSON.parse(line) as number[]);
            else more(context.processes.groups()[0] ?? 0);
          },
        },
      });
      return filed(context, 10);
    };
  };
  return {
    ignores: running('ignore-sigterm'),
    stopped: running('ignore-sigterm', (pid) => process.kill(pid, 'SIGSTOP')),
    family: running('grandchild'),
    fifo: async (context) => {
      context.processes.onGroupsChanged((groups) => found(groups));
      const program = execFileSync('which', [FFMPEG], { encoding: 'utf8' }).trim();
      await context.processes.run({ program, args: ['-nostdin', '-i', pipe, '-f', 'null', '-'] });
      return filed(context, 10);
    },
  };
}
