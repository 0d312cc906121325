import { randomBytes, randomUUID } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from 'pg';
import { afterEach, describe, expect, test } from 'vitest';
import { createServer, type RunningServer } from '../../server/server.ts';
import type { ServerOptions } from '../../server/options.ts';
import { makeDatabase, noPostgres, type TestDatabase } from '../support/postgres.ts';
import {
  ALL_CAPABILITIES,
  beginUpload,
  claimNew,
  newJob,
  registerAgent,
  send,
  sendPart,
  startRig,
  thumbsResult,
  upload,
  type Answer,
  type CallOptions,
  type Rig,
} from './running.ts';

/** Two servers on one PostgreSQL and one folder, asked the same at the same time: what one writer decided by itself. */

const ROUNDS = 5;

let undo: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const step of undo.toReversed()) await step();
  undo = [];
});

interface Pair extends Rig {
  readonly database: TestDatabase;
  readonly other: RunningServer;
  /** The same call to one server and the other, begun together, `times` each; as the agent. */
  together<T = Record<string, unknown>>(path: string, call?: CallOptions, times?: number): Promise<Answer<T>[]>;
}

async function pair(options: Partial<ServerOptions> = {}): Promise<Pair> {
  const database = await makeDatabase();
  undo.push(database.drop);
  const rig = await startRig({ ...options, postgres: database.postgres });
  undo.push(rig.stop);
  const other = await createServer({
    dataDir: rig.dataDir,
    clock: () => rig.clock.now,
    sweepIntervalSeconds: 0,
    ...options,
    postgres: database.postgres,
  });
  undo.push(other.close);
  return {
    ...rig,
    database,
    other,
    together: <T>(path: string, call: CallOptions = {}, times = 1) =>
      Promise.all(
        Array.from({ length: times }, () => [rig.server, other]).flatMap((servers) =>
          servers.map(({ url, agentToken }) =>
            send<T>(url, path, { token: agentToken, agentId: rig.agentId, ...call }),
          ),
        ),
      ),
  };
}

const statuses = (answers: readonly Answer<unknown>[]): number[] => answers.map(({ status }) => status).toSorted();
const post = { method: 'POST' } as const;

describe.skipIf(noPostgres !== null)('two servers on one PostgreSQL', () => {
  test('give a job to one agent alone, and an agent no more jobs than the server allows', async () => {
    const both = await pair({ policy: { max_parallel_jobs_allowed: 2 } });
    for (let round = 0; round < ROUNDS; round += 1) {
      const job = await newJob(both);
      const agents = [
        await registerAgent(both, randomUUID(), ALL_CAPABILITIES),
        await registerAgent(both, randomUUID(), ALL_CAPABILITIES),
      ];
      const raced = await Promise.all(
        agents.map((agentId) => both.together(`/jobs/${job.jobId}/claim`, { ...post, agentId }, 2)),
      );
      expect(statuses(raced.flat()), 'one job').toEqual([200, 409, 409, 409, 409, 409, 409, 409]);
    }
    for (let round = 0; round < ROUNDS; round += 1) {
      const agentId = await registerAgent(both, randomUUID(), ALL_CAPABILITIES);
      const jobs = await Promise.all(Array.from({ length: 6 }, () => newJob(both)));
      const claims = jobs.map(({ jobId }, index) => {
        const { url, agentToken } = index % 2 === 0 ? both.server : both.other;
        return send(url, `/jobs/${jobId}/claim`, { ...post, token: agentToken, agentId });
      });
      expect(statuses(await Promise.all(claims)), 'one agent').toEqual([200, 200, 409, 409, 409, 409]);
    }
  });

  test('go on with their claims when a newer one changes the tables under them', async () => {
    const both = await pair();
    const claims = async () => {
      const jobs = await Promise.all(Array.from({ length: 6 }, () => newJob(both)));
      const answers = jobs.map(({ jobId }) => both.together(`/jobs/${jobId}/claim`, post));
      return (await Promise.all(answers)).map(statuses);
    };
    const oneEach = Array.from({ length: 6 }, () => [200, 409]);
    expect(await claims()).toEqual(oneEach);
    await both.database.ask(
      'ALTER TABLE job ADD COLUMN came_later integer NOT NULL DEFAULT 7',
      'ALTER TABLE agent ADD COLUMN came_later integer NOT NULL DEFAULT 7',
    );
    expect(await claims()).toEqual(oneEach);
  });

  test('answer one claim that is sent to both with one lease', async () => {
    const both = await pair();
    for (let round = 0; round < ROUNDS; round += 1) {
      const { jobId } = await newJob(both);
      const answers = await both.together<{ lock_token: string }>(
        `/jobs/${jobId}/claim`,
        { ...post, key: randomUUID() },
        2,
      );
      expect(statuses(answers)).toEqual([200, 200, 200, 200]);
      expect(new Set(answers.map(({ body }) => body.lock_token)).size).toBe(1);
    }
  });

  test.each([
    { how: 'with a key', key: 'k' },
    { how: 'without one', key: undefined },
  ])('take a result once that is sent to both $how', async ({ key }) => {
    const both = await pair();
    for (let round = 0; round < ROUNDS; round += 1) {
      const job = await claimNew(both);
      const file = await upload(both, job, { bytes: randomBytes(64) });
      const call = { body: thumbsResult(job, [file]), ...(key === undefined ? {} : { key: randomUUID() }) };
      expect(statuses(await both.together(`/jobs/${job.jobId}/submit`, call, 2))).toEqual([200, 200, 200, 200]);
      expect(await both.server.ledger({ jobId: job.jobId, event: 'jobSubmitted' })).toHaveLength(1);
    }
  });

  test('make one agent of one installation and one asset of one path', async () => {
    const both = await pair();
    for (let round = 0; round < ROUNDS; round += 1) {
      const body = {
        installation_id: randomUUID(),
        agent_name: 'a',
        agent_version: '1',
        capabilities: ALL_CAPABILITIES,
      };
      const agents = await both.together<{ agent_id: string }>('/agents/register', { body, agentId: null }, 3);
      expect([statuses(agents).at(-1), new Set(agents.map((each) => each.body.agent_id)).size]).toEqual([200, 1]);
      const asset = { body: { source_path: `RUSHES/${round}.mov` }, agentId: null, token: both.server.operatorToken };
      const assets = await both.together<{ uuid: string }>('/assets', asset, 3);
      expect([statuses(assets).at(-1), new Set(assets.map((each) => each.body.uuid)).size]).toEqual([200, 1]);
    }
  });

  test('let one installation in by a one-time token', async () => {
    const both = await pair();
    for (let round = 0; round < ROUNDS; round += 1) {
      const { token } = (await both.operator<{ token: string }>('/agents/enrollments', post)).body;
      const enrol = (server: RunningServer) =>
        send(server.url, '/agents/enroll', { body: { token, installation_id: randomUUID() } });
      const answers = await Promise.all([both.server, both.other, both.server, both.other].map(enrol));
      expect(statuses(answers)).toEqual([200, 401, 401, 401]);
    }
  });

  test('make one file of an upload that is completed at both', async () => {
    const both = await pair();
    for (let round = 0; round < ROUNDS; round += 1) {
      const job = await claimNew(both);
      const bytes = randomBytes(200);
      const { uploadId } = await beginUpload(both, job, { bytes });
      const { etag } = (await sendPart(both, job, { uploadId, number: 1, bytes })).body;
      const body = { upload_id: uploadId, lock_token: job.lockToken, parts: [{ part_number: 1, etag }] };
      const path = `/assets/${job.assetUuid}/derived/upload/complete`;
      const answers = await both.together<{ ref: string }>(path, { body });
      expect([statuses(answers), new Set(answers.map((each) => each.body.ref)).size]).toEqual([[200, 200], 1]);
    }
    const files = readdirSync(join(both.dataDir, 'derived'), { recursive: true, withFileTypes: true });
    expect(files.filter((file) => file.isFile())).toHaveLength(ROUNDS);
  });

  test('end a lapsed lease once; a report that comes at that moment is late', async () => {
    const both = await pair();
    for (let round = 0; round < ROUNDS; round += 1) {
      const job = await claimNew(both);
      both.clock.now += 60_000;
      const beat = { body: { lock_token: job.lockToken } };
      const [beats] = await Promise.all([
        both.together(`/jobs/${job.jobId}/heartbeat`, beat),
        both.server.sweep(),
        both.other.sweep(),
      ]);
      expect(statuses(beats)).toEqual([409, 409]);
      // Whoever was looking passed over a job that was being asked for.
      await both.other.sweep();
      expect(await both.server.ledger({ jobId: job.jobId, event: 'leaseExpired' })).toHaveLength(1);
      expect((await both.operator(`/jobs/${job.jobId}`)).body).toMatchObject({ status: 'pending', attempts: 1 });
    }
  });

  test('a reader of the ledger misses nothing that is written late', async () => {
    const both = await pair();
    const seen = await both.server.ledger();
    const after = seen.at(-1)?.sequence ?? 0;
    const url = new URL(both.database.postgres.url);
    const slow = new Client({
      host: url.searchParams.get('host') ?? '',
      port: Number(url.port),
      user: 'test',
      database: both.database.name,
    });
    await slow.connect();
    try {
      await slow.query('BEGIN');
      await slow.query(`INSERT INTO ledger (at, event, detail_json) VALUES (1, 'assetCreated', '{}')`);
      await newJob(both);
      expect(await both.other.ledger({ after }), 'nothing behind what may still come').toEqual([]);
      await slow.query('COMMIT');
    } finally {
      await slow.end();
    }
    const events = (await both.other.ledger({ after })).map(({ event }) => event);
    expect(events).toEqual(['assetCreated', 'assetCreated', 'jobCreated']);
  });

  test('keep counters that are what counting says', async () => {
    const both = await pair();
    const jobs = await Promise.all(Array.from({ length: 24 }, () => newJob(both)));
    const operate = (server: RunningServer, operation: string, ids: readonly string[]) =>
      send(server.url, '/jobs/operate', { token: server.operatorToken, body: { operation, job_ids: ids } });
    const ids = jobs.map(({ jobId }) => jobId);
    const answers = await Promise.all([
      operate(both.server, 'hold', ids),
      operate(both.other, 'hold', ids.toReversed()),
      operate(both.server, 'cancel', ids.slice(0, 8)),
      operate(both.other, 'release', ids.slice(4, 12).toReversed()),
      ...ids.slice(16).map((id) => both.agent(`/jobs/${id}/claim`, post)),
      both.database.ask('SELECT fold_counters()'),
      both.database.ask('SELECT fold_counters()'),
    ]);
    expect(answers.map((answer) => answer?.status ?? 200).filter((status) => ![200, 409].includes(status))).toEqual([]);
    await both.database.ask('SELECT fold_counters()', IS_COUNTED);
  });

  test('a server that starts beside another leaves its leases alone; after a silence of all it grants grace', async () => {
    // So rarely that no look of their own comes in between.
    const rarely = { sweepIntervalSeconds: 1_000, leaseSeconds: 3_000 };
    const both = await pair(rarely);
    const job = await claimNew(both);
    const graced = async (): Promise<boolean> => {
      const row = await both.server.database
        .selectFrom('lease')
        .select('in_grace')
        .where('job_id', '=', job.jobId)
        .executeTakeFirstOrThrow();
      return row.in_grace === 1;
    };
    const third = () =>
      createServer({ dataDir: both.dataDir, clock: () => both.clock.now, ...rarely, postgres: both.database.postgres });
    both.clock.now += 1_500_000;
    await both.agent('/jobs');
    await (await third()).close();
    expect(await graced()).toBe(false);
    both.clock.now += 2_500_000;
    await (await third()).close();
    expect(await graced()).toBe(true);
    expect((await both.agent(`/jobs/${job.jobId}/heartbeat`, { body: { lock_token: job.lockToken } })).status).toBe(
      200,
    );
  });
});

/** Fails, with what differs, where a counter is not what counting says. */
const IS_COUNTED = `DO $$
DECLARE
  differs text;
BEGIN
  SELECT string_agg(line, '; ') INTO differs FROM (
    SELECT format('%s %s: %s', status, needs, sum(jobs)) AS line FROM (
      SELECT status, needs, jobs FROM job_count UNION ALL SELECT status, needs, -count(*) FROM job GROUP BY 1, 2
    ) AS jobs GROUP BY status, needs HAVING sum(jobs) <> 0
    UNION ALL SELECT format('pending %s %s: %s', job_type, held, sum(jobs)) FROM (
      SELECT batch, job_type, held, jobs FROM pending_count UNION ALL
      SELECT coalesce(batch, ''), job_type, held, -count(*) FROM job WHERE status = 'pending' GROUP BY 1, 2, 3
    ) AS pending GROUP BY batch, job_type, held HAVING sum(jobs) <> 0
    UNION ALL SELECT format('batch %s: %s', batch, row(sum(files), sum(open), sum(pending), sum(held), sum(failed))) FROM (
      SELECT batch, files, open_files AS open, pending_files AS pending, held_files AS held, failed_files AS failed FROM batch_count
      UNION ALL SELECT batch, -1, -(open > 0)::int, -(pending > 0)::int, -(held > 0)::int, -(failed > 0 AND open = 0)::int FROM (
        SELECT b.batch, asset_uuid, count(*) FILTER (WHERE status IN ('pending', 'claimed')) AS open,
          count(*) FILTER (WHERE status = 'pending') AS pending, count(*) FILTER (WHERE status = 'pending' AND held = 1) AS held,
          count(*) FILTER (WHERE status = 'failed') AS failed
        FROM job CROSS JOIN LATERAL (VALUES (coalesce(job.batch, '')), ('*')) AS b (batch) GROUP BY 1, 2
      ) AS files
    ) AS batches GROUP BY batch
      HAVING row(sum(files), sum(open), sum(pending), sum(held), sum(failed)) <> row(0::numeric, 0::numeric, 0::numeric, 0::numeric, 0::numeric)
  ) AS lines;
  IF differs IS NOT NULL THEN RAISE EXCEPTION 'counted otherwise: %', differs; END IF;
END $$`;
