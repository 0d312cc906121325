import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Agent } from '../../electron/agent/agent.ts';
import { quietByServer } from '../../electron/agent/yield/quiet-by-server.ts';
import { createCoreAgent, sourceFile, until } from '../support/core-agent.ts';
import { NO_FFMPEG } from '../support/made-media.ts';
import { age, openStudio, type Studio } from '../support/studio.ts';

describe.skipIf(NO_FFMPEG !== null)('what a server’s operators say for an agent', () => {
  let studio: Studio;
  let agent: Agent;
  beforeAll(async () => {
    studio = await openStudio();
    sourceFile(join(studio.media, 'small.mov'));
    writeFileSync(join(studio.media, 'large.mov'), 'x'.repeat(1_000));
    for (const name of ['small.mov', 'large.mov']) age(join(studio.media, name));
    agent = createCoreAgent({
      serverUrl: studio.server.url,
      token: studio.server.agentToken,
      workFolder: join(studio.folder, 'work'),
      roots: [
        { name: 'MEDIA', path: studio.media },
        { name: 'OTHER', path: studio.media },
      ],
    });
    await agent.start();
  });
  afterAll(async () => {
    await agent.stop(0);
    await studio.close();
  });

  it('reaches it with its next look, is kept by both, and ends in the same way', async () => {
    await until(
      agent,
      ({ server, capabilities }) => server.link === 'connected' && capabilities.some((c) => c.declared),
    );
    await until(agent, ({ agent: { agentId }, server }) => agentId !== undefined && server.policy !== undefined);
    const policy = `/agents/${agent.snapshot().agent.agentId}/policy`;
    await studio.operator.call(policy, { roots: ['MEDIA'], max_source_bytes: 500, max_parallel_jobs: 1 });
    const small = await studio.operator.job('MEDIA/small.mov', 'generate_thumbnails');
    const large = await studio.operator.job('MEDIA/large.mov', 'generate_thumbnails');
    const other = await studio.operator.job('OTHER/small.mov', 'generate_thumbnails');
    agent.wake();
    await until(agent, ({ done, waiting }) => done.length === 1 && waiting[0]?.reason.kind === 'rule-size');
    const { done, waiting, server } = agent.snapshot();
    expect(done.map(({ jobId }) => jobId)).toEqual([small]);
    expect(server.policy).toMatchObject({ allowedRoots: ['MEDIA'], maxSourceBytes: 500, maxParallelJobs: 1 });
    expect(waiting).toMatchObject([{ jobId: large, reason: { kind: 'rule-size', sizeBytes: 1_000, mostBytes: 500 } }]);
    await studio.operator.call(policy, {});
    agent.wake();
    await until(agent, (snapshot) => snapshot.done.length === 3);
    expect(new Set(agent.snapshot().done.map(({ jobId }) => jobId))).toEqual(new Set([small, large, other]));
  });
});

describe('the hours that a server wants', () => {
  const night = { start: '18:00', end: '08:00', timezone: 'Europe/Paris' };
  const noon = Date.parse('2026-03-01T11:00:00Z');
  const HOUR_MS = 3_600_000;
  it('are the opposite of its quiet hours, and where both are said it works in neither', () => {
    expect(quietByServer(undefined, noon)).toBeNull();
    expect(quietByServer({ quietHours: undefined, workHours: night }, noon)).toBe(6 * HOUR_MS);
    expect(quietByServer({ quietHours: undefined, workHours: night }, noon + 7 * HOUR_MS)).toBeNull();
    const quiet = { start: '11:00', end: '20:00', timezone: 'Europe/Paris' };
    expect(quietByServer({ quietHours: quiet, workHours: night }, noon)).toBe(8 * HOUR_MS);
    expect(quietByServer({ quietHours: quiet, workHours: undefined }, noon - 2 * HOUR_MS)).toBeNull();
  });
});
