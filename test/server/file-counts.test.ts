import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Kysely, SqliteDialect } from 'kysely';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, expect, onTestFinished, test } from 'vitest';
import { keepFileCounts } from '../../server/database/sqlite/file-counts.ts';
import { NodeSqlite } from '../../server/database/sqlite/node-sqlite.ts';
import type { Tables } from '../../server/database/schema.ts';
import { openSqlite } from '../../server/database/sqlite/open.ts';
import { seeded } from '../support/studio.ts';

/** What the counters stand for, counted. */
const COUNTED = {
  file_count: `SELECT b.batch, j.asset_uuid, sum(j.status = 'pending') AS pending,
      sum(j.status = 'pending' AND j.held = 1) AS held, sum(j.status = 'claimed') AS claimed,
      sum(j.status = 'failed') AS failed, count(*) AS jobs
    FROM job j JOIN (SELECT DISTINCT coalesce(batch, '') AS batch FROM job UNION SELECT '*') b
      ON b.batch IN (coalesce(j.batch, ''), '*')
    WHERE j.asset_uuid IS NOT NULL GROUP BY 1, 2 ORDER BY 1, 2`,
  batch_count: `SELECT batch, count(*) AS files, sum(pending + claimed > 0) AS open_files,
      sum(pending > 0) AS pending_files, sum(held > 0) AS held_files,
      sum(failed > 0 AND pending + claimed = 0) AS failed_files, sum(jobs) AS jobs
    FROM file_count GROUP BY 1 ORDER BY 1`,
  pending_count: `SELECT coalesce(batch, '') AS batch, job_type, held, count(*) AS jobs FROM job
    WHERE status = 'pending' GROUP BY 1, 2, 3 ORDER BY 1, 2, 3`,
} as const;
const KEPT = {
  file_count: 'SELECT batch, asset_uuid, pending, held, claimed, failed, jobs FROM file_count ORDER BY 1, 2',
  batch_count: `SELECT batch, files, open_files, pending_files, held_files, failed_files, jobs FROM batch_count
    ORDER BY 1`,
  pending_count: 'SELECT batch, job_type, held, jobs FROM pending_count ORDER BY 1, 2, 3',
} as const;
const TABLES = ['file_count', 'batch_count', 'pending_count'] as const;

let database: DatabaseSync | undefined;
afterEach(() => database?.close());

const pick = <T>(random: () => number, from: readonly T[]): T => from[Math.floor(random() * from.length)] as T;

/** Adds, changes and removes jobs at random. */
function change(on: DatabaseSync, random: () => number, number: number): void {
  const asset = pick(random, ['a', 'b', 'c', 'd']);
  const batch = pick(random, [null, 'one', 'two']);
  const status = pick(random, ['pending', 'claimed', 'completed', 'failed']);
  const what = random();
  if (what < 0.4) {
    on.prepare(
      `INSERT INTO job (job_id, job_type, asset_uuid, document_json, invalid, needs, priority, status, attempts,
         max_attempts, created_at, updated_at, held, batch)
       VALUES (?, ?, ?, '{}', 0, '[]', 0, ?, 0, 3, ?, 0, ?, ?)`,
    ).run(
      `job-${number}`,
      pick(random, ['generate_thumbnails', 'transcribe_audio']),
      random() < 0.1 ? null : asset,
      pick(random, ['pending', status]),
      number,
      random() < 0.3 ? 1 : 0,
      batch,
    );
  } else if (what < 0.8) {
    const held = random() < 0.3 ? 1 : 0;
    on.prepare('UPDATE job SET status = ?, held = ? WHERE sequence % 5 = ?').run(status, held, number % 5);
  } else on.prepare('DELETE FROM job WHERE sequence % 7 = ?').run(number % 7);
}

test('counters of files, batches and waiting jobs are what counting says, after every change', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'rushcatalog-counts-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, 'catalog.db');
  await (await openSqlite(folder)).database.destroy();
  database = new DatabaseSync(path);
  database.exec(`INSERT INTO asset (uuid, source_path, created_at)
    VALUES ('a', 'a', 0), ('b', 'b', 0), ('c', 'c', 0), ('d', 'd', 0)`);
  const random = seeded(7);
  let most = 0;
  for (let number = 0; number < 200; number += 1) {
    change(database, random, number);
    for (const table of TABLES) {
      const kept = database.prepare(KEPT[table]).all();
      expect(kept, `${table} after change ${number}`).toEqual(database.prepare(COUNTED[table]).all());
      most = Math.max(most, kept.length);
    }
  }
  expect(most).toBeGreaterThan(8);
  // A database that had jobs before it had counters.
  for (const table of TABLES) database.exec(`DELETE FROM ${table}`);
  for (const name of ['file_counted_in', 'file_counted_on', 'file_counted_out']) database.exec(`DROP TRIGGER ${name}`);
  for (const name of ['job_filed_in', 'job_filed_out', 'job_filed_on']) database.exec(`DROP TRIGGER ${name}`);
  const before = new Kysely<Tables>({ dialect: new SqliteDialect({ database: new NodeSqlite(path, 1_000) }) });
  await before.transaction().execute(keepFileCounts);
  await before.destroy();
  for (const table of TABLES)
    expect(database.prepare(KEPT[table]).all(), table).toEqual(database.prepare(COUNTED[table]).all());
});
