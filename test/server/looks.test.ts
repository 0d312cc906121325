import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { onPostgres } from '../support/postgres.ts';
import {
  ALL_CAPABILITIES,
  claimAndSubmit,
  claimJob,
  claimNew,
  newJob,
  registerAgent,
  startRig,
  type Rig,
} from './running.ts';

/** Every statement that was prepared since the test began. */
let statements: Set<string>;
let rig: Rig;
beforeEach(() => {
  statements = new Set();
  const { prepare } = DatabaseSync.prototype;
  vi.spyOn(DatabaseSync.prototype, 'prepare').mockImplementation(function (this: DatabaseSync, sql: string) {
    statements.add(sql);
    return prepare.call(this, sql);
  });
});
afterEach(async () => {
  vi.restoreAllMocks();
  await rig.stop();
});

/** Small for ever: one row for each agent, each job in work, each capability, each kind of need, each batch that waits, each watched folder, each state that lasts, or one alone. */
const SMALL =
  /^SCAN (?:batch_count USING INDEX batch_open|agent|agent_capability|job_count|pending_count|retention_clock|enrollment|lease|watch_rule|health_state USING INDEX health_state_now)\b/;

/** What a start reads and changes once: which files belong to something, whose lease and upload goes on. */
const AT_START =
  /^select "file_name" from "upload_part"$|^select "ref" from "derived" where "status" in|^update "lease" set "locked_until" = \?, "in_grace" = \?$|^update "upload" set "touched_at" = \? where "status"/;

/** What a statement passes over from end to end, or sorts. */
function looks(sqls: Iterable<string>): string[] {
  const database = new DatabaseSync(join(rig.dataDir, 'catalog.db'));
  const found: string[] = [];
  for (const sql of sqls) {
    if (!/^(?:select|update|delete|insert)\b/i.test(sql) || AT_START.test(sql)) continue;
    const plan = database.prepare(`EXPLAIN QUERY PLAN ${sql}`).all() as { detail: string }[];
    // A page from the beginning of a list is read in its order, and no further.
    const isPage = /\blimit \?$/i.test(sql) && !/\bwhere\b/i.test(sql);
    // What one asset or one job has is few, as is what was named one by one, and sorted by what made it.
    const isFew = /"asset_uuid" = \?|from "derived" where "job_id" = \?|where "job_id" in \(\?/.test(sql);
    for (const { detail } of plan) {
      // One status alone narrows nothing: almost every job may have it. A page of such a list is read in its order.
      if (detail.endsWith('USING INDEX job_by_status (status=?)') && !/order by "sequence"/.test(sql))
        found.push(`${detail}: ${sql}`);
      if (!isPage && /^SCAN\b/.test(detail) && !SMALL.test(detail) && !/VIRTUAL|CONSTANT|VALUES CLAUSE/.test(detail))
        found.push(`${detail}: ${sql}`);
      if (!isFew && /TEMP B-TREE FOR ORDER BY/.test(detail)) found.push(`${detail}: ${sql}`);
    }
  }
  database.close();
  return found;
}

/** A job that its agent leaves to another one. */
async function tryElsewhere(): Promise<void> {
  await registerAgent(rig, randomUUID(), ALL_CAPABILITIES);
  const { jobId, lockToken } = await claimNew(rig);
  const failure = { lock_token: lockToken, error_code: 'ENCODE_FAILED', message: 'no', retryable: false };
  await rig.agent(`/jobs/${jobId}/fail`, { body: failure });
  await rig.operator(`/jobs/${jobId}/retry`, { body: { elsewhere_first: true } });
  expect((await rig.agent<{ items: unknown[] }>('/jobs')).body.items).toEqual([]);
  expect((await rig.agent(`/jobs/${jobId}/claim`, { method: 'POST' })).status).toBe(409);
}

test.skipIf(onPostgres)('no regular look passes over a table, however much is in it', async () => {
  rig = await startRig({
    retentionDays: 1,
    derivedRetentionDays: 1,
    jobRetentionDays: 1,
    ledgerRetentionDays: 30,
    backoff: () => 60,
    metrics: {},
  });
  // Another start, without what made the tables: some of its statements are asked again and again.
  statements.clear();
  await rig.restart();
  const done = await claimNew(rig);
  await claimAndSubmit(rig, done);
  const held = await claimJob(rig, await newJob(rig));
  await rig.agent(`/jobs/${held.jobId}/heartbeat`, { body: { lock_token: held.lockToken, progress: 0.5 } });
  const failure = { lock_token: held.lockToken, error_code: 'ENCODE_FAILED', message: 'no', retryable: true };
  await rig.agent(`/jobs/${held.jobId}/fail`, { body: failure });
  await rig.agent('/jobs');
  await rig.agent('/jobs/summary');
  for (const path of ['/page/state', '/page/agents', '/page/assets', `/page/jobs/${held.jobId}`, '/failures'])
    expect((await rig.operator(path)).status).toBe(200);
  await rig.operator('/failures/jobs?cause=x');
  await rig.operator('/failures/retry', { body: { cause: 'x', until: new Date(0).toISOString() } });
  await tryElsewhere();
  await rig.operator('/assets/purge', { body: { asset_uuids: [held.assetUuid] } });
  await rig.server.sweep();
  const asked = [
    '',
    '?event=jobFailed',
    `?agent_id=${rig.agentId}`,
    `?job_id=${held.jobId}`,
    '?event=jobFailed&cursor=1',
  ];
  for (const filter of asked) expect((await rig.operator(`/ledger${filter}`)).status, filter).toBe(200);
  await rig.server.ledger({ agentId: rig.agentId, after: 1 });
  for (const path of [
    '/jobs/queue',
    '/jobs/all',
    '/jobs/all?status=pending',
    '/assets',
    `/assets/${done.assetUuid}/derived`,
  ]) {
    expect((await rig.operator(path)).status, path).toBe(200);
  }
  for (const path of ['/metrics', '/readyz']) expect((await fetch(`${rig.server.url}${path}`)).status).toBe(200);
  // Everything is old: what the sweep deletes is found in the same way.
  rig.clock.now += 35 * 86_400_000;
  await rig.server.sweep();
  const seen = [...statements];
  expect(seen.length).toBeGreaterThan(30);
  await rig.server.close();
  vi.restoreAllMocks();
  expect(looks(seen)).toEqual([]);
  expect(looks(["SELECT * FROM job WHERE last_lock_hash = 'x'"])).toHaveLength(1);
  await rig.restart();
});

test.skipIf(onPostgres)(
  'jobs that are held off are not among those that are looked at, and come back when they are due',
  async () => {
    rig = await startRig({ backoff: () => 60, maxAttempts: 5 });
    const offered = async (): Promise<string[]> =>
      (await rig.agent<{ items: { job_id: string }[] }>('/jobs')).body.items.map(({ job_id }) => job_id);
    const held = await claimNew(rig);
    const due = (await newJob(rig)).jobId;
    const failure = { lock_token: held.lockToken, error_code: 'ENCODE_FAILED', message: 'no', retryable: true };
    await rig.agent(`/jobs/${held.jobId}/fail`, { body: failure });
    expect(await offered()).toEqual([due]);
    rig.clock.now += 59_000;
    expect(await offered()).toEqual([due]);
    rig.clock.now += 2_000;
    expect((await offered()).toSorted()).toEqual([held.jobId, due].toSorted());
    const sql = [...statements].find((text) => /"needs" = \?/.test(text) && /order by/i.test(text)) ?? '';
    await rig.server.close();
    vi.restoreAllMocks();
    const database = new DatabaseSync(join(rig.dataDir, 'catalog.db'));
    const plan = database.prepare(`EXPLAIN QUERY PLAN ${sql}`).all() as { detail: string }[];
    database.close();
    expect(plan.map(({ detail }) => detail)).toEqual(['SEARCH job USING INDEX job_due (needs=?)']);
    await rig.restart();
  },
);
