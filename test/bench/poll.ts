import { randomUUID } from 'node:crypto';
import { closeSync, fsyncSync, mkdirSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as delay } from 'node:timers/promises';
import { createServer } from '../../server/server.ts';
import { serverApart, type ServerApart } from './apart.ts';
import { median } from './statistics.ts';

export const POLL_NAME = 'poll beside jobs nobody can do';

const BACKLOGS = [10, 50_000, 1_000_000] as const;
const ROUNDS = 60;
/** Costs of a poll or a summary, as a multiple of those with ten jobs. */
const MOST_RATIO = 2;
const MOST_BEAT_MS = 50;
const AGENTS = 5;
const BUSY_MS = 10_000;

/** A poll and the summary cost the same however many transcriptions wait for an agent that can do them. */
export async function measurePoll(folder: string): Promise<boolean> {
  const measured = [];
  for (const backlog of BACKLOGS) measured.push(await withBacklog(join(folder, `backlog-${backlog}`), backlog));
  const [least] = measured;
  if (least === undefined) throw new Error('nothing was measured');
  let held = true;
  for (const { backlog, pollMs, summaryMs, queueMs, beatP99Ms } of measured) {
    const ratios = [pollMs / least.pollMs, summaryMs / least.summaryMs, queueMs / least.queueMs];
    const fits = ratios.every((ratio) => ratio <= MOST_RATIO) && beatP99Ms < MOST_BEAT_MS;
    held &&= fits;
    console.log(
      `${POLL_NAME}: ${backlog.toLocaleString('en')} in front: poll ${pollMs.toFixed(2)} ms (${(ratios[0] ?? 0).toFixed(2)} x), ` +
        `summary ${summaryMs.toFixed(2)} ms (${(ratios[1] ?? 0).toFixed(2)} x), overview of the queue ${queueMs.toFixed(2)} ms ` +
        `(${(ratios[2] ?? 0).toFixed(2)} x), heartbeat p99 beside ${AGENTS} polling agents ` +
        `${beatP99Ms.toFixed(1)} ms: ${fits ? 'held' : 'NOT HELD'} (bars ${MOST_RATIO} x, ${MOST_BEAT_MS} ms)`,
    );
  }
  return held;
}

async function withBacklog(dataDir: string, backlog: number) {
  mkdirSync(dataDir, { recursive: true });
  await (await createServer({ dataDir })).close();
  fill(join(dataDir, 'catalog.db'), backlog);
  const server = await serverApart(dataDir);
  try {
    const agents = [];
    for (let index = 0; index < AGENTS; index += 1) agents.push(await register(server));
    const [agent = ''] = agents;
    const { uuid } = await server.operate<{ uuid: string }>('/assets', { source_path: `RUSHES/${randomUUID()}.mov` });
    const job = { asset_uuid: uuid, job_type: 'generate_thumbnails', inputs: {} };
    for (let index = 0; index < 3; index += 1) await server.operate('/jobs', job);
    const pollMs = await timed(async () => {
      const { items } = await server.call<{ items: unknown[] }>('/jobs', undefined, agent);
      if (items.length !== 3) throw new Error(`${items.length} of 3 jobs were offered`);
    });
    const summaryMs = await timed(() => server.call('/jobs/summary', undefined, agent));
    const queueMs = await timed(() => server.operate('/jobs/queue'));
    return { backlog, pollMs, summaryMs, queueMs, beatP99Ms: await beatBesidePolls(server, agents) };
  } finally {
    await server.close();
  }
}

/** Transcriptions that wait, as the server itself writes them; the counters are the database's own. */
function fill(path: string, backlog: number): void {
  const database = new DatabaseSync(path);
  const now = Date.now();
  const asset = randomUUID();
  database.exec('PRAGMA synchronous = OFF; BEGIN');
  database
    .prepare('INSERT INTO asset (uuid, source_path, created_at) VALUES (?, ?, ?)')
    .run(asset, 'RUSHES/a.mov', now);
  const needs = ['speech.transcription@1'];
  const document = JSON.stringify({
    asset_uuid: asset,
    required_capabilities: needs,
    inputs: { asset_uuid: asset, source_path: 'RUSHES/a.mov' },
    expected_outputs: ['transcript_text'],
    invariants: ['source is not changed'],
  });
  database
    .prepare(
      `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
       INSERT INTO job (job_id, job_type, asset_uuid, document_json, invalid, needs, priority, status, attempts,
         max_attempts, cancel_requested, created_at, updated_at)
       SELECT printf('00000000-0000-4000-8000-%012d', i), 'transcribe_audio', ?, ?, 0, ?, 0, 'pending', 0, 3, 0, ?, ? FROM n`,
    )
    .run(backlog, asset, document, JSON.stringify(needs), now, now);
  database.exec(`INSERT INTO job_capability SELECT job_id, 'speech.transcription@1' FROM job; COMMIT`);
  database.close();
  // What was filled in without waiting for the disk is on it before anything is measured.
  const file = openSync(path, 'r+');
  fsyncSync(file);
  closeSync(file);
}

async function register(server: ServerApart): Promise<string> {
  const body = {
    installation_id: randomUUID(),
    agent_name: 'bench',
    agent_version: '0.1.0',
    capabilities: ['media.thumbnails@1'],
  };
  return (await server.call<{ agent_id: string }>('/agents/register', body)).agent_id;
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const times: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const begun = performance.now();
    await work();
    times.push(performance.now() - begun);
  }
  return median(times);
}

async function beatBesidePolls(server: ServerApart, agents: readonly string[]): Promise<number> {
  const [holder = ''] = agents;
  const { items } = await server.call<{ items: { job_id: string }[] }>('/jobs', undefined, holder);
  const claimed = await server.call<{ job_id: string; lock_token: string }>(
    `/jobs/${items[0]?.job_id}/claim`,
    {},
    holder,
  );
  const over = new AbortController();
  const polling = agents.map(async (agent) => {
    while (!over.signal.aborted) {
      await server.call('/jobs', undefined, agent);
      await server.call('/jobs/summary', undefined, agent);
      await delay(100);
    }
  });
  const times: number[] = [];
  const until = performance.now() + BUSY_MS;
  while (performance.now() < until) {
    const begun = performance.now();
    await server.call(`/jobs/${claimed.job_id}/heartbeat`, { lock_token: claimed.lock_token }, holder);
    times.push(performance.now() - begun);
    await delay(20);
  }
  over.abort();
  await Promise.all(polling);
  return times.toSorted((a, b) => a - b)[Math.floor(times.length * 0.99)] ?? Number.POSITIVE_INFINITY;
}
