import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Agent } from '../../electron/agent/agent.ts';
import { failure, JobFailure } from '../../shared/failure.ts';
import { childProgram } from '../support/children/child-program.ts';
import { wholeOf } from '../support/children/collected-run.ts';
import { createCoreAgent, filed, sourceFile, until } from '../support/core-agent.ts';
import { startFaultProxy, type FaultProxy } from '../support/fault-proxy.ts';
import { NO_FFMPEG } from '../support/made-media.ts';
import { age, openStudio, type Studio } from '../support/studio.ts';
import { namesIn } from '../support/work-folder.ts';

describe.skipIf(NO_FFMPEG !== null)('one job, from its lease to its report', () => {
  let studio: Studio;
  let proxy: FaultProxy;
  let agent: Agent;
  let made = 0;
  beforeAll(async () => {
    studio = await openStudio({ maxAttempts: 3 });
    proxy = await startFaultProxy(studio.server.port);
    for (const name of ['a.mov', 'b.mov', 'c.mov']) {
      sourceFile(join(studio.media, name));
      age(join(studio.media, name));
    }
    agent = createCoreAgent({
      serverUrl: proxy.url,
      token: studio.server.agentToken,
      workFolder: join(studio.folder, 'work'),
      roots: [{ name: 'MEDIA', path: studio.media }],
      deps: { random: () => 0.05 },
      behaviours: {
        counted: (context) => {
          made += 1;
          return filed(context, 300_000);
        },
        rewritten: async (context) => {
          writeFileSync(join(studio.media, 'c.mov'), 'somebody saved over it');
          return filed(context, 10);
        },
        unknown: () => Promise.reject(new JobFailure(failure('UNKNOWN_PROFILE', 'No profile “unknown”.'))),
        bug: () => Promise.reject(new TypeError('undefined is not a function')),
        crashing: async (context) => {
          const result = await context.processes.run({
            ...childProgram('sleeper'),
            stdout: {
              kind: 'lines',
              onLine: () => process.kill(wholeOf(context.processes).groups()[0] ?? 0, 'SIGSEGV'),
            },
          });
          const signal = result.end.kind === 'signalled' ? result.end.signal : 'none';
          throw new JobFailure(failure('RENDER_FAILED', 'The tool crashed.', { signal }));
        },
        endless: () => new Promise(() => undefined),
      },
    });
    await agent.start();
  });
  afterAll(async () => {
    await agent.stop(0);
    await proxy.close();
    await studio.close();
  });
  const job = async (profile: string, path = 'MEDIA/a.mov'): Promise<string> => {
    const jobId = await studio.operator.job(path, 'generate_thumbnails', { thumbnail_profile: profile });
    agent.wake();
    return jobId;
  };
  const events = async (jobId: string): Promise<string[]> =>
    (await studio.server.ledger({ jobId })).map(({ event }) => event);
  const ended = (jobId: string): Promise<void> =>
    until(agent, ({ done, failures }) => [...done, ...failures].some((entry) => entry.jobId === jobId));
  /** Not tried again; on a slow machine it may have had all its attempts before it is cancelled. */
  const over = (jobId: string): Promise<void> => studio.operator.cancel(jobId).catch(() => undefined);
  const told = async (jobId: string): Promise<unknown> =>
    (await studio.server.ledger({ jobId, event: 'jobFailed' })).map(({ detail }) => [
      detail['error_code'],
      detail['retryable'],
    ]);

  it('delivers kept work under a new token without making it again', { tags: ['slow'] }, async () => {
    proxy.rule({ line: /\/upload\/init$/, times: 1, kind: 'mute' });
    made = 0;
    const jobId = await job('counted');
    await until(agent, ({ running }) => running.some((entry) => entry.jobId === jobId && entry.delivering));
    // The cable is pulled until the lease is over; the server offers the job again.
    proxy.set({ halfOpen: true });
    proxy.cut();
    while (!(await events(jobId)).includes('leaseExpired')) await delay(100);
    // A proof may still be at work on a busy machine.
    const kept = namesIn(join(studio.folder, 'work', 'runs')).filter((name) => !/^(proof-|accelerators)/.test(name));
    expect(kept).toHaveLength(1);
    proxy.set({});
    proxy.cut();
    await until(agent, ({ done }) => done.some((entry) => entry.jobId === jobId));
    const all = await events(jobId);
    console.info(
      `  lease lost after the work: made ${made} time, claimed ${all.filter((event) => event === 'jobClaimed').length} times, submitted once`,
    );
    expect(made).toBe(1);
    expect(all.filter((event) => event === 'jobClaimed')).toHaveLength(2);
    expect(all.filter((event) => event === 'jobSubmitted')).toHaveLength(1);
    expect(namesIn(join(studio.folder, 'work', 'runs'))).toEqual([]);
  });

  it('discards a result whose source changed meanwhile', async () => {
    const jobId = await job('rewritten', 'MEDIA/c.mov');
    await ended(jobId);
    expect(await told(jobId)).toContainEqual(['SOURCE_CHANGED', true]);
    await over(jobId);
  });

  it.each([
    ['unknown', ['UNKNOWN_PROFILE', false]],
    ['bug', ['INTERNAL', true]],
  ])('%s profile: %j', async (profile, expected) => {
    const jobId = await job(profile);
    await ended(jobId);
    expect((await told(jobId)) as unknown[]).toContainEqual(expected);
    await over(jobId);
  });

  it('names the missing field of an invalid job, and still takes the others', async () => {
    const { uuid } = await studio.operator.call<{ uuid: string }>('/assets', { source_path: 'MEDIA/a.mov' });
    const inputs = { asset_uuid: uuid, source_path: 'MEDIA/a.mov' };
    const document = {
      asset_uuid: uuid,
      required_capabilities: ['media.thumbnails@1'],
      inputs,
      expected_outputs: ['thumbnails'],
    };
    const { job_id } = await studio.server.insertRawJob({ jobType: 'generate_thumbnails', document });
    const good = await job('quick');
    await ended(good);
    await ended(job_id);
    expect(await told(job_id)).toEqual([['INVALID_JOB', false]]);
    const invalid = agent.snapshot().failures.find(({ jobId }) => jobId === job_id);
    expect(invalid?.ending).toMatchObject({ failure: { detail: { subject: 'invariants' } } });
  });

  it('leaves a type it does not know to others', async () => {
    const { uuid } = await studio.operator.call<{ uuid: string }>('/assets', { source_path: 'MEDIA/a.mov' });
    const document = {
      asset_uuid: uuid,
      required_capabilities: ['media.thumbnails@1'],
      inputs: { asset_uuid: uuid, source_path: 'MEDIA/a.mov' },
      expected_outputs: [],
      invariants: [],
    };
    const { job_id } = await studio.server.insertRawJob({ jobType: 'generate_holograms', document });
    agent.wake();
    await until(agent, ({ waiting }) =>
      waiting.some(({ jobId, reason }) => jobId === job_id && reason.kind === 'unsupported-type'),
    );
    expect(await events(job_id)).not.toContain('jobClaimed');
  });

  it('does not wait for ever for an executor that does not end, and holds a cancelled job off', async () => {
    const jobId = await job('endless');
    await until(agent, ({ running }) => running.some((entry) => entry.jobId === jobId));
    await agent.execute('cancelJob', { jobId });
    await ended(jobId);
    await studio.operator.call(`/jobs/${jobId}/retry`, {});
    agent.wake();
    await until(agent, ({ waiting }) =>
      waiting.some((entry) => entry.jobId === jobId && entry.reason.kind === 'held-off'),
    );
    const [reason] = agent
      .snapshot()
      .waiting.filter((entry) => entry.jobId === jobId)
      .map((entry) => entry.reason);
    const endedAt = agent.snapshot().failures.find((entry) => entry.jobId === jobId)?.endedAt ?? '';
    const minutes = reason?.kind === 'held-off' ? (Date.parse(reason.until) - Date.parse(endedAt)) / 60_000 : 0;
    expect(minutes).toBeCloseTo(10, 0);
    await studio.operator.cancel(jobId);
  });

  // Last: it makes the agent withdraw its capability.
  it('sets a job aside that crashed its tool three times, and withdraws the capability', async () => {
    let withdrawn = false;
    const end = agent.subscribe((event) => {
      if (event.type === 'capabilityChanged') withdrawn ||= event.capability.withdrawn !== undefined;
    });
    const jobId = await job('crashing');
    while ((await events(jobId)).filter((event) => event === 'jobFailed').length < 3) {
      agent.wake();
      await delay(200);
    }
    expect(await told(jobId)).toEqual(Array.from({ length: 3 }, () => ['RENDER_FAILED', true]));
    await until(agent, () => withdrawn);
    end();
    // Its proof is run again at once, and passes here: then other jobs go on, and this one waits for somebody else.
    await until(agent, ({ capabilities }) => capabilities.some(({ declared }) => declared));
    await studio.operator.call(`/jobs/${jobId}/retry`, {});
    const other = await job('quick', 'MEDIA/b.mov');
    await until(agent, ({ done }) => done.some((entry) => entry.jobId === other));
    await until(agent, ({ waiting }) =>
      waiting.some((entry) => entry.jobId === jobId && entry.reason.kind === 'set-aside'),
    );
    expect((await events(jobId)).filter((event) => event === 'jobClaimed')).toHaveLength(3);
  });
});
