import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Agent } from '../../electron/agent/agent.ts';
import { gone, isAlive } from '../support/children/alive.ts';
import { childProgram } from '../support/children/child-program.ts';
import { wholeOf } from '../support/children/collected-run.ts';
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
  /** Jobs that have a process; one of a family says so more than once. */
  let begun = new Set<string>();
  /** Jobs of which the agent said how they ended. */
  let left = new Set<string>();
  const launch = async (name: string): Promise<void> => {
    agent = createCoreAgent({
      serverUrl: proxy.url,
      token: studio.server.agentToken,
      workFolder: join(studio.folder, name),
      roots: [{ name: 'MEDIA', path: studio.media }],
      // In a sandbox a child knows itself by another number than we do.
      settings: { maxParallelJobs: 8, sandbox: 'off' },
      behaviours: behaviours(
        (jobId, found) => {
          begun.add(jobId);
          pids.push(...found);
        },
        join(studio.folder, 'pipe.mp4'),
      ),
    });
    agent.subscribe((event) => {
      if (event.type !== 'jobEnded') return;
      left.add(event.job.jobId);
    });
    await agent.start();
  };
  /** Starts one job of each kind; answers when all their processes live. */
  const startAll = async (): Promise<string[]> => {
    pids = [];
    begun = new Set();
    left = new Set();
    const jobs: string[] = [];
    for (const profile of STUBBORN) {
      jobs.push(await studio.operator.job('MEDIA/a.mov', 'generate_thumbnails', { thumbnail_profile: profile }));
    }
    agent.wake();
    await until(agent, () => jobs.every((jobId) => begun.has(jobId)) && pids.length >= 6 && pids.every(isAlive));
    return jobs;
  };
  /** Each of these jobs ended, and nothing of it lives any more. */
  const endedAlone = async (jobs: readonly string[]): Promise<void> => {
    await until(agent, () => jobs.every((jobId) => left.has(jobId)));
    // What ignores TERM may outlive the report by a moment; nobody stays.
    await gone(pids);
  };
  beforeAll(async () => {
    studio = await openStudio({ leaseSeconds: 30 });
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

  it('cancel on the page: gone, also what ignores it, and the server knows', async () => {
    await launch('one');
    const jobs = await startAll();
    for (const jobId of jobs) await agent.execute('cancelJob', { jobId });
    await gone(pids);
    await until(agent, ({ running }) => running.length === 0);
    expect(agent.snapshot().failures.map(({ ending }) => ending.kind)).toEqual(jobs.map(() => 'cancelled'));
    expect((await studio.operator.jobs()).map(({ status }) => status)).toEqual(jobs.map(() => 'failed'));
  });

  it('cancel on the server: heard by the next heartbeat', async () => {
    const jobs = await startAll();
    for (const jobId of jobs) await studio.operator.cancel(jobId);
    await gone(pids);
    await until(agent, ({ running }) => running.length === 0);
    const ledger = await studio.server.ledger({ event: 'jobCancelled' });
    expect(ledger.filter(({ jobId }) => jobs.includes(jobId ?? ''))).toHaveLength(jobs.length);
  });

  it('lost lease: killed at the refusal, and not a word more about the job', async () => {
    const jobs = await startAll();
    const beats = new RegExp(`(${jobs.join('|')})/heartbeat$`);
    proxy.rule({ line: beats, times: 100, kind: 'answer', head: '423 Locked' });
    const since = proxy.requests.length;
    await endedAlone(jobs);
    // The refusal ended them, not the lapse: until then each would have asked again, and more than once.
    const asked = proxy.requests.slice(since).map(({ line }) => jobs.find((jobId) => line.includes(`${jobId}/heart`)));
    expect(asked.filter((jobId) => jobId !== undefined).toSorted()).toEqual(jobs.toSorted());
    expect(pids.filter(isAlive).map(describeProcess)).toEqual([]);
    await until(agent, ({ running }) => !running.some(({ jobId }) => jobs.includes(jobId)));
    const about = proxy.requests.filter(({ line }) => jobs.some((jobId) => line.includes(jobId)));
    expect(about.filter(({ line }) => /submit|fail|upload/.test(line))).toEqual([]);
    for (const jobId of jobs) await studio.operator.cancel(jobId);
  });

  it('offline: killed when the deadline passes, whether or not the server is back', async () => {
    const jobs = await startAll();
    proxy.set({ halfOpen: true });
    await endedAlone(jobs);
    proxy.set({});
    await until(agent, ({ running }) => running.length === 0);
    for (const { job_id, status } of await studio.operator.jobs()) {
      if (status !== 'failed') await studio.operator.cancel(job_id);
    }
  });

  it('stop: given back after the grace, gone with the agent', async () => {
    await agent.stop(0);
    await launch('two');
    const jobs = await startAll();
    await agent.stop(1_000);
    await gone(pids);
    // A busy machine may not get every last word out in its second: then the lease lapses, and the job comes back, too.
    const about = async (event: 'jobGivenBack' | 'leaseExpired'): Promise<string[]> =>
      (await studio.server.ledger({ event })).flatMap(({ jobId }) => (jobs.includes(jobId ?? '') ? [jobId ?? ''] : []));
    await expect
      .poll(async () => [...(await about('jobGivenBack')), ...(await about('leaseExpired'))].toSorted(), {
        timeout: 240_000,
      })
      .toEqual(jobs.toSorted());
    const given = await about('jobGivenBack');
    expect(given.length).toBeGreaterThan(0);
    const after = (await studio.operator.jobs()).filter(({ job_id }) => jobs.includes(job_id));
    expect(after.map(({ job_id, status, attempts }) => [job_id, status, attempts]).toSorted()).toEqual(
      jobs.map((jobId) => [jobId, 'pending', given.includes(jobId) ? 0 : 1]).toSorted(),
    );
  });
});

function behaviours(
  found: (jobId: string, pids: readonly number[]) => void,
  pipe: string,
): Readonly<Record<string, Behaviour>> {
  const running = (
    name: Parameters<typeof childProgram>[0],
    more: (pid: number) => void = () => undefined,
  ): Behaviour => {
    return async (context) => {
      wholeOf(context.processes).onGroupsChanged((groups) => found(context.job.jobId, groups));
      await context.processes.run({
        ...childProgram(name),
        stdout: {
          kind: 'lines',
          onLine: (line) => {
            if (line.startsWith('[')) found(context.job.jobId, JSON.parse(line) as number[]);
            else more(wholeOf(context.processes).groups()[0] ?? 0);
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
      wholeOf(context.processes).onGroupsChanged((groups) => found(context.job.jobId, groups));
      const program = execFileSync('which', [FFMPEG], { encoding: 'utf8' }).trim();
      await context.processes.run({ program, args: ['-nostdin', '-i', pipe, '-f', 'null', '-'] });
      return filed(context, 10);
    },
  };
}
