import { randomBytes, randomUUID } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { API_BASE } from '../../shared/wire.ts';
import {
  beginUpload,
  claimAndSubmit,
  claimJob,
  claimNew,
  initBody,
  partForm,
  registerAgent,
  sendPart,
  sha256,
  startRig,
  upload,
  type Answer,
  type ClaimedJob,
  type Rig,
} from './running.ts';

let rig: Rig;
afterEach(() => rig.stop());

const PART = 1_000;
const base = (job: ClaimedJob) => `/assets/${job.assetUuid}/derived/upload`;
const parts = () => readdirSync(join(rig.dataDir, 'parts'));
const derivedFiles = () =>
  readdirSync(join(rig.dataDir, 'derived'), { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());

interface Refusal extends Record<string, unknown> {
  readonly code: string;
  readonly ref: string;
  readonly parts: { part_number: number; etag: string }[];
  readonly details: { field: string; message: string }[];
}

const init = (job: ClaimedJob, bytes: Buffer, more: Record<string, unknown> = {}, key?: string) =>
  rig.agent<Refusal & { upload_id: string }>(`${base(job)}/init`, {
    body: { ...initBody(job, { bytes }), ...more },
    ...(key === undefined ? {} : { key }),
  });

const complete = (
  job: ClaimedJob,
  uploadId: string,
  list: { part_number: number; etag: string }[],
  key?: string,
): Promise<Answer<Refusal>> =>
  rig.agent(`${base(job)}/complete`, {
    body: { upload_id: uploadId, lock_token: job.lockToken, parts: list },
    ...(key === undefined ? {} : { key }),
  });

/** Sends all parts in the given order and answers their list in number order. */
async function sendAll(job: ClaimedJob, uploadId: string, bytes: Buffer, order: number[]) {
  const list: { part_number: number; etag: string }[] = [];
  for (const number of order) {
    const chunk = bytes.subarray((number - 1) * PART, number * PART);
    const { body } = await sendPart(rig, job, { uploadId, number, bytes: chunk });
    list.push({ part_number: number, etag: body.etag });
  }
  return list.sort((left, right) => left.part_number - right.part_number);
}

async function begun(size: number): Promise<{ job: ClaimedJob; bytes: Buffer; uploadId: string }> {
  rig = await startRig({ maxPartSizeBytes: PART });
  const job = await claimNew(rig);
  const bytes = randomBytes(size);
  const { uploadId, partSize } = await beginUpload(rig, job, { bytes });
  expect(partSize).toBe(PART);
  return { job, bytes, uploadId };
}

describe('the way of a file', () => {
  test('parts in any order become exactly the bytes that were sent', async () => {
    const { job, bytes, uploadId } = await begun(2_500);
    const list = await sendAll(job, uploadId, bytes, [3, 1, 2]);
    expect(list.map((part) => part.etag)).toEqual(
      [0, 1, 2].map((at) => sha256(bytes.subarray(at * PART, (at + 1) * PART))),
    );
    const { body } = await complete(job, uploadId, list);
    const stored = readFileSync(join(rig.dataDir, 'derived', body.ref.slice(0, 2), body.ref));
    expect(stored.equals(bytes)).toBe(true);
    expect(parts()).toEqual([]);
  });

  test('two parts at once, and the chunk before the fields', async () => {
    const { job, bytes, uploadId } = await begun(2_000);
    const answers = await Promise.all(
      [1, 2].map((number) =>
        sendPart(rig, job, {
          uploadId,
          number,
          bytes: bytes.subarray((number - 1) * PART, number * PART),
          chunkFirst: true,
        }),
      ),
    );
    expect(answers.map((answer) => answer.status)).toEqual([200, 200]);
    const status = await rig.agent<Refusal>(`${base(job)}/${uploadId}`);
    expect(status.body.parts.map((part) => part.part_number)).toEqual([1, 2]);
    expect((await complete(job, uploadId, status.body.parts)).status).toBe(200);
  });

  test('a part sent again replaces the earlier one', async () => {
    const { job, bytes, uploadId } = await begun(1_500);
    await sendPart(rig, job, { uploadId, number: 1, bytes: randomBytes(PART) });
    const list = await sendAll(job, uploadId, bytes, [1, 2, 1]);
    expect(parts()).toHaveLength(2);
    expect((await complete(job, uploadId, [list[0]!, list[2]!])).status).toBe(200);
  });

  test('a complete that is repeated, even at the same time, makes one file', async () => {
    const { job, bytes, uploadId } = await begun(2_500);
    const list = await sendAll(job, uploadId, bytes, [1, 2, 3]);
    const answers = await Promise.all([
      complete(job, uploadId, list, 'c1'),
      complete(job, uploadId, list, 'c1'),
      complete(job, uploadId, list),
    ]);
    expect(new Set(answers.map((answer) => answer.body.ref)).size).toBe(1);
    expect(derivedFiles()).toHaveLength(1);
    expect(await rig.server.ledger({ event: 'uploadCompleted' })).toHaveLength(1);
  });

  test('an agent that lost the answer finds every part received, and may send one again', async () => {
    const { job, bytes, uploadId } = await begun(1_500);
    const list = await sendAll(job, uploadId, bytes, [1, 2]);
    const { body } = await complete(job, uploadId, list);
    expect((await rig.agent<Refusal>(`${base(job)}/${uploadId}`)).body.parts).toEqual(list);
    const again = await sendPart(rig, job, { uploadId, number: 1, bytes: bytes.subarray(0, PART) });
    expect(again).toMatchObject({ status: 200, body: { etag: list[0]!.etag } });
    expect((await sendPart(rig, job, { uploadId, number: 1, bytes: randomBytes(PART) })).status).toBe(410);
    expect((await complete(job, uploadId, list)).body.ref).toBe(body.ref);
    expect(parts()).toEqual([]);
  });

  test('the same agent goes on with an upload under its next lease', async () => {
    const { job, bytes, uploadId } = await begun(1_500);
    await sendAll(job, uploadId, bytes, [1]);
    rig.clock.now += 60_000;
    expect((await sendPart(rig, job, { uploadId, number: 2, bytes: bytes.subarray(PART) })).status).toBe(409);
    const next = await claimJob(rig, job);
    expect((await sendPart(rig, job, { uploadId, number: 2, bytes: bytes.subarray(PART) })).status).toBe(423);
    const list = await sendAll(next, uploadId, bytes, [1, 2]);
    expect((await complete(next, uploadId, list)).status).toBe(200);
  });
});

describe('what is refused', () => {
  test('a damaged, short, long or surplus part: 422, and nothing of it stays', async () => {
    const { job, bytes, uploadId } = await begun(1_500);
    const one = bytes.subarray(0, PART);
    const cases: [Promise<Answer<{ code: string; details: { field: string }[] }>>, string][] = [
      [sendPart(rig, job, { uploadId, number: 1, bytes: one, sha256: '0'.repeat(64) }), 'X-Part-Sha256'],
      [sendPart(rig, job, { uploadId, number: 1, bytes: one.subarray(1) }), 'chunk'],
      [sendPart(rig, job, { uploadId, number: 2, bytes: one }), 'chunk'],
      [sendPart(rig, job, { uploadId, number: 3, bytes: one }), 'part_number'],
      [sendPart(rig, job, { uploadId, number: 0, bytes: one }), 'part_number'],
    ];
    for (const [answer, field] of cases) {
      expect(await answer).toMatchObject({ status: 422, body: { code: 'VALIDATION_FAILED', details: [{ field }] } });
    }
    expect(parts()).toEqual([]);
  });

  test('the wrong token, agent, upload, form', async () => {
    const { job, bytes, uploadId } = await begun(900);
    const other = await registerAgent(rig, randomUUID(), []);
    const part = { uploadId, number: 1, bytes };
    expect(await sendPart(rig, job, { ...part, lockToken: 'guess' })).toMatchObject({
      status: 423,
      body: { code: 'LOCK_INVALID' },
    });
    expect((await sendPart(rig, job, { ...part, uploadId: randomUUID() })).status).toBe(404);
    const as = (agentId: string, form: FormData) => rig.agent(`${base(job)}/part`, { body: form, agentId });
    const fields = { upload_id: uploadId, lock_token: job.lockToken, part_number: '1' };
    expect(await as(other, partForm(fields, bytes))).toMatchObject({ status: 423, body: { code: 'LOCK_INVALID' } });
    expect(await as(rig.agentId, partForm({ upload_id: uploadId, part_number: '1' }, bytes))).toMatchObject({
      status: 423,
      body: { code: 'LOCK_REQUIRED' },
    });
    const noChunk = new FormData();
    for (const [name, value] of Object.entries(fields)) noChunk.append(name, value);
    expect((await as(rig.agentId, noChunk)).status).toBe(422);
    expect((await rig.agent(`${base(job)}/part`, { body: fields })).status).toBe(415);
    expect((await rig.agent(`${base(job)}/${randomUUID()}`)).status).toBe(404);
    expect(parts()).toEqual([]);
  });

  test('a complete that lacks parts or names wrong ones: 422 with each of them', async () => {
    const { job, bytes, uploadId } = await begun(2_500);
    const list = await sendAll(job, uploadId, bytes, [1, 3]);
    const refused = await complete(job, uploadId, [
      { part_number: 1, etag: 'x' },
      { part_number: 2, etag: list[0]!.etag },
    ]);
    expect(refused.status).toBe(422);
    expect(refused.body.details.map((issue) => issue.message)).toEqual([
      `part 1 has the etag ${list[0]!.etag} here`,
      'part 2 was never received',
      'part 3 is not listed',
    ]);
    await sendAll(job, uploadId, bytes, [2]);
    const status = await rig.agent<Refusal>(`${base(job)}/${uploadId}`);
    expect((await complete(job, uploadId, status.body.parts)).status).toBe(200);
  });

  test('a whole that is not what was announced: 422, and the upload is begun anew', async () => {
    const { job, bytes, uploadId } = await begun(1_500);
    const list = await sendAll(job, uploadId, Buffer.concat([randomBytes(PART), bytes.subarray(PART)]), [1, 2]);
    expect(await complete(job, uploadId, list)).toMatchObject({
      status: 422,
      body: { details: [{ field: 'sha256' }] },
    });
    expect(await rig.agent(`${base(job)}/${uploadId}`)).toMatchObject({
      status: 410,
      body: { code: 'UPLOAD_EXPIRED' },
    });
    expect([...parts(), ...derivedFiles()]).toEqual([]);
  });

  test('init: too large, odd types, another asset’s job, wrong lease, purged asset', async () => {
    rig = await startRig({ maxUploadSizeBytes: 5_000 });
    const job = await claimNew(rig);
    const bytes = randomBytes(10);
    expect(await init(job, bytes, { size_bytes: 5_001 })).toMatchObject({ status: 413, body: { code: 'TOO_LARGE' } });
    expect((await init(job, bytes, { content_type: 'image/webp\r\nx: y' })).status).toBe(422);
    expect((await init(job, bytes, { kind: 'poster' })).body.details[0]?.field).toBe('kind');
    expect((await init(job, bytes, { sha256: 'ABC' })).body.details[0]?.field).toBe('sha256');
    expect((await init(job, bytes, { lock_token: undefined })).status).toBe(423);
    expect((await init(job, bytes, { lock_token: 'guess' })).status).toBe(423);
    const elsewhere = await claimNew(rig);
    expect((await init({ ...job, assetUuid: elsewhere.assetUuid }, bytes)).status).toBe(422);
    expect((await init({ ...job, assetUuid: randomUUID() }, bytes)).status).toBe(404);
    await rig.server.purgeAsset(job.assetUuid);
    expect(await init(job, bytes)).toMatchObject({ status: 410, body: { code: 'PURGED' } });
    rig.clock.now += 60_000;
    expect((await init(elsewhere, bytes)).status).toBe(409);
  });

  test('init with the same key is the same upload', async () => {
    rig = await startRig();
    const job = await claimNew(rig);
    const bytes = randomBytes(10);
    const first = await init(job, bytes, {}, 'i1');
    expect((await init(job, bytes, {}, 'i1')).body.upload_id).toBe(first.body.upload_id);
    expect((await init(job, bytes, {}, 'i2')).body.upload_id).not.toBe(first.body.upload_id);
    expect(await init(job, bytes, { kind: 'waveform' }, 'i1')).toMatchObject({
      status: 422,
      body: { details: [{ field: 'Idempotency-Key' }] },
    });
  });
});

describe('what is left behind', () => {
  test('an upload nobody touches expires: 410, not PURGED, and its files go', async () => {
    rig = await startRig({ maxPartSizeBytes: PART, uploadTtlSeconds: 50 });
    const job = await claimNew(rig);
    const bytes = randomBytes(1_500);
    const { uploadId } = await beginUpload(rig, job, { bytes });
    await sendAll(job, uploadId, bytes, [1]);
    rig.clock.now += 49_000;
    expect((await rig.server.sweep()).uploads).toBe(0);
    rig.clock.now += 1_000;
    expect((await rig.server.sweep()).uploads).toBe(1);
    expect(parts()).toEqual([]);
    const late = await sendPart(rig, job, { uploadId, number: 2, bytes: bytes.subarray(PART) });
    expect(late).toMatchObject({ status: 410, body: { code: 'UPLOAD_EXPIRED' } });
  });

  test('a client that vanishes in the middle of a part leaves nothing', async () => {
    const { job, uploadId } = await begun(1_000);
    const { port } = new URL(rig.server.url);
    const socket = connect(Number(port), '127.0.0.1');
    socket.write(
      `POST ${API_BASE}${base(job)}/part HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${rig.server.agentToken}\r\n` +
        `X-Agent-Id: ${rig.agentId}\r\nContent-Type: multipart/form-data; boundary=b\r\nContent-Length: 100000\r\n\r\n` +
        `--b\r\nContent-Disposition: form-data; name="upload_id"\r\n\r\n${uploadId}\r\n` +
        `--b\r\nContent-Disposition: form-data; name="chunk"; filename="p"\r\n\r\n${'x'.repeat(20_000)}`,
    );
    await expect.poll(() => parts().length).toBe(1);
    socket.destroy();
    await expect.poll(() => parts().length).toBe(0);
  });

  test('files that no result named are dropped after the retention', async () => {
    rig = await startRig({ retentionDays: 1 });
    const job = await claimNew(rig);
    const unnamed = await upload(rig, job, { bytes: randomBytes(10) });
    rig.clock.now += 86_400_000;
    expect((await rig.server.sweep()).derived).toBe(1);
    expect((await rig.operator(`/assets/${job.assetUuid}/derived/${unnamed.ref}`)).status).toBe(410);
    expect(derivedFiles()).toEqual([]);
  });

  test('accepted files and ended jobs are kept for good, or as long as is set', async () => {
    rig = await startRig();
    const kept = await claimNew(rig);
    await claimAndSubmit(rig, kept);
    rig.clock.now += 400 * 86_400_000;
    await rig.server.sweep();
    expect(derivedFiles()).toHaveLength(1);
    await rig.stop();

    rig = await startRig({ derivedRetentionDays: 2, jobRetentionDays: 1 });
    const job = await claimNew(rig);
    const file = await claimAndSubmit(rig, job);
    rig.clock.now += 86_400_000;
    await rig.server.sweep();
    expect((await rig.operator(`/jobs/${job.jobId}`)).status).toBe(200);
    rig.clock.now += 86_400_000;
    await rig.server.sweep();
    expect(derivedFiles()).toEqual([]);
    expect((await rig.operator(`/jobs/${job.jobId}`)).status).toBe(404);
    expect((await rig.operator(`/assets/${job.assetUuid}/derived/${file.ref}`)).status).toBe(404);
    expect(await rig.server.ledger({ jobId: job.jobId, event: 'jobSubmitted' })).toHaveLength(1);
  });
});
