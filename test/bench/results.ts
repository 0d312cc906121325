import { randomUUID } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { createServer } from '../../server/server.ts';
import type { OperatorClient } from '../../electron/agent/server/operator-client.ts';
import { createOperatorClient } from '../../electron/agent/server/operator-client.ts';
import { preferSmallHeap, writeSource } from '../../electron/headless/process/write-source.ts';
import { madeTranscript } from '../support/results-agent.ts';
import { serverApart } from './apart.ts';

export const RESULTS_NAME = 'forty results of three hours of speech';

const RESULTS = 40;
const SECONDS = 3 * 3600;
const MOST_MB = 100;
const MOST_DELAY_MS = 50;
const LISTS = [
  '/jobs/all?limit=200',
  '/jobs/all?status=completed&limit=500',
  '/assets?limit=200',
  '/agents',
  '/ledger',
];

/** Lists carry no results, and `process` holds one file's at a time. */
export async function measureResults(folder: string): Promise<boolean> {
  const dataDir = join(folder, 'results-server');
  mkdirSync(dataDir, { recursive: true });
  await (await createServer({ dataDir })).close();
  const bytes = fill(join(dataDir, 'catalog.db'));
  const server = await serverApart(dataDir);
  try {
    const before = await server.cost();
    for (const list of LISTS) await server.operate(list);
    await server.operate('/jobs/summary');
    const lists = await server.cost();
    const listMb = (lists.rssBytes - before.rssBytes) / 1e6;
    const writtenMb = await writeAll(
      createOperatorClient(server.url, server.operatorToken),
      join(folder, 'results-out'),
    );
    const written = await server.cost();
    const serverMb = (written.rssBytes - before.rssBytes) / 1e6;
    const held = Math.max(listMb, writtenMb, serverMb) < MOST_MB && lists.loopP99Ms < MOST_DELAY_MS;
    console.log(
      `${RESULTS_NAME} (${(bytes / 1e6).toFixed(0)} MB in the database): every list ${listMb.toFixed(0)} MB more, ` +
        `event-loop p99 ${lists.loopP99Ms.toFixed(1)} ms; process writes them with ${writtenMb.toFixed(0)} MB more, ` +
        `the server meanwhile ${serverMb.toFixed(0)} MB more, event-loop p99 ${written.loopP99Ms.toFixed(1)} ms: ` +
        `${held ? 'held' : 'NOT HELD'} (bars ${MOST_MB} MB, ${MOST_DELAY_MS} ms)`,
    );
    return held;
  } finally {
    await server.close();
  }
}

const jobIdOf = (index: number): string => `00000000-0000-4000-8000-${String(index).padStart(12, '0')}`;

function fill(path: string): number {
  const database = new DatabaseSync(path);
  const transcript = madeTranscript(SECONDS);
  const { text, segments } = transcript;
  const submitted = JSON.stringify({
    job_type: 'transcribe_audio',
    success: true,
    errors: [],
    output: { transcript_text: text, segments: segments.map(({ words: _words, ...segment }) => segment) },
    result: { derived_manifest: [], transcript, warnings: [], metrics: {} },
  });
  const needs = '["speech.transcription@1"]';
  const job = database.prepare(
    `INSERT INTO job (job_id, job_type, asset_uuid, document_json, invalid, needs, priority, status, attempts,
      max_attempts, cancel_requested, created_at, updated_at)
     VALUES (?, 'transcribe_audio', ?, ?, 0, ?, 0, 'completed', 1, 3, 0, ?, ?)`,
  );
  const asset = database.prepare('INSERT INTO asset (uuid, source_path, created_at) VALUES (?, ?, ?)');
  const result = database.prepare('INSERT INTO job_result VALUES (?, ?)');
  for (let index = 0; index < RESULTS; index += 1) {
    const [uuid, now] = [randomUUID(), Date.now()];
    asset.run(uuid, `RUSHES/${index}.mov`, now);
    const document = {
      asset_uuid: uuid,
      required_capabilities: JSON.parse(needs) as unknown,
      inputs: { asset_uuid: uuid, source_path: `RUSHES/${index}.mov` },
      expected_outputs: ['transcript_text'],
      invariants: ['source is not changed'],
    };
    job.run(jobIdOf(index), uuid, JSON.stringify(document), needs, now, now);
    result.run(jobIdOf(index), submitted);
  }
  database.close();
  return submitted.length * RESULTS;
}

/** As `process` does it, file by file; answers how far this process grew at most, MB. */
async function writeAll(client: OperatorClient, out: string): Promise<number> {
  preferSmallHeap();
  const before = process.memoryUsage.rss();
  let most = before;
  for (let index = 0; index < RESULTS; index += 1) {
    const place = { folder: join(out, String(index)), namesakes: [], earlier: [] };
    const source = { source: `/rushes/${index}.mov`, jobs: [{ jobId: jobIdOf(index), waiting: '' }], place };
    await writeSource(client, source, { out, layout: 'plain' });
    most = Math.max(most, process.memoryUsage.rss());
  }
  return (most - before) / 1e6;
}
