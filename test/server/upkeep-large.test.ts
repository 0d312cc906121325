import { spawn } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createServer } from '../../server/server.ts';
import { makeDatabase, noPostgres, onPostgres } from '../support/postgres.ts';

const CHILD = fileURLToPath(new URL('./carry-child.ts', import.meta.url));
/** Of the heap of a process that carries a catalogue, whatever is in it: what a few pages of rows and a program take. */
const HEAP_MB = 64;
const JOBS = 100_000;
const FILES = 10_000;

/** Made with the first test: there may be none that runs. */
let root = '';
beforeAll(() => void (root = mkdtempSync(join(tmpdir(), 'rushcatalog-large-'))));
afterAll(() => rmSync(root, { recursive: true, force: true }));

interface Step {
  readonly answer: unknown;
  readonly seconds: number;
  readonly megabytes: number;
}

async function step(name: string, ...args: string[]): Promise<Step> {
  const options = [`--max-old-space-size=${HEAP_MB}`, CHILD, name, ...args];
  const child = spawn(process.execPath, options, { stdio: ['ignore', 'pipe', 'inherit'] });
  let said = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) throw new Error(`${name} ended with ${code}`);
  const done = JSON.parse(said) as Step;
  console.log(`  ${name}: ${done.seconds.toFixed(1)} s, ${done.megabytes.toFixed(0)} MB at most`);
  return done;
}

/** But for what the server that checked has moved on: the clock of retention, and how it is. */
// What it prints is an object.
const carried = ({ answer }: Step): unknown => ({
  ...(answer as object),
  retention_clock: undefined,
  health_state: undefined,
});

/** As a catalogue is with four jobs for each asset, half of them done. */
async function fill(dataDir: string, jobs: number, files: number): Promise<void> {
  await (await createServer({ dataDir })).close();
  const database = new DatabaseSync(join(dataDir, 'catalog.db'));
  const now = Date.now();
  const asset = database.prepare('INSERT INTO asset (uuid, source_path, created_at) VALUES (?, ?, ?)');
  const job = database.prepare(`INSERT INTO job (job_id, job_type, asset_uuid, document_json, invalid, needs, priority,
    status, attempts, max_attempts, batch, created_at, updated_at) VALUES (?, 'generate_thumbnails', ?, ?, 0, ?, 0, ?, 0, 3, ?, ?, ?)`);
  const capability = database.prepare('INSERT INTO job_capability VALUES (?, ?)');
  const result = database.prepare('INSERT INTO job_result (job_id, submitted_json) VALUES (?, ?)');
  const entry = database.prepare(`INSERT INTO ledger (at, event, job_id, detail_json) VALUES (?, ?, ?, '{}')`);
  const derived = database.prepare(`INSERT INTO derived (ref, asset_uuid, job_id, kind, content_type, sha256, status,
    size_bytes, position, created_at, updated_at) VALUES (?, ?, ?, 'thumb', 'image/webp', ?, 'accepted', ?, 0, ?, ?)`);
  const needs = 'media.thumbnails@1';
  database.exec('BEGIN');
  let uuid = '';
  for (let index = 0; index < jobs; index += 1) {
    if (index % 4 === 0) {
      uuid = randomUUID();
      asset.run(uuid, `RUSHES/day ${index % 30}/Ünder ${index}.mov`, now + index);
    }
    const id = randomUUID();
    const isDone = index % 2 === 0;
    const document = JSON.stringify({
      asset_uuid: uuid,
      required_capabilities: [needs],
      inputs: { source_path: 'x'.repeat(200) },
    });
    job.run(
      id,
      uuid,
      document,
      JSON.stringify([needs]),
      isDone ? 'completed' : 'pending',
      `batch ${index % 50}`,
      now + index,
      now + index,
    );
    capability.run(id, needs);
    for (const event of ['jobCreated', ...(isDone ? ['jobClaimed', 'jobSubmitted'] : [])])
      entry.run(now + index, event, id);
    if (isDone) result.run(id, JSON.stringify({ output: 'y'.repeat(500) }));
    if (index % (jobs / files) !== 0) continue;
    const ref = randomUUID().replaceAll('-', '');
    const bytes = Buffer.from(`file ${index}`);
    mkdirSync(join(dataDir, 'derived', ref.slice(0, 2)), { recursive: true });
    writeFileSync(join(dataDir, 'derived', ref.slice(0, 2), ref), bytes);
    derived.run(ref, uuid, id, createHash('sha256').update(bytes).digest('hex'), bytes.length, now, now);
  }
  database.exec('COMMIT');
  database.close();
}

test.skipIf(onPostgres)(
  'a catalogue of 100,000 jobs and 10,000 files is carried and checked in a heap that has room for a small part of it',
  { tags: ['slow'] },
  async () => {
    const data = join(root, 'data');
    await fill(data, JOBS, FILES);
    console.log(`  catalog.db: ${(statSync(join(data, 'catalog.db')).size / 2 ** 20).toFixed(0)} MB`);
    expect((await step('metrics', data)).answer).toContain('rushcatalog');
    const file = join(root, 'backup');
    await step('backup', data, file);
    console.log(`  backup: ${(statSync(file).size / 2 ** 20).toFixed(0)} MB`);
    const checked = await step('check', data);
    expect(JSON.parse(String(checked.answer))).toMatchObject({ sums: { files: FILES, faults: 0, orphans: 0 } });
    const restored = await step('restore', join(root, 'restored'), file);
    expect(restored.answer).toMatchObject({
      job: { rows: JOBS },
      derived: { rows: FILES },
      ledger: { rows: 2 * JOBS },
    });
    if (noPostgres !== null) return;
    const database = await makeDatabase();
    const moved = await step('move', data, database.postgres.url);
    expect(carried(moved)).toEqual(carried(restored));
    await database.drop();
  },
);
