import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import type { ServerOptions } from '../../server/options.ts';
import { createServer } from '../../server/server.ts';
import { restoreBackup } from '../../server/upkeep/move.ts';
import { moveDerived } from '../../server/upkeep/move-derived.ts';
import { RefusedError } from '../../shared/failure.ts';
import { makeDatabase, noPostgres, onPostgres } from '../support/postgres.ts';
import { BUCKET, startS3, type S3StandIn } from '../support/s3/stand-in.ts';
import {
  beginUpload,
  claimAndSubmit,
  claimNew,
  send,
  sendPart,
  sha256,
  startRig,
  upload,
  type ClaimedJob,
  type Rig,
} from './running.ts';

const undo: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const step of undo.splice(0).toReversed()) await step();
});

const PART = 64 * 1024;

function derivedIn(store: S3StandIn, prefix = 'studio/a'): NonNullable<ServerOptions['derived']> {
  return { address: `s3://${BUCKET}/${prefix}`, endpoint: store.url, region: store.region, credentials: store.keys };
}

async function onS3(
  more: Partial<ServerOptions> = {},
  storeOptions: Parameters<typeof startS3>[0] = {},
): Promise<{ rig: Rig; store: S3StandIn }> {
  const store = await startS3({ minPartBytes: PART, ...storeOptions });
  undo.push(() => store.close());
  const rig = await startRig({ maxPartSizeBytes: PART, derived: derivedIn(store), ...more });
  undo.push(() => rig.stop());
  return { rig, store };
}

const download = (rig: Rig, { assetUuid }: ClaimedJob, ref: string, headers: Record<string, string> = {}) =>
  fetch(`${rig.server.url}/api/v1/assets/${assetUuid}/derived/${ref}`, {
    headers: { authorization: `Bearer ${rig.server.operatorToken}`, ...headers },
  });

describe('an upload whose parts come through the server', () => {
  test.each([
    ['a store that compares checksums', {}],
    ['one that compares nothing and knows no conditions', { checksums: false, conditions: false }],
  ])('is whole in %s, and can be read by ranges', async (_name, storeOptions) => {
    const { rig, store } = await onS3({}, storeOptions);
    const job = await claimNew(rig);
    const bytes = randomBytes(2 * PART + 100);
    const { ref } = await upload(rig, job, { bytes });
    const whole = await download(rig, job, ref);
    expect(sha256(Buffer.from(await whole.arrayBuffer()))).toBe(sha256(bytes));
    const part = await download(rig, job, ref, { range: `bytes=${PART - 5}-${PART + 4}` });
    expect([part.status, Buffer.from(await part.arrayBuffer())]).toEqual([206, bytes.subarray(PART - 5, PART + 5)]);
    expect([...store.bucket.objects.keys()].filter((key) => key.endsWith(ref))).toEqual([
      `studio/a/derived/${ref.slice(0, 2)}/${ref}`,
    ]);
    expect(store.bucket.uploads.size).toBe(0);
    expect(store.requests.filter(({ headers }) => /^Bearer/i.test(headers.authorization ?? ''))).toEqual([]);
  });

  test('can be had from the store by whoever asks for its address, by ranges, for minutes', async () => {
    const { rig, store } = await onS3();
    const job = await claimNew(rig);
    const bytes = randomBytes(PART + 9);
    const { ref } = await upload(rig, job, { bytes });
    const ask = (path: string, token: string) =>
      fetch(`${rig.server.url}/api/v1/assets/${job.assetUuid}/derived/${path}`, {
        headers: { authorization: `Bearer ${token}` },
        redirect: 'manual',
      });
    expect((await ask(`${ref}?direct=true`, rig.server.agentToken)).status).toBe(403);
    const told = await ask(`${ref}?direct=true`, rig.server.operatorToken);
    const location = told.headers.get('location') ?? '';
    expect([told.status, told.headers.get('cache-control'), new URL(location).origin]).toEqual([
      307,
      'no-store',
      store.url,
    ]);
    const part = await fetch(location, { headers: { range: 'bytes=5-9' } });
    expect([part.status, part.headers.get('content-type'), Buffer.from(await part.arrayBuffer())]).toEqual([
      206,
      'image/webp',
      bytes.subarray(5, 10),
    ]);
    store.faults(() => ({ aheadMs: 3_600_000 }));
    expect((await fetch(location)).status).toBe(403);
    store.faults(undefined);
    expect((await fetch(location.replace(ref, '0'.repeat(32)))).status).toBe(403);
  });

  test('goes on where an answer of the store was lost, and is joined once', async () => {
    const { rig, store } = await onS3();
    const job = await claimNew(rig);
    const bytes = randomBytes(PART + 1);
    let lost = 0;
    // The library asks three times by itself; the fourth is the agent's.
    store.faults(({ method, query }) =>
      method === 'POST' && query.has('uploadId') && lost++ < 4 ? { swallow: true } : {},
    );
    const { uploadId, parts } = await sendAll(rig, job, bytes);
    const complete = () =>
      rig.agent<{ ref: string }>(`/assets/${job.assetUuid}/derived/upload/complete`, {
        body: { upload_id: uploadId, lock_token: job.lockToken, parts },
        key: 'complete',
      });
    const answers = [await complete(), await complete(), await complete()];
    const refs = answers.filter(({ status }) => status === 200).map(({ body }) => body.ref);
    expect([lost > 0, new Set(refs).size, refs.length > 0]).toEqual([true, 1, true]);
    const read = await download(rig, job, refs[0] ?? '');
    expect(sha256(Buffer.from(await read.arrayBuffer()))).toBe(sha256(bytes));
    expect([...store.bucket.objects.keys()].filter((key) => key.includes('/derived/'))).toHaveLength(1);
  });

  test('that is not what was announced leaves nothing in the store', async () => {
    const { rig, store } = await onS3({}, { checksums: false });
    const job = await claimNew(rig);
    const bytes = randomBytes(2 * PART);
    store.faults(({ method, query }) => (method === 'PUT' && query.get('partNumber') === '2' ? { flipAt: 7 } : {}));
    const { uploadId, parts } = await sendAll(rig, job, bytes);
    const answer = await rig.agent(`/assets/${job.assetUuid}/derived/upload/complete`, {
      body: { upload_id: uploadId, lock_token: job.lockToken, parts },
    });
    expect(answer).toMatchObject({ status: 422, body: { details: [{ field: 'sha256' }] } });
    expect([...store.bucket.objects.keys()].filter((key) => key.includes('/derived/'))).toEqual([]);
    expect(store.bucket.uploads.size).toBe(0);
  });

  test('a part that was changed on its way to the store is refused there, and sent again', async () => {
    const { rig, store } = await onS3();
    const job = await claimNew(rig);
    const bytes = randomBytes(100);
    const { uploadId } = await beginUpload(rig, job, { bytes });
    store.faults(({ method, query }) => (method === 'PUT' && query.has('partNumber') ? { flipAt: 7 } : {}));
    expect(await sendPart(rig, job, { uploadId, number: 1, bytes })).toMatchObject({ status: 503 });
    store.faults(undefined);
    expect(await sendPart(rig, job, { uploadId, number: 1, bytes })).toMatchObject({ status: 200 });
  });

  test('waits while the store is away', async () => {
    const { rig, store } = await onS3();
    const job = await claimNew(rig);
    store.faults(() => ({ answer: 503 }));
    const body = { job_id: job.jobId, lock_token: job.lockToken, kind: 'thumb', content_type: 'image/webp' };
    const path = `/assets/${job.assetUuid}/derived/upload/init`;
    const begun = await rig.agent(path, { body: { ...body, size_bytes: 1, sha256: sha256('a') } });
    expect([begun.status, begun.headers.get('retry-after'), begun.body['code']]).toEqual([
      503,
      '5',
      'TEMPORARY_UNAVAILABLE',
    ]);
    const ready = await fetch(`${rig.server.url}/readyz`);
    expect([ready.status, await ready.text()]).toEqual([
      503,
      expect.stringContaining('derived files cannot be written'),
    ]);
  });
});

/** Begins an upload and sends all parts of it. */
async function sendAll(rig: Rig, job: ClaimedJob, bytes: Buffer) {
  const { uploadId, partSize } = await beginUpload(rig, job, { bytes });
  const parts: { part_number: number; etag: string }[] = [];
  for (let at = 0; at < bytes.length; at += partSize) {
    const number = parts.length + 1;
    const { body } = await sendPart(rig, job, { uploadId, number, bytes: bytes.subarray(at, at + partSize) });
    parts.push({ part_number: number, etag: body.etag });
  }
  return { uploadId, parts };
}

test.skipIf(noPostgres !== null)('two servers share a PostgreSQL and a store, and no folder', async () => {
  const database = await makeDatabase();
  undo.push(database.drop);
  const { rig, store } = await onS3({ postgres: database.postgres });
  const dataDir = mkdtempSync(join(tmpdir(), 'rushcatalog-other-'));
  undo.push(async () => rmSync(dataDir, { recursive: true }));
  const { agentToken, operatorToken } = rig.server;
  const shared = { postgres: database.postgres, derived: derivedIn(store), maxPartSizeBytes: PART };
  const clock = () => rig.clock.now;
  const other = await createServer({ ...shared, dataDir, agentToken, operatorToken, clock, sweepIntervalSeconds: 0 });
  undo.push(other.close);
  const asAgent = { token: agentToken, agentId: rig.agentId };
  const there: Rig = { ...rig, server: other, agent: (path, call) => send(other.url, path, { ...asAgent, ...call }) };
  const job = await claimNew(rig);
  const bytes = randomBytes(2 * PART);
  const { uploadId } = await beginUpload(rig, job, { bytes });
  const halves = [bytes.subarray(0, PART), bytes.subarray(PART)];
  const parts: { readonly part_number: number; readonly etag: string }[] = [];
  for (const [index, server] of [rig, there].entries()) {
    const half = halves[index] ?? Buffer.alloc(0);
    const { body } = await sendPart(server, job, { uploadId, number: index + 1, bytes: half });
    parts.push({ part_number: index + 1, etag: body.etag });
  }
  const completion = { body: { upload_id: uploadId, lock_token: job.lockToken, parts } };
  // A busy machine may answer that it is busy; whoever asked asks again, as an agent does.
  const complete = async (server: Rig) => {
    for (;;) {
      const answer = await server.agent<{ ref: string }>(
        `/assets/${job.assetUuid}/derived/upload/complete`,
        completion,
      );
      if (answer.status !== 503) return answer;
      console.info('  asked again:', JSON.stringify(answer.body));
    }
  };
  const answers = await Promise.all([rig, there, rig, there].map(complete));
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
  expect(new Set(answers.map(({ body }) => body.ref)).size).toBe(1);
  const read = await download(there, job, answers[0]?.body.ref ?? '');
  expect(sha256(Buffer.from(await read.arrayBuffer()))).toBe(sha256(bytes));
  expect(store.bucket.uploads.size).toBe(0);
});

describe('what is left behind in the store', () => {
  test('an upload that nobody touches is given up there, and so is one without a row', async () => {
    const { rig, store } = await onS3({ uploadTtlSeconds: 60 });
    const job = await claimNew(rig);
    await beginUpload(rig, job, { bytes: randomBytes(10) });
    rig.clock.now += 61_000;
    expect([store.bucket.uploads.size, (await rig.server.sweep()).uploads, store.bucket.uploads.size]).toEqual([
      1, 1, 0,
    ]);
    // As a server leaves one that ends between the store's answer and its own row.
    const key = `studio/a/derived/ab/ab${'0'.repeat(30)}`;
    const stray = { key, begunAt: Date.now(), checksummed: true, contentType: '', parts: new Map() };
    store.bucket.uploads.set('stray', stray);
    store.bucket.uploads.set('of another prefix', { ...stray, key: `other/${key}` });
    store.bucket.uploads.set('young', stray);
    store.bucket.uploads.set('old', { ...stray, begunAt: rig.clock.now - 2 * 86_400_000 });
    rig.clock.now += 3_600_000;
    await rig.server.sweep();
    expect([...store.bucket.uploads.keys()]).toEqual(['stray', 'of another prefix', 'young']);
    await rig.restart();
    expect(store.bucket.uploads.has('of another prefix')).toBe(true);
    // Where others may be at work, only what is a day old.
    expect(store.bucket.uploads.has('stray')).toBe(onPostgres);
  });

  test(
    'files are found missing, damaged and left over, and their jobs are made again',
    { tags: ['slow'] },
    async () => {
      const { rig, store } = await onS3({ clock: Date.now });
      const [one, other] = [await claimNew(rig), await claimNew(rig)];
      const lost = await claimAndSubmit(rig, one);
      const damaged = await claimAndSubmit(rig, other);
      const keyOf = (ref: string) => `studio/a/derived/${ref.slice(0, 2)}/${ref}`;
      store.bucket.objects.delete(keyOf(lost.ref));
      const found = store.bucket.objects.get(keyOf(damaged.ref));
      if (found === undefined) throw new Error('it was never stored');
      store.bucket.objects.set(keyOf(damaged.ref), { ...found, bytes: randomBytes(found.bytes.length) });
      const orphan = 'cd'.repeat(16);
      store.bucket.objects.set(keyOf(orphan), { ...found, at: Date.now() - 2 * 86_400_000 });
      const lines = async (path: string, body?: unknown) => {
        const answer = await rig.operator<string>(path, body === undefined ? {} : { body });
        return String(answer.body)
          .trim()
          .split('\n')
          .map((line) => JSON.parse(line) as Record<string, unknown>);
      };
      expect(await lines('/check?hashes=true')).toEqual(
        expect.arrayContaining([
          expect.objectContaining({ ref: lost.ref, fault: 'missing' }),
          expect.objectContaining({ ref: damaged.ref, fault: 'wrong hash' }),
          { kind: 'orphan', ref: orphan },
          { sums: { files: 2, bytes: 128, faults: 2, orphans: 1 } },
        ]),
      );
      const scrubbed = await lines('/scrub', { hashes: true, force: true });
      expect(scrubbed.at(-1)).toEqual({ sums: { files: 2, bytes: 128, faults: 2, orphans: 1, jobs: 2 } });
      expect([...store.bucket.objects.keys()].filter((key) => key.includes('/derived/'))).toEqual([]);
    },
  );
});

describe('a move of derived files', () => {
  const SILENT = { warn: () => undefined };

  test('to a store and back: each is compared with its row, nothing is copied twice, uploads begin anew', async () => {
    const store = await startS3();
    undo.push(() => store.close());
    const rig = await startRig({ clock: Date.now, maxPartSizeBytes: PART });
    undo.push(() => rig.stop());
    const job = await claimNew(rig);
    const kept = await claimAndSubmit(rig, job, randomBytes(3 * PART));
    const [other, begun] = [await claimNew(rig), await claimNew(rig)];
    const gone = await claimAndSubmit(rig, other);
    const { uploadId } = await beginUpload(rig, begun, { bytes: randomBytes(10) });
    await rig.server.close();
    rmSync(join(rig.dataDir, 'derived', gone.ref.slice(0, 2), gone.ref));
    const { address, ...s3 } = derivedIn(store);
    const move = { ...place(rig), s3, log: SILENT };
    expect(await moveDerived({ ...move, to: address })).toMatchObject({ files: 2, lost: [gone.ref] });
    expect(await refusal(place(rig))).toBe('DERIVED_ELSEWHERE');
    await rig.restart({ derived: derivedIn(store) });
    const there = await download(rig, job, kept.ref);
    expect(sha256(Buffer.from(await there.arrayBuffer()))).toBe(kept.sha256);
    expect((await sendPart(rig, begun, { uploadId, number: 1, bytes: randomBytes(10) })).status).toBe(410);
    await rig.server.close();
    const before = store.requests.length;
    rmSync(join(rig.dataDir, 'derived'), { recursive: true });
    expect(await moveDerived({ ...move, to: 'folder' })).toMatchObject({ files: 2, lost: [gone.ref] });
    expect(await moveDerived({ ...move, to: address })).toMatchObject({ files: 2, lost: [gone.ref] });
    const puts = store.requests
      .slice(before)
      .filter(({ method, query }) => method === 'PUT' && query.has('partNumber'));
    expect(puts).toEqual([]);
    expect(await moveDerived({ ...move, to: 'folder' })).toMatchObject({ files: 2 });
    await rig.restart();
    const here = await download(rig, job, kept.ref);
    expect(sha256(Buffer.from(await here.arrayBuffer()))).toBe(kept.sha256);
  });
});

const place = ({ dataDir, postgres }: Rig) => ({ dataDir, ...(postgres === undefined ? {} : { postgres }) });

async function refusal(options: ServerOptions): Promise<string> {
  try {
    await (await createServer(options)).close();
    return 'it started';
  } catch (error) {
    if (error instanceof RefusedError) return error.refusal.code;
    throw error;
  }
}

describe('a store and a catalogue', () => {
  test('that belong to others are not begun together', async () => {
    const { rig, store } = await onS3();
    await claimAndSubmit(rig, await claimNew(rig));
    const { rig: another } = await onS3({ derived: derivedIn(store, 'studio/b') });
    await another.server.close();
    // Nothing is named in it yet, so it may choose another place, but none that is taken.
    expect(await refusal({ ...place(another), derived: derivedIn(store) })).toBe('DERIVED_OF_ANOTHER');
    expect(await refusal({ ...place(another), derived: derivedIn(store, 'studio/c') })).toBe('it started');
    await rig.server.close();
    expect(await refusal(place(rig))).toBe('DERIVED_ELSEWHERE');
    expect(await refusal({ ...place(rig), derived: derivedIn(store, 'studio/d') })).toBe('DERIVED_ELSEWHERE');
    expect(await refusal({ ...place(rig), derived: derivedIn(store) })).toBe('it started');
  });

  test('of before places were written down are not parted', async () => {
    const store = await startS3();
    undo.push(() => store.close());
    const rig = await startRig();
    undo.push(() => rig.stop());
    await claimAndSubmit(rig, await claimNew(rig));
    await rig.server.database.deleteFrom('derived_place').execute();
    await rig.server.close();
    expect(await refusal({ ...place(rig), derived: derivedIn(store) })).toBe('DERIVED_NOT_MOVED');
    expect(await refusal(place(rig))).toBe('it started');
  });

  test('are found together again after a backup, wherever the files are by now', async () => {
    const { rig, store } = await onS3();
    await claimAndSubmit(rig, await claimNew(rig));
    const backup = await fetch(`${rig.server.url}/api/v1/backup`, {
      headers: { authorization: `Bearer ${rig.server.operatorToken}` },
    });
    const folder = mkdtempSync(join(tmpdir(), 'rushcatalog-backup-'));
    undo.push(async () => rmSync(folder, { recursive: true }));
    const file = join(folder, 'backup');
    writeFileSync(file, Buffer.from(await backup.arrayBuffer()));
    await rig.server.close();
    const [same, elsewhere] = [join(folder, 'same'), join(folder, 'elsewhere')];
    await restoreBackup(file, { dataDir: same });
    expect(await refusal({ dataDir: same })).toBe('DERIVED_ELSEWHERE');
    expect(await refusal({ dataDir: same, derived: derivedIn(store) })).toBe('it started');
    await restoreBackup(file, { dataDir: elsewhere, derived: 'folder' });
    expect(await refusal({ dataDir: elsewhere })).toBe('it started');
  });

  test('are refused with a reason and a next step', async () => {
    const { rig, store } = await onS3();
    await rig.server.close();
    const at = (derived: Partial<NonNullable<ServerOptions['derived']>>) =>
      refusal({ ...place(rig), derived: { ...derivedIn(store), ...derived } });
    expect(await at({ address: 's3://A b' })).toBe('DERIVED_ADDRESS');
    expect(await at({ endpoint: 'http://nas.studio.example' })).toBe('DERIVED_ADDRESS');
    expect(await at({ address: 's3://no-such-bucket' })).toBe('DERIVED_REFUSED');
    expect(await at({ credentials: { accessKeyId: 'AKTEST', secretAccessKey: 'wrong' } })).toBe('DERIVED_REFUSED');
    expect(await at({ endpoint: 'http://127.0.0.1:9' })).toBe('DERIVED_UNREACHABLE');
  });
});
