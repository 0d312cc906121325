import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Agent } from '../../electron/agent/agent.ts';
import { createCoreAgent, sourceFile, until } from '../support/core-agent.ts';
import { startFaultProxy, type FaultProxy, type Rule } from '../support/fault-proxy.ts';
import { NO_FFMPEG } from '../support/made-media.ts';
import { age, openStudio, type Studio } from '../support/studio.ts';
import { namesIn } from '../support/work-folder.ts';
import { first } from '../support/first.ts';

const REFUSED = 'HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n';

/** Its result is made, and does not get to the server. */
describe.skipIf(NO_FFMPEG !== null)('an operator’s cancel while the result is on its way', () => {
  let studio: Studio;
  let proxy: FaultProxy;
  let agent: Agent;
  beforeAll(async () => {
    // Heartbeats hear of the cancel, and a lease outlasts what a busy machine does between two of them.
    studio = await openStudio({ leaseSeconds: 15 });
    proxy = await startFaultProxy(studio.server.port);
    sourceFile(join(studio.media, 'a.mov'));
    age(join(studio.media, 'a.mov'));
    agent = createCoreAgent({
      serverUrl: proxy.url,
      token: studio.server.agentToken,
      workFolder: join(studio.folder, 'work'),
      roots: [{ name: 'MEDIA', path: studio.media }],
      deps: { random: () => 0.05 },
    });
    await agent.start();
  });
  afterAll(async () => {
    await agent.stop(0);
    await proxy.close();
    await studio.close();
  });

  const events = async (jobId: string): Promise<string[]> =>
    (await studio.server.ledger({ jobId })).map(({ event }) => event);
  const ending = (jobId: string): string | undefined => {
    const { done, failures } = agent.snapshot();
    return [...done, ...failures].find((entry) => entry.jobId === jobId)?.ending.kind;
  };
  /** A job whose calls go wrong by this rule, at the moment when the first of them did. */
  const stuckAt = async (rule: Pick<Rule, 'line' | 'kind' | 'head'>): Promise<string> => {
    const before = proxy.applied();
    proxy.rule({ times: 1_000_000, ...rule });
    const jobId = await studio.operator.job('MEDIA/a.mov', 'generate_thumbnails', { thumbnail_profile: 'file:300000' });
    agent.wake();
    await until(agent, () => proxy.applied() > before);
    return jobId;
  };

  first(2).each([
    ['upload/init', 'answer'],
    ['upload/part', 'mute'],
    ['upload/part', 'answer'],
    ['upload/complete', 'swallow'],
    ['upload/complete', 'answer'],
  ] as const)('ends the job where %s never succeeds (%s)', async (call, kind) => {
    const line = new RegExp(`/${call}$`);
    const jobId = await stuckAt({ line, kind, ...(kind === 'answer' ? { head: REFUSED } : {}) });
    await studio.operator.cancel(jobId);
    await until(agent, () => ending(jobId) !== undefined);
    proxy.clearRules();
    expect(ending(jobId)).toBe('cancelled');
    const all = await events(jobId);
    expect(all.filter((event) => ['jobCancelled', 'jobSubmitted', 'leaseExpired'].includes(event))).toEqual([
      'jobCancelled',
    ]);
    const ofJobs = (name: string) => !name.startsWith('proof-') && name !== 'accelerators';
    expect(namesIn(join(studio.folder, 'work', 'runs')).filter(ofJobs)).toEqual([]);
  });

  it('leaves a result that may have arrived as it is: submitted once, and never failed after that', async () => {
    const jobId = await stuckAt({ line: /\/submit$/, kind: 'swallow' });
    await studio.operator.cancel(jobId).catch(() => undefined);
    proxy.clearRules();
    await until(agent, () => ending(jobId) !== undefined);
    expect(ending(jobId)).toBe('done');
    expect((await events(jobId)).filter((event) => /jobSubmitted|jobCancelled|jobFailed/.test(event))).toEqual([
      'jobSubmitted',
    ]);
  });
});
