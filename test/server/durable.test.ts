import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { sql } from 'kysely';
import { afterEach, describe, expect, test } from 'vitest';
import { onPostgres } from '../support/postgres.ts';
import { API_BASE } from '../../shared/wire.ts';
import { createServer } from '../../server/server.ts';
import { ServerStartError } from '../../server/start-error.ts';
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
  type Rig,
} from './running.ts';

const undo: (() => unknown)[] = [];
afterEach(async () => {
  for (const step of undo.splice(0).toReversed()) await step();
});

async function rigOf(...options: Parameters<typeof startRig>): Promise<Rig> {
  const rig = await startRig(...options);
  undo.push(rig.stop);
  return rig;
}

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'rushcatalog-server-'));
  undo.push(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

const startProblem = async (options: Parameters<typeof createServer>[0]) => {
  const problem: unknown = await createServer(options).catch((error: unknown) => error);
  expect(problem).toBeInstanceOf(ServerStartError);
  const { code, message, nextStep } = (problem as ServerStartError).refusal;
  expect(message).toMatch(/^[A-Z][^\n]+\.$/);
  expect(nextStep).toMatch(/^[A-Z][^\n]+\.$/);
  return code;
};

describe('a restart', () => {
  test('answers every repeated write as before, and refuses the key with another body', async () => {
    const rig = await rigOf({ maxPartSizeBytes: 50 });
    const made = await newJob(rig);
    const claim = () =>
      rig.agent<{ lock_token: string }>(`/jobs/${made.jobId}/claim`, { method: 'POST', key: 'claim' });
    const { lock_token } = (await claim()).body;
    await rig.restart();
    expect((await claim()).body.lock_token).toBe(lock_token);

    const job = { ...made, lockToken: lock_token };
    const bytes = randomBytes(120);
    const { uploadId } = await beginUpload(rig, job, { bytes });
    const parts: { part_number: number; etag: string }[] = [];
    for (const number of [1, 2, 3]) {
      if (number === 2) await rig.restart();
      const chunk = bytes.subarray((number - 1) * 50, number * 50);
      parts.push({
        part_number: number,
        etag: (await sendPart(rig, job, { uploadId, number, bytes: chunk })).body.etag,
      });
    }
    const complete = () =>
      rig.agent<{ ref: string }>(`/assets/${job.assetUuid}/derived/upload/complete`, {
        key: 'complete',
        body: { upload_id: uploadId, lock_token, parts },
      });
    const { ref } = (await complete()).body;
    await rig.restart();
    expect((await complete()).body.ref).toBe(ref);

    const file = { kind: 'thumb', ref, content_type: 'image/webp', size_bytes: 120, sha256: '' } as const;
    const listed = {
      ...file,
      sha256: (await rig.server.ledger({ event: 'uploadCompleted' }))[0]?.detail['sha256'] as string,
    };
    const submit = (body: unknown) => rig.agent(`/jobs/${job.jobId}/submit`, { key: 'submit', body });
    expect((await submit(thumbsResult(job, [listed]))).status).toBe(200);
    await rig.restart();
    expect((await submit(thumbsResult(job, [listed]))).status).toBe(200);
    expect(await submit({ ...thumbsResult(job, [listed]), errors: [], extra: 1 })).toMatchObject({
      status: 422,
      body: { details: [{ field: 'Idempotency-Key' }] },
    });
    expect((await claim()).status).toBe(409);
    const other = await newJob(rig);
    expect((await rig.agent(`/jobs/${other.jobId}/claim`, { method: 'POST', key: 'claim' })).status).toBe(422);
    expect(await rig.server.ledger({ event: 'jobSubmitted' })).toHaveLength(1);
  });

  test('keys are forgotten after the retention', async () => {
    const rig = await rigOf({ retentionDays: 1 });
    const { jobId } = await newJob(rig);
    const claim = () => rig.agent(`/jobs/${jobId}/claim`, { method: 'POST', key: 'k' });
    expect((await claim()).status).toBe(200);
    rig.clock.now += 86_400_000;
    expect((await claim()).status).toBe(409);
    await rig.server.sweep();
    expect((await claim()).status).toBe(200);
  });
});

describe('what goes wrong inside', () => {
  test.skipIf(onPostgres)('a restart keeps every listed file and removes what a kill left behind', async () => {
    const rig = await rigOf();
    const jobs = [await claimNew(rig), await claimNew(rig)];
    const files = [];
    for (const job of jobs) files.push(await claimAndSubmit(rig, job));
    const shard = join(rig.dataDir, 'derived', (files[0]?.ref ?? '').slice(0, 2));
    writeFileSync(join(rig.dataDir, 'parts', 'e'.repeat(32)), 'x');
    writeFileSync(join(shard, `${'0'.repeat(32)}.new`), 'x');
    await rig.restart();
    for (const [index, job] of jobs.entries()) {
      const ref = files[index]?.ref ?? '';
      expect((await rig.operator(`/assets/${job.assetUuid}/derived/${ref}`)).status).toBe(200);
    }
    expect(readdirSync(join(rig.dataDir, 'parts'))).toEqual([]);
    expect(readdirSync(shard).filter((name) => name.endsWith('.new'))).toEqual([]);
  });

  test.skipIf(onPostgres)(
    'a database without room answers 503 with Retry-After, changes nothing, and recovers',
    async () => {
      const rig = await rigOf();
      const job = await newJob(rig);
      const { rows } = await sql<{ page_count: number }>`PRAGMA page_count`.execute(rig.server.database);
      const limit = (pages: number) => sql`PRAGMA max_page_count = ${sql.lit(pages)}`.execute(rig.server.database);
      await limit(rows[0]?.page_count ?? 1);
      const long = 'x'.repeat(4_000);
      const make = () => rig.operator('/assets', { body: { source_path: `${long}${randomUUID()}` } });
      await expect.poll(async () => (await make()).status, { interval: 1 }).toBe(503);
      const refused = await make();
      expect(refused).toMatchObject({ status: 503, body: { code: 'TEMPORARY_UNAVAILABLE' } });
      expect(refused.headers.get('retry-after')).toBe('5');
      await limit(100_000);
      expect((await make()).status).toBe(200);
      expect((await claimJob(rig, job)).lockToken).toBeTypeOf('string');
    },
  );

  test('a folder that cannot be used is a 500 without a stack, and the server lives on', async () => {
    const errors: unknown[] = [];
    const rig = await rigOf({ log: { info: () => {}, warn: () => {}, error: (fields) => void errors.push(fields) } });
    const job = await claimNew(rig);
    const bytes = randomBytes(100);
    const { uploadId } = await beginUpload(rig, job, { bytes });
    rmSync(join(rig.dataDir, 'parts'), { recursive: true });
    writeFileSync(join(rig.dataDir, 'parts'), 'a file in its place');
    const answer = await sendPart(rig, job, { uploadId, number: 1, bytes });
    expect([answer.status, answer.body]).toEqual([
      500,
      {
        code: 'INTERNAL',
        message: 'The server could not do this; its log says why.',
        request_id: answer.headers.get('x-request-id'),
      },
    ]);
    expect(errors).toHaveLength(1);
    expect((await rig.operator('/jobs/summary')).status).toBe(200);
  });
});

describe('the ledger', () => {
  test('has one line per accepted write, with the hash of the lease that wrote, and cannot be changed', async () => {
    const rig = await rigOf();
    const job = await claimNew(rig);
    const file = await upload(rig, job, { bytes: randomBytes(9) });
    await rig.agent(`/jobs/${job.jobId}/submit`, { body: thumbsResult(job, [file]) });
    const lines = await rig.server.ledger({ jobId: job.jobId });
    expect(lines.map((line) => line.event)).toEqual([
      'jobCreated',
      'jobClaimed',
      'uploadBegun',
      'partStored',
      'uploadCompleted',
      'jobSubmitted',
      'derivedAccepted',
    ]);
    expect(new Set(lines.slice(1).map((line) => `${line.agentId} ${line.lockHash}`)).size).toBe(1);
    await expect(rig.server.database.deleteFrom('ledger').execute()).rejects.toThrow('append-only');
    await expect(rig.server.database.updateTable('ledger').set({ event: 'x' }).execute()).rejects.toThrow(
      'append-only',
    );
    expect(await rig.server.ledger({ jobId: job.jobId })).toEqual(lines);
  });
});

describe('a start that cannot be', () => {
  test('a taken port, an address that is not ours', async () => {
    const rig = await rigOf();
    expect(await startProblem({ dataDir: folder(), port: rig.server.port })).toBe('PORT_IN_USE');
    expect(await startProblem({ dataDir: folder(), host: '203.0.113.7', behindProxy: true })).toBe(
      'ADDRESS_UNAVAILABLE',
    );
  });

  test.skipIf(onPostgres)('a folder in use, a file in its place, a damaged and a newer database', async () => {
    const rig = await rigOf();
    expect(await startProblem({ dataDir: rig.dataDir })).toBe('DATABASE_IN_USE');
    const place = folder();
    writeFileSync(join(place, 'file'), '');
    expect(await startProblem({ dataDir: join(place, 'file') })).toBe('DATA_FOLDER_UNUSABLE');
    writeFileSync(join(place, 'catalog.db'), 'this is no database, whatever it is called. '.repeat(100));
    expect(await startProblem({ dataDir: place })).toBe('DATABASE_DAMAGED');
    const newer = folder();
    const first = await createServer({ dataDir: newer });
    await first.close();
    const database = new DatabaseSync(join(newer, 'catalog.db'));
    database.exec('PRAGMA user_version = 99');
    database.close();
    expect(await startProblem({ dataDir: newer })).toBe('DATABASE_NEWER');
    const after = new DatabaseSync(join(newer, 'catalog.db'), { readOnly: true });
    expect(after.prepare('PRAGMA user_version').get()).toEqual({ user_version: 99 });
    after.close();
  });

  test('a folder without write permission', async (context) => {
    if (process.platform === 'win32') context.skip('Windows folders have no write bit');
    if (process.getuid?.() === 0) context.skip('the superuser may write everywhere');
    const place = folder();
    chmodSync(place, 0o500);
    expect(await startProblem({ dataDir: place })).toBe('DATA_FOLDER_UNUSABLE');
  });
});

describe('close', () => {
  test('lets a request in flight finish, and may be repeated', { tags: ['slow'] }, async () => {
    const rig = await rigOf();
    const job = await claimNew(rig);
    const bytes = randomBytes(5_000_000);
    const { uploadId } = await beginUpload(rig, job, { bytes });
    const part = sendPart(rig, job, { uploadId, number: 1, bytes });
    await expect.poll(() => readdirSync(join(rig.dataDir, 'parts')).length).toBeGreaterThan(0);
    await Promise.all([rig.server.close(), rig.server.close()]);
    expect((await part).status).toBe(200);
  });

  test('does not wait for ever for one that hangs', async () => {
    const rig = await rigOf({ closeGraceMs: 200 });
    const socket = connect(rig.server.port, '127.0.0.1');
    socket.on('error', () => {});
    socket.write(
      `POST ${API_BASE}/assets HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${rig.server.operatorToken}\r\n` +
        'Content-Type: application/json\r\nContent-Length: 50\r\n\r\n{"source',
    );
    // An answer to a later one: by then the server has read the beginning of the first.
    await rig.operator('/jobs/summary');
    await rig.server.close();
  });
});

interface Served {
  readonly url: string;
  readonly agentToken: string;
  readonly operatorToken: string;
  readonly child: ChildProcess;
}

async function serveInChild(dataDir: string): Promise<Served> {
  const script = fileURLToPath(new URL('./serve-child.ts', import.meta.url));
  const child = spawn(process.execPath, [script, dataDir], { stdio: ['ignore', 'pipe', 'inherit'] });
  undo.push(() => child.kill('SIGKILL'));
  const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
  return { ...(JSON.parse(line) as Omit<Served, 'child'>), child };
}

async function kill(child: ChildProcess): Promise<void> {
  const gone = once(child, 'exit');
  child.kill('SIGKILL');
  await gone;
}

test(
  'SIGKILL in the middle of a part: the next start has what was accepted and nothing else',
  { tags: ['slow'] },
  async () => {
    const dataDir = folder();
    const first = await serveInChild(dataDir);
    const rig = await rigOf();
    const remote = (served: Served): Rig => ({
      ...rig,
      agent: (path, call) => rig.agent(path, { token: served.agentToken, ...call }),
      operator: (path, call) => rig.operator(path, { token: served.operatorToken, ...call }),
    });
    const embedded = rig.server;
    const talkTo = (served: Served): Rig => {
      rig.server = { ...embedded, url: served.url, agentToken: served.agentToken, operatorToken: served.operatorToken };
      return remote(served);
    };
    undo.push(() => {
      rig.server = embedded;
    });

    let there = talkTo(first);
    const { body } = await there.agent<{ agent_id: string }>('/agents/register', {
      agentId: null,
      body: {
        installation_id: randomUUID(),
        agent_name: 'a',
        agent_version: '1',
        capabilities: ['media.thumbnails@1'],
      },
    });
    rig.agentId = body.agent_id;
    const job = await claimJob(there, await newJob(there));
    const bytes = randomBytes(2_500);
    const { uploadId } = await beginUpload(there, job, { bytes });
    const one = await sendPart(there, job, { uploadId, number: 1, bytes: bytes.subarray(0, 1_000) });
    expect(one.status).toBe(200);

    const socket = connect(Number(new URL(first.url).port), '127.0.0.1');
    socket.on('error', () => {});
    socket.write(
      `POST ${API_BASE}/assets/${job.assetUuid}/derived/upload/part HTTP/1.1\r\nHost: x\r\n` +
        `Authorization: Bearer ${first.agentToken}\r\nX-Agent-Id: ${rig.agentId}\r\n` +
        'Content-Type: multipart/form-data; boundary=b\r\nContent-Length: 9000\r\n\r\n' +
        `--b\r\nContent-Disposition: form-data; name="chunk"; filename="p"\r\n\r\n${'x'.repeat(3_000)}`,
    );
    await expect.poll(() => readdirSync(join(dataDir, 'parts')).length).toBe(2);
    await kill(first.child);
    expect(readdirSync(join(dataDir, 'parts'))).toHaveLength(2);

    const second = await serveInChild(dataDir);
    expect([second.agentToken, second.operatorToken]).toEqual([first.agentToken, first.operatorToken]);
    expect(readdirSync(join(dataDir, 'parts'))).toHaveLength(1);
    there = talkTo(second);
    const path = `/assets/${job.assetUuid}/derived/upload`;
    const held = await there.agent<{ parts: { part_number: number; etag: string }[] }>(`${path}/${uploadId}`);
    expect(held.body.parts).toEqual([{ part_number: 1, etag: one.body.etag }]);
    const parts = [...held.body.parts];
    for (const number of [2, 3]) {
      const chunk = bytes.subarray((number - 1) * 1_000, number * 1_000);
      parts.push({
        part_number: number,
        etag: (await sendPart(there, job, { uploadId, number, bytes: chunk })).body.etag,
      });
    }
    const done = await there.agent(`${path}/complete`, {
      body: { upload_id: uploadId, lock_token: job.lockToken, parts },
    });
    expect(done.status).toBe(200);
    await kill(second.child);
  },
);
