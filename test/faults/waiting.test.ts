import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Agent } from '../../electron/agent/agent.ts';
import { createCoreAgent, sourceFile, until } from '../support/core-agent.ts';
import { NO_FFMPEG } from '../support/made-media.ts';
import { age, openStudio, type Studio } from '../support/studio.ts';

describe.skipIf(NO_FFMPEG !== null)('what is not claimed', () => {
  let studio: Studio;
  const agents: Agent[] = [];
  const launch = async (name: string, roots: Parameters<typeof createCoreAgent>[0]['roots']): Promise<Agent> => {
    const agent = createCoreAgent({
      serverUrl: studio.server.url,
      token: studio.server.agentToken,
      workFolder: join(studio.folder, name),
      roots,
    });
    agents.push(agent);
    await agent.start();
    return agent;
  };
  beforeEach(async () => {
    studio = await openStudio();
    sourceFile(join(studio.media, 'a.mov'));
    age(join(studio.media, 'a.mov'));
  });
  afterEach(async () => {
    await Promise.all(agents.splice(0).map((agent) => agent.stop(0)));
    await studio.close();
  });

  it('a share that is not mounted: 50 jobs wait untouched, and are done by the next agent', async () => {
    const mountPoint = join(studio.folder, 'unmounted');
    mkdirSync(mountPoint);
    for (let n = 0; n < 50; n += 1) await studio.operator.job('MEDIA/a.mov', 'generate_thumbnails');
    const blind = await launch('blind', [{ name: 'MEDIA', path: mountPoint }]);
    await until(blind, ({ waiting, roots }) => waiting.length === 50 && roots.length === 1);
    blind.wake();
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    const { waiting, roots } = blind.snapshot();
    expect(new Set(waiting.map(({ reason }) => reason.kind))).toEqual(new Set(['root-unavailable']));
    expect(roots[0]).toMatchObject({ readable: false, problem: { code: 'ROOT_NOT_READABLE' } });
    expect(await studio.server.ledger({ event: 'jobClaimed' })).toEqual([]);
    const seeing = await launch('seeing', [{ name: 'MEDIA', path: studio.media }]);
    await until(seeing, ({ totals }) => totals.done === 50);
    const claims = await studio.server.ledger({ event: 'jobClaimed' });
    expect(claims).toHaveLength(50);
    expect(new Set(claims.map(({ agentId }) => agentId))).toEqual(new Set([seeing.snapshot().agent.agentId]));
  });

  it('a capability that is switched off: withdrawn, its jobs stay pending', { tags: ['slow'] }, async () => {
    const agent = await launch('switching', [{ name: 'MEDIA', path: studio.media }]);
    const declared = async (): Promise<readonly string[]> => {
      const { items } = await studio.operator.call<{ items: { capabilities: string[] }[] }>('/agents');
      return items[0]?.capabilities ?? [];
    };
    while (!(await declared()).includes('media.thumbnails@1')) await new Promise((resolve) => setTimeout(resolve, 20));
    await agent.execute('setCapability', { capability: 'media.thumbnails@1', enabled: false });
    while ((await declared()).length > 0) await new Promise((resolve) => setTimeout(resolve, 5));
    const jobId = await studio.operator.job('MEDIA/a.mov', 'generate_thumbnails');
    agent.wake();
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    expect((await studio.operator.jobs()).map(({ job_id, status }) => [job_id, status])).toEqual([[jobId, 'pending']]);
    await agent.execute('setCapability', { capability: 'media.thumbnails@1', enabled: true });
    await until(agent, ({ done }) => done.some((job) => job.jobId === jobId));
  });
});
