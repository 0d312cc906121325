// What `process` does once every job ended, and every list call, over a server that holds long results, in a process of
// its own: prints one line of JSON for each.
import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import { startEmbedded } from '../../electron/headless/process/embedded.ts';
import { untilEnded, type OwnJob } from '../../electron/headless/process/follow-jobs.ts';
import { printArray } from '../../electron/headless/process/print-array.ts';
import { writeResults } from '../../electron/headless/process/result-writer.ts';
import { API_BASE } from '../../shared/wire.ts';

const SAMPLE_MS = 10;

const [folder] = process.argv.slice(2);
if (folder === undefined) throw new Error('which folder?');
const out = join(folder, 'out');
const embedded = await startEmbedded(folder, {});
const { client, server } = embedded;

/** Every page of a list; the largest one in bytes. */
async function pagesOf(path: string): Promise<void> {
  let cursor: string | undefined;
  do {
    const query = cursor === undefined ? '' : `?cursor=${encodeURIComponent(cursor)}`;
    const headers = { authorization: `Bearer ${server.operatorToken}` };
    const response = await fetch(`${server.url}${API_BASE}${path}${query}`, { headers });
    if (!response.ok) throw new Error(`${path} answered ${response.status}`);
    cursor = ((await response.json()) as { readonly next_cursor?: string }).next_cursor;
  } while (cursor !== undefined);
}

async function writeAll(): Promise<void> {
  const jobs: OwnJob[] = (await client.jobs()).map(({ job_id, inputs }) => ({
    jobId: job_id,
    jobType: 'transcribe_audio',
    source: (inputs as { readonly source_path: string }).source_path,
  }));
  await untilEnded(embedded, jobs);
  const sources = jobs.map(({ jobId, source }) => ({ source, jobs: [{ jobId, waiting: '' }] }));
  const { url: serverUrl, operatorToken } = server;
  const order = { serverUrl, operatorToken, out, layout: 'plain', subtitles: ['srt', 'vtt'], sources } as const;
  const printed = printArray(createWriteStream('/dev/null'));
  const { results } = await writeResults(order, printed);
  await printed.end();
  if (results.some(({ status }) => status !== 'completed')) throw new Error(JSON.stringify(results));
}

async function measured(name: string, work: () => Promise<void>): Promise<void> {
  // What starting left behind is not the work's.
  globalThis.gc?.();
  await delay(200);
  const before = process.memoryUsage.rss();
  let peak = before;
  const sampler = setInterval(() => {
    peak = Math.max(peak, process.memoryUsage.rss());
  }, SAMPLE_MS);
  const loop = monitorEventLoopDelay({ resolution: SAMPLE_MS });
  loop.enable();
  const begun = performance.now();
  await work();
  const tookMs = performance.now() - begun;
  loop.disable();
  clearInterval(sampler);
  peak = Math.max(peak, process.memoryUsage.rss());
  const cost = {
    name,
    tookMs,
    moreBytes: peak - before,
    loopP99Ms: loop.percentile(99) / 1e6,
    loopMaxMs: loop.max / 1e6,
  };
  process.stdout.write(`${JSON.stringify(cost)}\n`);
}

const [asset] = (await client.jobs()).map(({ asset_uuid }) => String(asset_uuid));
for (const path of [
  '/jobs/all',
  '/jobs/summary',
  '/jobs/queue',
  '/assets',
  '/agents',
  '/ledger',
  `/assets/${asset}/derived`,
]) {
  await measured(path.replace(asset ?? '', '{uuid}'), async () => {
    for (let round = 0; round < 20; round += 1) await pagesOf(path);
  });
}
await measured('process', writeAll);
await server.close();
process.exit(0);
