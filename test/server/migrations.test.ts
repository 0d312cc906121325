import { randomUUID } from 'node:crypto';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Kysely, sql, SqliteDialect } from 'kysely';
import { afterEach, expect, test } from 'vitest';
import { onPostgres } from '../support/postgres.ts';
import { MIGRATIONS } from '../../server/database/sqlite/migrations.ts';
import { NodeSqlite } from '../../server/database/sqlite/node-sqlite.ts';
import type { Tables } from '../../server/database/schema.ts';
import { claimJob, newJob, registerAgent, sha256, startRig, type Rig } from './running.ts';

let rig: Rig;
afterEach(() => rig.stop());

const [AGENT, INSTALLATION, ASSET, JOB] = [randomUUID(), randomUUID(), randomUUID(), randomUUID()];
const TICKET = 'a-one-time-token';

/** What version 1 left behind: an agent on the shared token, a job that it holds, a one-time token. */
async function firstVersion(dataDir: string, now: number): Promise<void> {
  const dialect = new SqliteDialect({ database: new NodeSqlite(join(dataDir, 'catalog.db'), 1_000) });
  const database = new Kysely<Tables>({ dialect });
  await database.transaction().execute(async (tx) => {
    await MIGRATIONS[0]?.up(tx);
    await sql`INSERT INTO asset (uuid, source_path, created_at) VALUES (${ASSET}, 'RUSHES/a.mov', ${now})`.execute(tx);
    await sql`INSERT INTO agent (agent_id, installation_id, agent_name, agent_version, registered_at, last_seen_at)
      VALUES (${AGENT}, ${INSTALLATION}, 'edit-3', '0.1.0', ${now}, ${now})`.execute(tx);
    const document = JSON.stringify({ asset_uuid: ASSET });
    await sql`INSERT INTO job (job_id, job_type, asset_uuid, invalid, priority, document_json, status, attempts,
        max_attempts, cancel_requested, claimed_by, lock_token, locked_until, created_at, updated_at)
      VALUES (${JOB}, 'generate_thumbnails', ${ASSET}, 0, 0, ${document}, 'claimed', 0, 3, 0, ${AGENT}, 'lock',
        ${now - 1}, ${now}, ${now})`.execute(tx);
    for (const [code, message] of [
      ['NO_AUDIO_TRACK', 'The file has no sound.'],
      ['CANCELLED', 'The job was cancelled.'],
    ]) {
      const failure = JSON.stringify({ error_code: code, message, retryable: false });
      await sql`INSERT INTO job (job_id, job_type, asset_uuid, invalid, priority, document_json, status, attempts,
          max_attempts, cancel_requested, failure_json, created_at, updated_at)
        VALUES (${randomUUID()}, 'generate_thumbnails', ${ASSET}, 0, 0, ${document}, 'failed', 3, 3, 0, ${failure},
          ${now}, ${now})`.execute(tx);
    }
    await sql`INSERT INTO enrollment (token_hash, created_at, expires_at)
      VALUES (${sha256(TICKET)}, ${now}, ${now + 1_000_000})`.execute(tx);
    await sql`PRAGMA user_version = 1`.execute(tx);
  });
  await database.destroy();
}

test.skipIf(onPostgres)(
  'a database of the first version goes on: its leases, its agents, its one-time tokens, its failures',
  async () => {
    const dataDir = mkdtempSync(join(tmpdir(), 'rushcatalog-server-'));
    await firstVersion(dataDir, Date.now());
    rig = await startRig({ dataDir, clock: Date.now, registered: false });
    rig.agentId = AGENT;
    const beat = await rig.agent(`/jobs/${JOB}/heartbeat`, { body: { lock_token: 'lock' } });
    expect([beat.status, await registerAgent(rig, INSTALLATION, ['media.thumbnails@1'])]).toEqual([200, AGENT]);
    expect((await claimJob(rig, await newJob(rig))).lockToken).toBeTypeOf('string');
    const body = { token: TICKET, installation_id: INSTALLATION };
    const enrol = () => rig.agent<{ token: string }>('/agents/enroll', { body, key: 'k' });
    const { token } = (await enrol()).body;
    expect((await enrol()).body.token).toBe(token);
    expect((await rig.agent('/jobs', { token })).status).toBe(200);
    const { items } = (await rig.operator<{ items: unknown[] }>('/failures')).body;
    expect(items).toMatchObject([{ cause: 'NO_AUDIO_TRACK', jobs: 1, example: { message: 'The file has no sound.' } }]);
  },
);
