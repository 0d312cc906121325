import { spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { createBuilder } from 'vite';
import { createServer } from '../../server/server.ts';

export const PROCESS_RESULTS_NAME = 'process over results of 3 h of speech';

const RESULTS = 40;
const SPEECH_MS = 3 * 3_600_000;
const SEGMENT_MS = 4_000;
/** On each of two tracks: 220 MB in all: as much as lists that gave every result once stood still over. */
const WORDS_PER_SEGMENT = 9;
const TRACKS = 2;
const MOST_MORE_BYTES = 100 * 1024 * 1024;
const MOST_LOOP_MS = 50;
const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const BUILD = join(ROOT, 'out/bench');

interface Cost {
  readonly name: string;
  readonly tookMs: number;
  readonly moreBytes: number;
  readonly loopP99Ms: number;
  readonly loopMaxMs: number;
}

/** `process` and every list call over long results: more memory than before, and how long the event loop stood still. */
export async function measureProcessResults(folder: string): Promise<boolean> {
  const root = join(folder, 'process-results');
  const dataDir = join(root, 'server');
  mkdirSync(dataDir, { recursive: true });
  await (await createServer({ dataDir })).close();
  const bytes = fill(join(dataDir, 'catalog.db'));
  await buildEntry();
  // As the packaged command line is started; the collector is asked only between two measurements.
  const flags = ['--max-semi-space-size=4', '--expose-gc'];
  const ended = spawnSync(process.execPath, [...flags, join(BUILD, 'process-apart.js'), root], {
    encoding: 'utf8',
    maxBuffer: 1e8,
  });
  if (ended.status !== 0) throw new Error(`the measured process ended with ${ended.status}: ${ended.stderr}`);
  let held = true;
  for (const line of ended.stdout.trim().split('\n')) {
    const { name, tookMs, moreBytes, loopP99Ms, loopMaxMs } = JSON.parse(line) as Cost;
    const fits = moreBytes < MOST_MORE_BYTES && loopP99Ms < MOST_LOOP_MS;
    held &&= fits;
    console.log(
      `${PROCESS_RESULTS_NAME}: ${RESULTS} of ${(bytes / 1e6).toFixed(1)} MB: ${name}: ${(moreBytes / 2 ** 20).toFixed(1)} MiB more, ` +
        `event loop p99 ${loopP99Ms.toFixed(1)} ms, longest ${loopMaxMs.toFixed(0)} ms, took ${tookMs.toFixed(0)} ms: ` +
        `${fits ? 'held' : 'NOT HELD'} (bars ${MOST_MORE_BYTES / 2 ** 20} MiB, ${MOST_LOOP_MS} ms)`,
    );
  }
  return held;
}

/** What ships is built: from their sources, each thread would carry a compiler of types of tens of megabytes. */
async function buildEntry(): Promise<void> {
  const rolldownOptions = { input: { 'process-apart': fileURLToPath(new URL('./process-apart.ts', import.meta.url)) } };
  const builder = await createBuilder({
    configFile: join(ROOT, 'vite.config.ts'),
    logLevel: 'warn',
    environments: { node: { build: { outDir: BUILD, rolldownOptions } } },
  });
  const { node } = builder.environments;
  if (node === undefined) throw new Error('vite.config.ts has no environment for Node');
  await builder.build(node);
}

/** Completed transcriptions as the server keeps them; answers the length of one result in bytes. */
function fill(path: string): number {
  const submitted = JSON.stringify(longResult());
  const database = new DatabaseSync(path);
  const now = Date.now();
  database.exec('PRAGMA synchronous = OFF; BEGIN');
  const insertAsset = database.prepare('INSERT INTO asset (uuid, source_path, created_at) VALUES (?, ?, ?)');
  const insertJob = database.prepare(
    `INSERT INTO job (job_id, job_type, asset_uuid, document_json, invalid, needs, priority, status, attempts,
      max_attempts, cancel_requested, created_at, updated_at)
     VALUES (?, 'transcribe_audio', ?, ?, 0, '["speech.transcription@1"]', 0, 'completed', 1, 3, 0, ?, ?)`,
  );
  const insertResult = database.prepare('INSERT INTO job_result (job_id, submitted_json) VALUES (?, ?)');
  const insertLine = database.prepare(`INSERT INTO ledger (at, event, job_id, detail_json) VALUES (?, ?, ?, '{}')`);
  for (let index = 0; index < RESULTS; index += 1) {
    const [asset, job, source] = [randomUUID(), randomUUID(), `RUSHES/interview-${index}.mov`];
    insertAsset.run(asset, source, now);
    const inputs = { asset_uuid: asset, source_path: source };
    const contract = { expected_outputs: ['transcript_text'], invariants: ['source is not changed'] };
    const document = { asset_uuid: asset, required_capabilities: ['speech.transcription@1'], inputs, ...contract };
    insertJob.run(job, asset, JSON.stringify(document), now, now);
    insertResult.run(job, submitted);
    for (const event of ['jobCreated', 'jobClaimed', 'jobSubmitted']) insertLine.run(now, event, job);
  }
  database.exec('COMMIT');
  database.close();
  return Buffer.byteLength(submitted);
}

function longResult(): unknown {
  const wordMs = Math.floor(SEGMENT_MS / WORDS_PER_SEGMENT);
  const segments = [];
  for (let start_ms = 0; start_ms < SPEECH_MS; start_ms += SEGMENT_MS) {
    for (let track = 0; track < TRACKS; track += 1) {
      const words = Array.from({ length: WORDS_PER_SEGMENT }, (_, index) => ({
        start_ms: start_ms + index * wordMs,
        end_ms: start_ms + (index + 1) * wordMs,
        text: ` parole${index}`,
        p: 0.9 + ((start_ms / SEGMENT_MS + index) % 97) / 1_000,
      }));
      const text = words
        .map((word) => word.text)
        .join('')
        .trim();
      segments.push({ start_ms, end_ms: start_ms + SEGMENT_MS, text, track, words });
    }
  }
  const text = segments.map((segment) => segment.text).join(' ');
  const spoken = segments.map(({ start_ms, end_ms, text }) => ({ start_ms, end_ms, text }));
  const transcript = { text, language: 'fr', confidence: 0.9, segments };
  return {
    lock_token: 'a',
    job_type: 'transcribe_audio',
    success: true,
    errors: [],
    output: { transcript_text: text, segments: spoken, confidence: 0.9 },
    result: { derived_manifest: [], transcript, warnings: [], metrics: { media_ms: SPEECH_MS } },
  };
}
