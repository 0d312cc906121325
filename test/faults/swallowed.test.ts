import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { join } from 'node:path';
import type { Agent } from '../../electron/agent/agent.ts';
import { failure, JobFailure } from '../../shared/failure.ts';
import { createCoreAgent, filed, sourceFile, until } from '../support/core-agent.ts';
import { startFaultProxy, type FaultProxy } from '../support/fault-proxy.ts';
import { NO_FFMPEG } from '../support/made-media.ts';
import { age, openStudio, type Studio } from '../support/studio.ts';

/** Which request is swallowed, and the job that makes the agent send it. */
const ENDPOINTS = [
  { name: 'jobs', line: /^GET \S+\/jobs$/, profile: 'quick', effect: 'jobClaimed', times: 1 },
  { name: 'claim', line: /\/claim$/, profile: 'quick', effect: 'jobClaimed', times: 1 },
  { name: 'heartbeat', line: /\/heartbeat$/, profile: 'slow', effect: 'jobSubmitted', times: 1 },
  { name: 'upload/init', line: /\/upload\/init$/, profile: 'quick', effect: 'uploadBegun', times: 1 },
  { name: 'upload/part', line: /\/upload\/part$/, profile: 'file:200000', effect: 'partStored', times: 4 },
  { name: 'upload/complete', line: /\/upload\/complete$/, profile: 'quick', effect: 'uploadCompleted', times: 1 },
  { name: 'submit', line: /\/submit$/, profile: 'quick', effect: 'jobSubmitted', times: 1 },
  { name: 'fail', line: /\/fail$/, profile: 'broken', effect: 'jobFailed', times: 1 },
] as const;

describe.skipIf(NO_FFMPEG !== null)('the server does it, and its reply never comes', () => {
  let studio: Studio;
  let proxy: FaultProxy;
  let agent: Agent;
  beforeAll(async () => {
    studio = await openStudio({ maxPartSizeBytes: 50_000 });
    proxy = await startFaultProxy(studio.server.port);
    sourceFile(join(studio.media, 'a.mov'));
    age(join(studio.media, 'a.mov'));
    agent = createCoreAgent({
      serverUrl: proxy.url,
      token: studio.server.agentToken,
      workFolder: join(studio.folder, 'work'),
      roots: [{ name: 'MEDIA', path: studio.media }],
      // The longest wait of the full jitter would only make the test longer.
      deps: { random: () => 0.05 },
      behaviours: {
        slow: async (context) => {
          await new Promise((resolve) => setTimeout(resolve, 3_000));
          return filed(context, 64);
        },
        broken: () => Promise.reject(new JobFailure(failure('UNSUPPORTED_MEDIA', 'This is not a film.'))),
      },
    });
    proxy.rule({ line: /\/register$/, times: 2, kind: 'swallow' });
    await agent.start();
  });
  afterAll(async () => {
    await agent.stop(0);
    await proxy.close();
    await studio.close();
  });

  it('register, twice: one agent is known', async () => {
    await until(agent, ({ agent: { agentId } }) => agentId !== undefined);
    expect(proxy.applied()).toBe(2);
    const { items } = await studio.operator.call<{ items: unknown[] }>('/agents');
    expect(items).toHaveLength(1);
  });

  for (const { name, line, profile, effect, times } of ENDPOINTS) {
    for (const swallows of [1, 2]) {
      it(`${name}, ${swallows}×: the effect is there exactly once`, { timeout: 30_000 }, async () => {
        const before = proxy.applied();
        proxy.rule({ line, times: swallows, kind: 'swallow' });
        const jobId = await studio.operator.job('MEDIA/a.mov', 'generate_thumbnails', { thumbnail_profile: profile });
        const begun = performance.now();
        agent.wake();
        await until(agent, ({ done, failures }) => [...done, ...failures].some((job) => job.jobId === jobId), 25_000);
        const events = (await studio.server.ledger({ jobId })).map(({ event }) => event);
        const kind = [...agent.snapshot().done, ...agent.snapshot().failures].find((job) => job.jobId === jobId);
        console.info(
          `  ${name} swallowed ${swallows}×: ${effect} ${events.filter((event) => event === effect).length}, ${(performance.now() - begun).toFixed(0)} ms`,
        );
        expect(proxy.applied() - before).toBe(swallows);
        expect(events.filter((event) => event === effect)).toHaveLength(times);
        expect(events.filter((event) => event === 'jobClaimed')).toHaveLength(1);
        expect(events.filter((event) => event === 'jobSubmitted')).toHaveLength(profile === 'broken' ? 0 : 1);
        expect(kind?.ending.kind).toBe(profile === 'broken' ? 'failed' : 'done');
      });
    }
  }
});
