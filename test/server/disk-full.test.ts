import { randomBytes } from 'node:crypto';
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { onPostgres } from '../support/postgres.ts';
import { NO_SMALL_DISK, openSmallDisk, type SmallDisk } from '../support/small-disk.ts';
import {
  beginUpload,
  claimNew,
  initBody,
  newAsset,
  newJob,
  sendPart,
  startRig,
  thumbsResult,
  upload,
  type Answer,
  type ClaimedJob,
  type Rig,
} from './running.ts';

const RESERVE = 8 << 20;
/** More than SQLite writes before it begins its log anew. */
const BEATS = 1_500;

if (NO_SMALL_DISK !== null) console.info(`  a full disk of the server is not tried: ${NO_SMALL_DISK}`);

describe.skipIf(NO_SMALL_DISK !== null || onPostgres)('a server whose disk is full', () => {
  let disk: SmallDisk;
  let rig: Rig;
  afterEach(async () => {
    await rig.stop();
    disk.close();
  });

  async function startOn(megabytes: number, reserveBytes: number): Promise<void> {
    disk = openSmallDisk(megabytes);
    rig = await startRig({ dataDir: join(disk.folder, 'data'), reserveBytes, maxPartSizeBytes: 1 << 20 });
  }
  const beat = (job: ClaimedJob): Promise<Answer> =>
    rig.agent(`/jobs/${job.jobId}/heartbeat`, { body: { lock_token: job.lockToken, progress: 0.5 } });
  const beats = async (job: ClaimedJob, count: number): Promise<ReadonlySet<number>> => {
    const statuses = new Set<number>();
    for (let n = 0; n < count; n += 1) {
      rig.clock.now += 10_000;
      statuses.add((await beat(job)).status);
    }
    return statuses;
  };

  test('without a reserve answers heartbeats 503: that is why there is one', { tags: ['slow'] }, async () => {
    await startOn(32, 0);
    const job = await claimNew(rig);
    disk.fill();
    expect(await beats(job, BEATS)).toContain(503);
  });

  test('keeps every lease, takes results and failures, and refuses what grows', async () => {
    await startOn(64, RESERVE);
    const [job, other, done] = [await claimNew(rig), await claimNew(rig), await claimNew(rig)];
    const waiting = await newJob(rig);
    const file = await upload(rig, done, { bytes: randomBytes(1_000) });
    const bytes = randomBytes(2_000);
    const { uploadId } = await beginUpload(rig, job, { bytes });
    disk.fill();
    // Until the last blocks that the database has are used: from then on it lives on the reserve.
    while (existsReserve()) for (const held of [job, other, done]) expect([...(await beats(held, 1))]).toEqual([200]);
    const refused = [
      await sendPart(rig, job, { uploadId, number: 1, bytes }),
      await rig.agent(`/assets/${job.assetUuid}/derived/upload/init`, { body: initBody(job, { bytes }) }),
      await rig.agent(`/jobs/${waiting.jobId}/claim`, { method: 'POST' }),
      await rig.operator('/assets', { body: { source_path: 'RUSHES/new.mov' } }),
      await rig.operator('/jobs', { body: { asset_uuid: job.assetUuid, job_type: 'transcribe_audio', inputs: {} } }),
    ];
    for (const answer of refused) {
      expect(answer).toMatchObject({
        status: 503,
        body: { code: 'TEMPORARY_UNAVAILABLE', details: { reason: 'disk_full' } },
      });
      expect(answer.headers.get('retry-after')).toBe('5');
    }
    for (const held of [other, done]) await beat(held);
    expect((await rig.agent(`/jobs/${done.jobId}/submit`, { body: thumbsResult(done, [file]) })).status).toBe(200);
    const failure = { lock_token: other.lockToken, error_code: 'TIMEOUT', message: 'late', retryable: false };
    expect((await rig.agent(`/jobs/${other.jobId}/fail`, { body: failure })).status).toBe(200);
    expect([...(await beats(job, BEATS))]).toEqual([200]);

    await rig.restart();
    expect([...(await beats(job, 20))]).toEqual([200]);
    expect((await sendPart(rig, job, { uploadId, number: 1, bytes })).status).toBe(503);

    disk.empty();
    await rig.server.sweep();
    expect(statSync(join(rig.dataDir, 'reserve')).size).toBe(RESERVE);
    const { body, status } = await sendPart(rig, job, { uploadId, number: 1, bytes });
    expect(status).toBe(200);
    const complete = await rig.agent<{ ref: string }>(`/assets/${job.assetUuid}/derived/upload/complete`, {
      body: { upload_id: uploadId, lock_token: job.lockToken, parts: [{ part_number: 1, etag: body.etag }] },
    });
    expect(complete.status).toBe(200);
    expect(await newAsset(rig)).toBeTypeOf('string');
    expect(await rig.server.ledger({ event: 'leaseExpired' })).toEqual([]);
  });

  const existsReserve = (): boolean => existsSync(join(rig.dataDir, 'reserve'));

  test('from the start on begins without the reserve, and makes it once there is room', async () => {
    await startOn(12, RESERVE);
    expect(existsReserve()).toBe(false);
    expect((await rig.operator('/assets', { body: { source_path: 'RUSHES/a.mov' } })).status).toBe(503);
    expect((await rig.operator('/jobs/summary')).status).toBe(200);
  });
});
