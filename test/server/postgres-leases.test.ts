import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'kysely';
import { afterEach, describe, expect, test } from 'vitest';
import { COUNTERS } from '../../server/database/postgres/counters.ts';
import { LEDGER_TABLES } from '../../server/database/postgres/ledger-tables.ts';
import { TABLES } from '../../server/database/postgres/tables.ts';
import { makeDatabase, noPostgres, type TestDatabase } from '../support/postgres.ts';
import { claimNew, startRig, type Rig } from './running.ts';

let undo: (() => unknown)[] = [];
afterEach(async () => {
  for (const step of undo.toReversed()) await step();
  undo = [];
});

async function database(): Promise<TestDatabase> {
  const made = await makeDatabase();
  undo.push(made.drop);
  return made;
}

async function rigOn({ postgres }: TestDatabase, clock?: () => number): Promise<Rig> {
  const dataDir = mkdtempSync(join(tmpdir(), 'rushcatalog-server-'));
  undo.push(() => rmSync(dataDir, { recursive: true, force: true }));
  const rig = await startRig({ dataDir, postgres, ...(clock === undefined ? {} : { clock }) });
  undo.push(rig.stop);
  return rig;
}

describe.skipIf(noPostgres !== null)('leases on PostgreSQL', () => {
  test('a database of the first version goes on with the leases that it has', async () => {
    const old = await database();
    const [agent, job, now] = [randomUUID(), randomUUID(), Date.now()];
    const lease = `'claimed', '${agent}', 'lock', ${now + 60_000}, 0.5, 'decoding'`;
    await old.ask(
      'CREATE TABLE rushcatalog_schema (version int NOT NULL)',
      'INSERT INTO rushcatalog_schema VALUES (1)',
      TABLES + LEDGER_TABLES + COUNTERS,
      `INSERT INTO agent (agent_id, installation_id, agent_name, agent_version, registered_at, last_seen_at)
        VALUES ('${agent}', '${randomUUID()}', 'edit-3', '0.1.0', ${now}, ${now})`,
      `INSERT INTO service VALUES (1, ${now})`,
      `INSERT INTO job (job_id, job_type, document_json, invalid, needs, priority, attempts, max_attempts,
          cancel_requested, created_at, updated_at, status, claimed_by, lock_token, locked_until, progress, stage)
        VALUES ('${job}', 'generate_thumbnails', '{}', 0, '[]', 0, 0, 3, 1, ${now}, ${now}, ${lease})`,
    );
    const rig = await rigOn(old, Date.now);
    rig.agentId = agent;
    const seen = { status: 'claimed', claimed_by: agent, progress: 0.5, stage: 'decoding', cancel_requested: true };
    expect((await rig.operator(`/jobs/${job}`)).body).toMatchObject(seen);
    expect((await rig.agent(`/jobs/${job}/heartbeat`, { body: { lock_token: 'other' } })).status).toBe(423);
    const beat = await rig.agent(`/jobs/${job}/heartbeat`, { body: { lock_token: 'lock' } });
    expect([beat.status, beat.body['cancel_requested']]).toEqual([200, true]);
  });

  test('a heartbeat changes its lease in place, and leaves the job alone', async () => {
    const rig = await rigOn(await database());
    const job = await claimNew(rig);
    const version = async (table: 'job' | 'lease') => {
      const { rows } = await sql<{ xmin: string }>`
        SELECT xmin::text FROM ${sql.table(table)} WHERE job_id = ${job.jobId}
      `.execute(rig.server.database);
      return rows[0]?.xmin;
    };
    const before = { job: await version('job'), lease: await version('lease') };
    const body = { lock_token: job.lockToken, progress: 0.5, stage: 'decoding' };
    expect((await rig.agent(`/jobs/${job.jobId}/heartbeat`, { body })).status).toBe(200);
    expect(await version('job')).toBe(before.job);
    expect(await version('lease')).not.toBe(before.lease);
    // In place: what no index has, on a page with room. The share is measured by bench:fleet.
    const { rows } = await sql<{ column: string }>`
      SELECT DISTINCT attname AS column FROM pg_attribute JOIN pg_index ON attrelid = indexrelid
      WHERE indrelid = 'lease'::regclass ORDER BY 1
    `.execute(rig.server.database);
    expect(rows.map(({ column }) => column)).toEqual(['agent_id', 'job_id']);
  });

  test('a statement that hangs is ended, within a transaction and without one', async () => {
    const made = await database();
    await (await rigOn(made)).server.close();
    const rig = await rigOn(made);
    // On a new connection, as a PgBouncer makes them too.
    await made.ask(`DO $$ BEGIN ASSERT current_setting('statement_timeout') = '30s'; END $$`);
    const { rows } = await rig.server.database.transaction().execute((tx) =>
      sql`SELECT current_setting('statement_timeout') AS statement, current_setting('lock_timeout') AS lock,
        current_setting('idle_in_transaction_session_timeout') AS idle`.execute(tx),
    );
    expect(rows).toEqual([{ statement: '30s', lock: '15s', idle: '1min' }]);
  });
});
