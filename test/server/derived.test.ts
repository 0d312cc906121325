import { randomBytes, randomUUID } from 'node:crypto';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { API_BASE } from '../../shared/wire.ts';
import { parseRange } from '../../shared/byte-range.ts';
import { claimAndSubmit, claimNew, startRig, type ClaimedJob, type Rig, type Uploaded } from './running.ts';

let rig: Rig;
let job: ClaimedJob;
let file: Uploaded;
const bytes = randomBytes(1_000);
beforeAll(async () => {
  rig = await startRig();
  job = await claimNew(rig);
  file = await claimAndSubmit(rig, job, bytes);
});
afterAll(() => rig.stop());

async function get(headers: Record<string, string> = {}, method = 'GET') {
  const response = await fetch(`${rig.server.url}${API_BASE}/assets/${job.assetUuid}/derived/${file.ref}`, {
    method,
    headers: { authorization: `Bearer ${rig.server.operatorToken}`, ...headers },
  });
  return { status: response.status, headers: response.headers, bytes: Buffer.from(await response.arrayBuffer()) };
}

describe('a derived file', () => {
  test('comes whole, with its type, its hash as the ETag, and nothing a browser would run', async () => {
    const answer = await get();
    expect(answer.status).toBe(200);
    expect(answer.bytes.equals(bytes)).toBe(true);
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      'content-type': 'image/webp',
      'content-length': '1000',
      etag: `"${file.sha256}"`,
      'accept-ranges': 'bytes',
      'x-content-type-options': 'nosniff',
      'content-security-policy': "default-src 'none'; sandbox",
    });
  });

  test.each([
    ['bytes=0-0', 0, 0],
    ['bytes=10-19', 10, 19],
    ['bytes=990-', 990, 999],
    ['bytes=990-5000', 990, 999],
    ['bytes=-5', 995, 999],
    ['bytes=-5000', 0, 999],
  ])('%s is exactly that range', async (range, first, last) => {
    const answer = await get({ range });
    expect(answer.status).toBe(206);
    expect(answer.headers.get('content-range')).toBe(`bytes ${first}-${last}/1000`);
    expect(answer.headers.get('content-length')).toBe(String(last - first + 1));
    expect(answer.bytes.equals(bytes.subarray(first, last + 1))).toBe(true);
  });

  test.each(['bytes=1000-', 'bytes=2000-3000', 'bytes=-0'])('%s is 416 with the size', async (range) => {
    const answer = await get({ range });
    expect(answer.status).toBe(416);
    expect(answer.headers.get('content-range')).toBe('bytes */1000');
    expect(JSON.parse(answer.bytes.toString())).toMatchObject({ code: 'RANGE_NOT_SATISFIABLE' });
  });

  test.each(['bytes=20-10', 'bytes=a-b', 'bytes=0-1,5-6', 'lines=0-1', 'bytes=-'])('%s is ignored', async (range) => {
    expect((await get({ range })).bytes).toHaveLength(1_000);
  });

  test('HEAD answers the same headers without the file', async () => {
    const whole = await get({}, 'HEAD');
    expect([whole.status, whole.headers.get('content-length'), whole.bytes.length]).toEqual([200, '1000', 0]);
    const part = await get({ range: 'bytes=0-9' }, 'HEAD');
    expect([part.status, part.headers.get('content-length'), part.bytes.length]).toEqual([206, '10', 0]);
  });

  test('If-None-Match answers 304, If-Range guards the range', async () => {
    const etag = `"${file.sha256}"`;
    expect((await get({ 'if-none-match': etag })).status).toBe(304);
    expect((await get({ 'if-none-match': `"x", W/${etag}` })).status).toBe(304);
    expect((await get({ 'if-none-match': '"x"' })).status).toBe(200);
    expect((await get({ range: 'bytes=0-1', 'if-range': etag })).status).toBe(206);
    expect((await get({ range: 'bytes=0-1', 'if-range': '"x"' })).status).toBe(200);
  });

  test('is 404 under another asset or ref, and for a path that tries to leave', async () => {
    const other = `/assets/${randomUUID()}/derived`;
    expect((await rig.operator(`${other}/${file.ref}`)).status).toBe(404);
    expect((await rig.operator(other)).status).toBe(404);
    expect((await rig.operator(`/assets/${job.assetUuid}/derived/${'0'.repeat(32)}`)).status).toBe(404);
    expect((await rig.operator(`/assets/${job.assetUuid}/derived/..%2f..%2foperator-token`)).status).toBe(404);
  });

  test('whose bytes are missing on disk is 404, not a broken answer', async () => {
    const lost = await claimNew(rig);
    const entry = await claimAndSubmit(rig, lost);
    rmSync(join(rig.dataDir, 'derived', entry.ref.slice(0, 2), entry.ref));
    const answer = await rig.operator(`/assets/${lost.assetUuid}/derived/${entry.ref}`);
    expect(answer).toMatchObject({ status: 404, body: { code: 'NOT_FOUND' } });
  });

  test('of a purged asset is 410 PURGED and no longer listed', async () => {
    const gone = await claimNew(rig);
    const entry = await claimAndSubmit(rig, gone);
    await rig.server.purgeAsset(gone.assetUuid);
    const answer = await rig.operator(`/assets/${gone.assetUuid}/derived/${entry.ref}`);
    expect(answer).toMatchObject({ status: 410, body: { code: 'PURGED' } });
    expect((await rig.operator(`/assets/${gone.assetUuid}/derived`)).body).toEqual({ items: [] });
  });
});

test('a range of an empty file is never satisfiable', () => {
  expect(parseRange('bytes=0-', 0)).toEqual({ kind: 'unsatisfiable' });
  expect(parseRange('bytes=-1', 0)).toEqual({ kind: 'unsatisfiable' });
  expect(parseRange(undefined, 0)).toEqual({ kind: 'whole' });
});
