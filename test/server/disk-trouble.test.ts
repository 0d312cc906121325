import { randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { holdFast, NOTHING_HOLDS } from '../support/stuck-file.ts';
import {
  beginUpload,
  claimJob,
  claimNew,
  sendPart,
  startRig,
  thumbsResult,
  upload,
  type Answer,
  type ClaimedJob,
  type Rig,
} from './running.ts';

const PART = 1_000;
let rig: Rig;
const letGo: (() => void)[] = [];
afterEach(async () => {
  for (const step of letGo.splice(0)) step();
  await rig.stop();
});

interface Part {
  readonly part_number: number;
  readonly etag: string;
}

interface Begun {
  readonly job: ClaimedJob;
  readonly bytes: Buffer;
  readonly uploadId: string;
  send(number: number, chunk?: Buffer): Promise<Answer<{ etag: string }>>;
  complete(parts: readonly Part[]): Promise<Answer<{ ref: string; code: string }>>;
  held(): Promise<readonly Part[]>;
  /** The path of a part that was stored. */
  file(number: number): Promise<string>;
}

async function begun(size: number): Promise<Begun> {
  rig = await startRig({ maxPartSizeBytes: PART });
  const job = await claimNew(rig);
  const bytes = randomBytes(size);
  const { uploadId } = await beginUpload(rig, job, { bytes });
  const base = `/assets/${job.assetUuid}/derived/upload`;
  return {
    job,
    bytes,
    uploadId,
    send: (number, chunk = bytes.subarray((number - 1) * PART, number * PART)) =>
      sendPart(rig, job, { uploadId, number, bytes: chunk }),
    complete: (parts) =>
      rig.agent(`${base}/complete`, { body: { upload_id: uploadId, lock_token: job.lockToken, parts } }),
    held: async () => (await rig.agent<{ parts: Part[] }>(`${base}/${uploadId}`)).body.parts,
    file: async (number) => {
      const row = await rig.server.database
        .selectFrom('upload_part')
        .select('file_name')
        .where('part_number', '=', number)
        .executeTakeFirstOrThrow();
      return join(rig.dataDir, 'parts', row.file_name);
    },
  };
}

const partFiles = (): string[] => readdirSync(join(rig.dataDir, 'parts'));
const derived = (ref: string): Buffer => readFileSync(join(rig.dataDir, 'derived', ref.slice(0, 2), ref));
const hold = (path: string): void => void letGo.push(holdFast(path));

describe.skipIf(NOTHING_HOLDS !== null)('what cannot be removed after a commit', () => {
  test.for([900, 2_500])('complete keeps the file of %i bytes it made, and what is left goes later', async (size) => {
    const { job, bytes, send, complete, held, file } = await begun(size);
    for (let number = 1; (number - 1) * PART < size; number += 1) await send(number);
    hold(await file(1));
    const { status, body } = await complete(await held());
    expect(status).toBe(200);
    const [row] = await rig.server.database.selectFrom('derived').selectAll().execute();
    const uploaded = { kind: 'thumb', ref: body.ref, content_type: 'image/webp', size_bytes: size } as const;
    const result = thumbsResult(job, [{ ...uploaded, sha256: row?.sha256 ?? '' }]);
    expect((await rig.agent(`/jobs/${job.jobId}/submit`, { body: result })).status).toBe(200);
    expect((await rig.operator(`/assets/${job.assetUuid}/derived/${body.ref}`)).status).toBe(200);
    expect(derived(body.ref).equals(bytes)).toBe(true);
    expect(partFiles()).toHaveLength(1);
    for (const step of letGo.splice(0)) step();
    await rig.server.sweep();
    expect(partFiles()).toEqual([]);
  });

  test('a part that replaces another one stays', async () => {
    const { bytes, send, complete, held, file } = await begun(PART);
    await send(1, randomBytes(PART));
    hold(await file(1));
    expect((await send(1)).status).toBe(200);
    const { status, body } = await complete(await held());
    expect(status).toBe(200);
    expect(derived(body.ref).equals(bytes)).toBe(true);
  });

  test('a result that replaces another one is accepted, and so is a purge', async () => {
    rig = await startRig();
    const job = await claimNew(rig);
    const first = await upload(rig, job, { bytes: randomBytes(9) });
    const submit = async (held: ClaimedJob, file: typeof first) =>
      (await rig.agent(`/jobs/${job.jobId}/submit`, { body: thumbsResult(held, [file]) })).status;
    expect(await submit(job, first)).toBe(200);
    await rig.operator(`/jobs/${job.jobId}/retry`, { method: 'POST' });
    const again = await claimJob(rig, job);
    const second = await upload(rig, again, { bytes: randomBytes(9) });
    hold(join(rig.dataDir, 'derived', first.ref.slice(0, 2), first.ref));
    expect(await submit(again, second)).toBe(200);
    hold(join(rig.dataDir, 'derived', second.ref.slice(0, 2), second.ref));
    await rig.server.purgeAsset(job.assetUuid);
  });
});

describe('a part that was lost on the server’s disk', () => {
  const harm: Record<string, (path: string) => void> = {
    'is gone': (path) => rmSync(path),
    'is short': (path) => truncateSync(path, 10),
    'has other bytes': (path) => writeFileSync(path, randomBytes(PART)),
    'is a folder': (path) => {
      rmSync(path);
      mkdirSync(path);
    },
  };

  const cases = Object.keys(harm).flatMap((what) => [1, 3].map((count) => [what, count] as const));
  for (const [what, count] of cases) {
    test(`one of ${count}, that ${what}: complete says 410, never 500, and the part sent again heals it`, async () => {
      const { bytes, send, complete, file } = await begun(count * PART);
      const parts: Part[] = [];
      for (let number = 1; number <= count; number += 1) {
        parts.push({ part_number: number, etag: (await send(number)).body.etag });
      }
      harm[what]?.(await file(count));
      for (const _ of [1, 2]) {
        expect(await complete(parts)).toMatchObject({ status: 410, body: { code: 'UPLOAD_EXPIRED' } });
      }
      expect((await send(count)).status).toBe(200);
      const { status, body } = await complete(parts);
      expect(status).toBe(200);
      expect(derived(body.ref).equals(bytes)).toBe(true);
    });
  }

  test('is not among those held, and heals when it is sent again before complete', async () => {
    const { bytes, send, complete, held, file } = await begun(PART);
    await send(1);
    const parts = await held();
    expect(parts).toHaveLength(1);
    rmSync(await file(1));
    expect(await held()).toEqual([]);
    expect((await send(1)).status).toBe(200);
    const { status, body } = await complete(parts);
    expect(status).toBe(200);
    expect(derived(body.ref).equals(bytes)).toBe(true);
  });

  test('together with its whole folder: the next part makes it anew', async () => {
    const { send, complete, held } = await begun(PART);
    rmSync(join(rig.dataDir, 'parts'), { recursive: true });
    expect((await send(1)).status).toBe(200);
    expect((await complete(await held())).status).toBe(200);
  });
});

describe('what is not the server’s own', () => {
  test('in its folders keeps no start from happening and is not removed', async () => {
    rig = await startRig();
    const job = await claimNew(rig);
    const { ref } = await upload(rig, job, { bytes: randomBytes(9) });
    const shard = join('derived', ref.slice(0, 2));
    const folders = ['.', 'parts', 'derived', shard];
    const foreign = folders.flatMap((folder) => {
      const files = ['.DS_Store', 'Thumbs.db', '._x', 'desktop.ini'].map((name) => join(folder, name));
      for (const path of files) writeFileSync(join(rig.dataDir, path), 'x');
      const inside = join(folder, '@eaDir', `${ref}.meta`);
      mkdirSync(join(rig.dataDir, folder, '@eaDir'));
      writeFileSync(join(rig.dataDir, inside), 'x');
      return [...files, inside];
    });
    // A folder where a file of the server's could be.
    mkdirSync(join(rig.dataDir, 'parts', '0'.repeat(32)));
    mkdirSync(join(rig.dataDir, shard, '1'.repeat(32)));
    writeFileSync(join(rig.dataDir, 'derived', 'zz'), 'x');
    await rig.restart();
    for (const path of foreign) expect(readFileSync(join(rig.dataDir, path), 'utf8')).toBe('x');
    expect((await rig.operator('/jobs/summary')).status).toBe(200);
  });
});
