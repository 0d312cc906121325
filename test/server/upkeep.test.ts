import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { sql } from 'kysely';
import { afterEach, describe, expect, test } from 'vitest';
import { isPostgres } from '../../server/database/dialect.ts';
import { KEPT_TABLES, OWN_OF_DIALECT } from '../../server/database/kept-tables.ts';
import { openDatabase, type PostgresOptions } from '../../server/database/open.ts';
import type { Database } from '../../server/database/schema.ts';
import { createServer } from '../../server/server.ts';
import { moveToPostgres, restoreBackup, verifyBackup } from '../../server/upkeep/move.ts';
import { sumUp, type Sums } from '../../server/upkeep/rows.ts';
import { RefusedError } from '../../shared/failure.ts';
import { API_BASE } from '../../shared/wire.ts';
import { makeDatabase, noPostgres, onPostgres } from '../support/postgres.ts';
import {
  beginUpload,
  claimAndSubmit,
  claimJob,
  claimNew,
  newJob,
  sendPart,
  startRig,
  thumbsResult,
  upload,
  type ClaimedJob,
  type Rig,
  type Uploaded,
} from './running.ts';

const undo: (() => unknown)[] = [];
afterEach(async () => {
  for (const step of undo.splice(0).toReversed()) await step();
});

async function rigged(): Promise<Rig> {
  const rig = await startRig({ retentionDays: 1_000 });
  undo.push(() => rig.stop());
  return rig;
}

function folder(): string {
  const made = mkdtempSync(join(tmpdir(), 'rushcatalog-upkeep-'));
  undo.push(() => rmSync(made, { recursive: true, force: true }));
  return made;
}

async function emptyPostgres(): Promise<PostgresOptions> {
  const made = await makeDatabase();
  undo.push(made.drop);
  return made.postgres;
}

async function opened(dataDir: string, postgres?: PostgresOptions): Promise<Database> {
  const { database } = await openDatabase({ dataDir, postgres, silenceMs: null, onLostConnection: () => {} });
  undo.push(() => database.destroy());
  return database;
}

/** Something in every table. */
async function busy(rig: Rig): Promise<void> {
  await claimAndSubmit(rig, await claimNew(rig), randomBytes(300));
  const failed = await claimNew(rig);
  const failure = {
    lock_token: failed.lockToken,
    error_code: 'UNSUPPORTED_MEDIA',
    message: 'é\u2028"\\',
    retryable: false,
  };
  await rig.agent(`/jobs/${failed.jobId}/fail`, { body: failure, key: 'a key' });
  const held = await claimNew(rig);
  await rig.agent(`/jobs/${held.jobId}/heartbeat`, { body: { lock_token: held.lockToken, progress: 0.1, stage: 'x' } });
  const bytes = randomBytes(64);
  const { uploadId } = await beginUpload(rig, held, { bytes });
  await sendPart(rig, held, { uploadId, number: 1, bytes });
  const files = ['Ünder/Straße.mov', 'b.mov'].map((source_path) => ({
    source_path,
    jobs: [{ job_type: 'generate_thumbnails', inputs: {} }],
  }));
  await rig.operator('/assets/import', { body: { files, batch: randomUUID() } });
  await rig.operator('/operators', { body: { name: 'anna', role: 'viewer' } });
  await rig.operator('/agents/enrollments', { method: 'POST' });
  await watch(rig);
  await rig.server.sweep();
  await unwell(rig);
}

/** A state that is over. */
async function unwell({ server: { database } }: Rig): Promise<void> {
  const texts = { state_id: randomUUID(), code: 'diskFull', subject: '', detail_json: '{}' };
  const numbers = { began_at: 1, shown_at: 2, hidden: 0, over_at: 3 };
  await database
    .insertInto('health_state')
    .values({ ...texts, ...numbers })
    .execute();
  await database.insertInto('left_to_others').values({ sequence: 1, agent_id: 'gone', until: 5 }).execute();
  await database.insertInto('ledger_retention').values({ id: 1, before: 3 }).execute();
  await database.insertInto('tell_cursor').values({ id: 1, sequence: 1 }).execute();
  const gathered = { event: 'batchDone', subject: randomUUID(), detail_json: '{}', due_at: 9, covered: 0 };
  await database.insertInto('tell_gathered').values(gathered).execute();
  const message = { message_id: 'msg_1', target: 'mail 1', body_json: '{}', created_at: 1, tries: 2, due_at: 3 };
  await database.insertInto('tell_outbox').values(message).execute();
}

/** A rule, and a file that it took. */
async function watch({ server: { database } }: Rig): Promise<void> {
  const { uuid } = await database.selectFrom('asset').select('uuid').limit(1).executeTakeFirstOrThrow();
  const rule_id = randomUUID();
  const texts = {
    name: 'Tag',
    root: 'RUSHES',
    folder: 'Tag 1',
    kinds_json: '[]',
    job_types_json: '[]',
    inputs_json: '{}',
  };
  const numbers = { priority: 0, settle_ms: 1_000, enabled: 1, created_at: 1, taken: 1, jobs: 4, passed_over: 0 };
  await database
    .insertInto('watch_rule')
    .values({ rule_id, ...texts, ...numbers, created_by: 'anna' })
    .execute();
  const file = { size_bytes: 5, modified_ms: 6, state: 'taken', due_at: 7, same_since: 8, asset_uuid: uuid } as const;
  await database
    .insertInto('watched_file')
    .values({ rule_id, folder: 'A\u0001B', name: 'ü.mov', ...file })
    .execute();
}

const counters = async (database: Database) => ({
  jobs: await database
    .selectFrom('job_count')
    .selectAll()
    .where('jobs', '<>', 0)
    .orderBy('status')
    .orderBy('needs')
    .execute(),
  batches: await database.selectFrom('batch_count').selectAll().orderBy('batch').execute(),
  pending: await database.selectFrom('pending_count').selectAll().orderBy('batch').orderBy('job_type').execute(),
});

async function backupOf(rig: Rig): Promise<string> {
  const headers = { authorization: `Bearer ${rig.server.operatorToken}` };
  const answer = await fetch(`${rig.server.url}${API_BASE}/backup`, { headers });
  expect(answer.status).toBe(200);
  const file = join(folder(), 'backup');
  writeFileSync(file, Buffer.from(await answer.arrayBuffer()));
  return file;
}

const codeOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'done',
    (error: unknown) => (error instanceof RefusedError ? error.refusal.code : String(error)),
  );

describe('the tables that are kept', () => {
  test('are all there are, each read in the order of its primary key', async () => {
    const database = await opened(folder(), onPostgres ? await emptyPostgres() : undefined);
    const pg = isPostgres(database);
    const { rows } = pg
      ? await sql<{ name: string }>`SELECT relname::text AS name FROM pg_class
          WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'v', 'm', 'p')`.execute(database)
      : await sql<{ name: string }>`SELECT name FROM sqlite_schema
          WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite_%'`.execute(database);
    const kept = KEPT_TABLES.map(({ name }) => name);
    const left = rows.map(({ name }) => name).filter((name) => !OWN_OF_DIALECT.includes(name));
    expect(left.toSorted()).toEqual(kept.toSorted());
    for (const { name, key } of KEPT_TABLES) {
      const columns = pg
        ? await sql<{ name: string }>`SELECT attname::text AS name FROM pg_index
            JOIN pg_attribute ON attrelid = indrelid AND attnum = ANY (indkey)
            WHERE indrelid = to_regclass(${name}) AND indisprimary ORDER BY array_position(indkey::int2[], attnum)`.execute(
            database,
          )
        : await sql<{ name: string }>`SELECT name FROM pragma_table_info(${name}) WHERE pk > 0 ORDER BY pk`.execute(
            database,
          );
      expect([name, columns.rows.map((column) => column.name)]).toEqual([name, key]);
    }
  });
});

describe('a backup', () => {
  const targets: readonly (readonly [string, () => Promise<PostgresOptions | undefined>])[] = [
    ['SQLite', async () => undefined],
    ...(noPostgres === null ? [['PostgreSQL', emptyPostgres] as const] : []),
  ];

  test.each(targets)(
    'goes into an empty %s with equal counts and hashes, and is served from there',
    async (_name, target) => {
      const rig = await rigged();
      await busy(rig);
      const before = await sumUp(rig.server.database);
      expect(Object.entries(before).filter(([, { rows }]) => rows === 0)).toEqual([]);
      const file = await backupOf(rig);
      // The agent tokens' hashes are in it, and no token.
      expect(gunzipSync(readFileSync(file)).toString()).not.toContain(rig.server.operatorToken);

      const [dataDir, postgres] = [folder(), await target()];
      expect(await restoreBackup(file, { dataDir, postgres })).toEqual(before);
      const database = await opened(dataDir, postgres);
      expect(await sumUp(database)).toEqual(before);
      expect(await counters(database)).toEqual(await counters(rig.server.database));
      await database.destroy();
      expect(await codeOf(restoreBackup(file, { dataDir, postgres }))).toBe('TARGET_NOT_EMPTY');

      const server = await createServer({
        dataDir,
        ...(postgres === undefined ? {} : { postgres }),
        clock: () => rig.clock.now,
        sweepIntervalSeconds: 0,
        operatorToken: rig.server.operatorToken,
        agentToken: rig.server.agentToken,
      });
      undo.push(() => server.close());
      const restored = { ...rig, server };
      const call = (path: string, token: string, more: RequestInit = {}) =>
        fetch(`${server.url}${API_BASE}${path}`, {
          ...more,
          headers: { authorization: `Bearer ${token}`, 'x-agent-id': rig.agentId, 'content-type': 'application/json' },
        });
      const found = await call('/jobs/all?search=under', server.operatorToken);
      expect(((await found.json()) as { items: unknown[] }).items).toHaveLength(1);
      // Numbers are drawn behind those that came.
      const asset = await call('/assets', server.operatorToken, { method: 'POST', body: '{"source_path":"new.mov"}' });
      const { uuid } = (await asset.json()) as { uuid: string };
      const body = JSON.stringify({ asset_uuid: uuid, job_type: 'generate_thumbnails', inputs: {} });
      expect((await call('/jobs', server.operatorToken, { method: 'POST', body })).status).toBe(200);
      expect(restored.server.url).not.toBe(rig.server.url);
    },
  );

  test('is of one moment, while it is served', async () => {
    const rig = await rigged();
    await busy(rig);
    const over = new AbortController();
    let imports = 0;
    const writing = (async () => {
      for (let number = 0; !over.signal.aborted; number += 1) {
        const files = Array.from({ length: 20 }, (_, index) => ({
          source_path: `RUSHES/${number}-${index}.mov`,
          jobs: [{ job_type: 'generate_thumbnails', inputs: {} }],
        }));
        const { status, body } = await rig.operator('/assets/import', { body: { files } });
        expect([status, body]).toMatchObject([200, { jobs: 20 }]);
        imports += 1;
      }
    })();
    const files: string[] = [];
    for (let round = 0; round < 3; round += 1) {
      const before = imports;
      await expect.poll(() => imports).toBeGreaterThan(before);
      files.push(await backupOf(rig));
    }
    over.abort();
    await writing;
    let last = 0;
    for (const file of files) {
      const dataDir = folder();
      await restoreBackup(file, { dataDir });
      const database = await opened(dataDir);
      const { rows } = await sql<{ jobs: number; told: number; counted: number; assets: number }>`SELECT
        (SELECT count(*) FROM job) AS jobs,
        (SELECT count(*) FROM ledger WHERE event = 'jobCreated') AS told,
        (SELECT sum(jobs) FROM job_count) AS counted,
        (SELECT count(*) FROM asset) AS assets`.execute(database);
      const [{ jobs, told, counted, assets } = { jobs: 0, told: 0, counted: 0, assets: 0 }] = rows;
      expect([told, counted]).toEqual([jobs, jobs]);
      // Each import is there as a whole.
      expect((assets - 5) % 20).toBe(0);
      expect(jobs).toBeGreaterThan(last);
      last = jobs;
    }
  });

  test('that is damaged, cut off or something else is refused and writes nothing', async () => {
    const rig = await rigged();
    await busy(rig);
    const whole = readFileSync(await backupOf(rig));
    const text = gunzipSync(whole).toString();
    const lines = text.trimEnd().split('\n');
    const written = (bytes: Buffer | string): string => {
      const file = join(folder(), 'damaged');
      writeFileSync(file, bytes);
      return file;
    };
    const dataDir = folder();
    const code = (bytes: Buffer | string) => codeOf(restoreBackup(written(bytes), { dataDir }));
    const flipped = Buffer.from(whole);
    flipped.writeUInt8(flipped.readUInt8(flipped.length >> 1) ^ 0x10, flipped.length >> 1);
    expect(await code(flipped)).toBe('BACKUP_DAMAGED');
    // Wherever a bit is another one: in a name, in a number, between two. Before it is what gzip itself writes.
    for (let at = 10; at < whole.length; at += 1 + Math.floor(whole.length / 200)) {
      const other = Buffer.from(whole);
      other.writeUInt8(other.readUInt8(at) ^ (1 << (at % 8)), at);
      expect([at, await codeOf(verifyBackup(written(other)))]).toEqual([
        at,
        expect.stringMatching(/^(?:BACKUP_DAMAGED|NO_BACKUP)$/),
      ]);
    }
    const newer = [...lines.slice(0, 1), '{"table":"of_tomorrow","columns":["a"]}', '[1]', ...lines.slice(1)].join(
      '\n',
    );
    expect(await code(gzipSync(`${newer}\n`))).toBe('BACKUP_OF_ANOTHER_VERSION');
    expect(await code(whole.subarray(0, whole.length - 9))).toBe('BACKUP_DAMAGED');
    expect(await code(gzipSync(lines.slice(0, -1).join('\n')))).toBe('BACKUP_DAMAGED');
    expect(await code(gzipSync(text.replace('RUSHES/', 'BUSHES/')))).toBe('BACKUP_DAMAGED');
    const job = lines.findIndex((line) => line.includes('"table":"job"'));
    expect(await code(gzipSync(lines.toSpliced(job + 1, 1).join('\n')))).toBe('BACKUP_DAMAGED');
    expect(await code(gzipSync('{"format":"another"}\n'))).toBe('NO_BACKUP');
    expect(await code('no gzip at all')).toBe('BACKUP_DAMAGED');
    expect(await code(gzipSync(''))).toBe('NO_BACKUP');
    const other = text.replace(/"columns":\["created_at",/, '"columns":["born_at",');
    expect(await code(gzipSync(other))).toBe('BACKUP_OF_ANOTHER_VERSION');
    const left: Sums = await sumUp(await opened(dataDir));
    expect(Object.values(left).reduce((sum, { rows }) => sum + rows, 0)).toBe(0);
  });
});

describe.skipIf(noPostgres !== null || onPostgres)('a move to PostgreSQL', () => {
  test('has equal counts and hashes, keeps the files, and neither catalogue begins beside the other', async () => {
    const rig = await rigged();
    await busy(rig);
    const before = await sumUp(rig.server.database);
    await rig.server.close();
    const { dataDir } = rig;
    const start = (postgres?: PostgresOptions) =>
      createServer({ dataDir, ...(postgres === undefined ? {} : { postgres }), sweepIntervalSeconds: 0 });
    const postgres = await emptyPostgres();
    expect(await codeOf(start(postgres))).toBe('DATABASE_NOT_MOVED');
    const full = await emptyPostgres();
    await (
      await opened(folder(), full)
    )
      .insertInto('operator')
      .values({
        name: 'a',
        role: 'viewer',
        token_hash: 'h',
        expires_at: null,
        previous_hash: null,
        previous_until: null,
        created_at: 0,
        rotated_at: 0,
      })
      .execute();
    expect(await codeOf(moveToPostgres(dataDir, full))).toBe('TARGET_NOT_EMPTY');

    const { sums } = await moveToPostgres(dataDir, postgres);
    expect(sums).toEqual(before);
    expect(await codeOf(start())).toBe('DATABASE_ELSEWHERE');
    expect(await codeOf(moveToPostgres(dataDir, postgres))).toBe('NO_CATALOGUE');
    const server = await createServer({ dataDir, postgres, clock: () => rig.clock.now, sweepIntervalSeconds: 0 });
    undo.push(() => server.close());
    const call = async (path: string) => {
      const answer = await fetch(`${server.url}${API_BASE}${path}`, {
        headers: { authorization: `Bearer ${server.operatorToken}` },
      });
      return (await answer.text()).trimEnd().split('\n').at(-1);
    };
    expect(JSON.parse((await call('/check?hashes=true')) ?? '')).toMatchObject({ sums: { files: 1, faults: 0 } });
  });
});

describe('derived files', () => {
  const pathOf = (rig: Rig, ref: string) => join(rig.dataDir, 'derived', ref.slice(0, 2), ref);

  async function lines(
    rig: Rig,
    path: string,
    body?: unknown,
  ): Promise<{ readonly status: number; readonly found: Record<string, unknown>[] }> {
    const answer = await rig.operator<unknown>(path, body === undefined ? {} : { body });
    const text = typeof answer.body === 'string' ? answer.body : JSON.stringify(answer.body);
    return {
      status: answer.status,
      found: text
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as Record<string, unknown>),
    };
  }

  const three = async (
    rig: Rig,
  ): Promise<{ readonly jobs: readonly ClaimedJob[]; readonly files: readonly Uploaded[] }> => {
    const jobs: ClaimedJob[] = [];
    const files: Uploaded[] = [];
    for (let index = 0; index < 3; index += 1) {
      const job = await claimNew(rig);
      jobs.push(job);
      files.push(await claimAndSubmit(rig, job));
    }
    return { jobs, files };
  };

  test('are held against their rows: missing, of another size, changed, left over', async () => {
    const rig = await rigged();
    const { files } = await three(rig);
    const sums = { files: 3, bytes: 192, faults: 0, orphans: 0 };
    expect((await lines(rig, '/check?hashes=true')).found).toEqual([{ sums }]);
    const [gone, short, changed] = files.map(({ ref }) => ref) as [string, string, string];
    rmSync(pathOf(rig, gone));
    truncateSync(pathOf(rig, short), 10);
    writeFileSync(pathOf(rig, changed), randomBytes(64));
    const stray = `${changed.slice(0, 2)}${'0'.repeat(30)}`;
    writeFileSync(pathOf(rig, stray), '');
    const quick = await lines(rig, '/check');
    expect(quick.found.at(-1)).toEqual({ sums: { ...sums, faults: 2 } });
    const whole = await lines(rig, '/check?hashes=true');
    expect(Object.fromEntries(whole.found.slice(0, -1).map(({ ref, fault }) => [ref, fault]))).toEqual({
      [gone]: 'missing',
      [short]: 'wrong size',
      [changed]: 'wrong hash',
    });
    // A day later nobody can be about to name it.
    rig.clock.now = Date.now() + 2 * 86_400_000;
    const later = await lines(rig, '/check');
    expect(later.found).toContainEqual({ kind: 'orphan', ref: stray });
    expect(later.found.at(-1)).toMatchObject({ sums: { orphans: 1 } });
  });

  test('that are missing or damaged are made again by their jobs', async () => {
    const rig = await rigged();
    const { jobs, files } = await three(rig);
    const [gone, changed, good] = files.map(({ ref }) => ref) as [string, string, string];
    rmSync(pathOf(rig, gone));
    writeFileSync(pathOf(rig, changed), randomBytes(64));
    const { found } = await lines(rig, '/scrub', { hashes: true });
    expect(found.at(-1)).toMatchObject({ sums: { files: 3, faults: 2, jobs: 2 } });
    const statusOf = async (job: ClaimedJob) => (await rig.operator(`/jobs/${job.jobId}`)).body['status'];
    expect(await Promise.all(jobs.map(statusOf))).toEqual(['pending', 'pending', 'completed']);
    const derived = async (job: ClaimedJob) =>
      (await rig.operator<{ items: { ref: string }[] }>(`/assets/${job.assetUuid}/derived`)).body.items.map(
        ({ ref }) => ref,
      );
    expect(await Promise.all(jobs.map(derived))).toEqual([[], [], [good]]);
    const { items } = (await rig.operator<{ items: { operator?: string }[] }>('/ledger?event=derivedLost')).body;
    expect(items.map(({ operator }) => operator)).toEqual(['operator-token', 'operator-token']);

    for (const job of jobs.slice(0, 2)) await claimAndSubmit(rig, await claimJob(rig, job));
    const again = await lines(rig, '/scrub', { hashes: true });
    expect(again.found).toEqual([{ sums: { files: 3, bytes: 192, faults: 0, orphans: 0, jobs: 0 } }]);
  });

  test('of a job that is claimed are left alone; so is everything where a whole folder seems to be away', async () => {
    const rig = await rigged();
    const claimed = await claimNew(rig);
    const early = await upload(rig, claimed, { bytes: randomBytes(9) });
    rmSync(pathOf(rig, early.ref));
    expect((await lines(rig, '/scrub', {})).found).toMatchObject([
      { job: 'left as it is' },
      { sums: { faults: 1, jobs: 0 } },
    ]);

    const job = await claimNew(rig);
    const files: Uploaded[] = [];
    for (let index = 0; index < 11; index += 1) files.push(await upload(rig, job, { bytes: randomBytes(5) }));
    expect((await rig.agent(`/jobs/${job.jobId}/submit`, { body: thumbsResult(job, files) })).status).toBe(200);
    rmSync(join(rig.dataDir, 'derived'), { recursive: true });
    const refused = await lines(rig, '/scrub', {});
    expect([refused.status, refused.found[0]]).toMatchObject([
      409,
      { code: 'STATE_CONFLICT', details: { files: 12, faults: 12 } },
    ]);
    expect((await rig.operator(`/jobs/${job.jobId}`)).body['status']).toBe('completed');
    const forced = await lines(rig, '/scrub', { force: true });
    expect(forced.found.at(-1)).toMatchObject({ sums: { faults: 12, jobs: 1 } });
    expect((await rig.operator(`/jobs/${job.jobId}`)).body['status']).toBe('pending');
    await newJob(rig);
  });
});
