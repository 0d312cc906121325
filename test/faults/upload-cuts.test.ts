/** @module-tag slow */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Agent } from '../../electron/agent/agent.ts';
import { createCoreAgent, sourceFile, until } from '../support/core-agent.ts';
import { startFaultProxy, type FaultProxy } from '../support/fault-proxy.ts';
import { NO_FFMPEG } from '../support/made-media.ts';
import { age, openStudio, type Studio } from '../support/studio.ts';

const BYTES = 200 * 1024 * 1024;
const PART = 4 * 1024 * 1024;
const CUTS = 20;
/** Parts under way at the same time: a cut of the line can hit each of them. */
const IN_FLIGHT = 2;

describe.skipIf(NO_FFMPEG !== null)('an upload of 200 MB', () => {
  let studio: Studio;
  let proxy: FaultProxy;
  let agent: Agent;
  beforeAll(async () => {
    studio = await openStudio({ maxPartSizeBytes: PART });
    proxy = await startFaultProxy(studio.server.port);
    sourceFile(join(studio.media, 'a.mov'));
    age(join(studio.media, 'a.mov'));
    agent = createCoreAgent({
      serverUrl: proxy.url,
      token: studio.server.agentToken,
      workFolder: join(studio.folder, 'work'),
      roots: [{ name: 'MEDIA', path: studio.media }],
      deps: { random: () => 0.02 },
    });
    await agent.start();
  });
  afterAll(async () => {
    await agent.stop(0);
    await proxy.close();
    await studio.close();
  });

  it(`cut ${CUTS} times: the same file arrives, little is sent again, memory stays flat`, async () => {
    const jobId = await studio.operator.job('MEDIA/a.mov', 'generate_thumbnails', {
      thumbnail_profile: `file:${BYTES}`,
    });
    agent.wake();
    const partsSeen = (): number => proxy.requests.filter(({ line }) => line.endsWith('/upload/part')).length;
    await until(agent, () => partsSeen() > 0);
    const sentBefore = proxy.sentUp();
    let peak = 0;
    const watch = setInterval(() => {
      peak = Math.max(peak, process.memoryUsage().rss);
    }, 20);
    const restingRss = process.memoryUsage().rss;
    let cuts = 0;
    while (cuts < CUTS) {
      const at = proxy.sentUp();
      await until(agent, ({ done }) => done.length > 0 || proxy.sentUp() - at > 2 * PART);
      if (agent.snapshot().done.length > 0) break;
      proxy.cut();
      cuts += 1;
    }
    await until(agent, ({ done }) => done.some((job) => job.jobId === jobId));
    clearInterval(watch);
    const events = await studio.server.ledger({ jobId });
    const stored = events.filter(({ event }) => event === 'partStored');
    const parts = BYTES / PART;
    const again = partsSeen() - parts;
    const accepted = await fetchDerived(studio, jobId);
    console.info(
      `  200 MB cut ${cuts} times: ${partsSeen()} parts begun for ${parts}, ${((proxy.sentUp() - sentBefore) / 1e6).toFixed(0)} MB sent, ` +
        `memory +${((peak - restingRss) / 1e6).toFixed(0)} MB (server and proxy included)`,
    );
    expect(cuts).toBe(CUTS);
    expect(accepted).toBe(sha256OfBlocks(BYTES));
    expect(new Set(stored.map(({ detail }) => detail['part_number'])).size).toBe(parts);
    expect(stored).toHaveLength(parts);
    expect(again).toBeLessThanOrEqual(CUTS * IN_FLIGHT);
    expect(events.filter(({ event }) => event === 'uploadBegun')).toHaveLength(1);
    expect(peak - restingRss).toBeLessThan(150e6);
  });
});

/** What core-agent's `file` writes. */
function sha256OfBlocks(bytes: number): string {
  const hash = createHash('sha256');
  for (let at = 0; at < bytes; at += 1 << 20) hash.update(Buffer.alloc(Math.min(1 << 20, bytes - at), at / (1 << 20)));
  return hash.digest('hex');
}

async function fetchDerived(studio: Studio, jobId: string): Promise<string> {
  const job = (await studio.operator.jobs()).find(({ job_id }) => job_id === jobId);
  const asset = String(job?.asset_uuid);
  const list = await studio.operator.call<{ ref: string }[] | { items: { ref: string }[] }>(`/assets/${asset}/derived`);
  const [entry] = Array.isArray(list) ? list : list.items;
  const response = await fetch(`${studio.server.url}/api/v1/assets/${asset}/derived/${entry?.ref}`, {
    headers: { Authorization: `Bearer ${studio.server.operatorToken}` },
  });
  const hash = createHash('sha256');
  for await (const chunk of response.body ?? []) hash.update(chunk);
  return hash.digest('hex');
}
