import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { claimAndSubmit, claimJob, claimNew, newJob, startRig, type Rig } from './running.ts';

/** What was made of files is removed for good by an operator, with the jobs that were to make more of them. */

let rig: Rig;
beforeEach(async () => void (rig = await startRig()));
afterEach(() => rig.stop());

const purge = (...asset_uuids: string[]) => rig.operator('/assets/purge', { body: { asset_uuids } });
const statusOf = async (jobId: string) => (await rig.operator(`/jobs/${jobId}`)).body['status'];

test('takes away the files, ends waiting jobs, and tells agents of running ones', async () => {
  const done = await claimNew(rig);
  const made = await claimAndSubmit(rig, done);
  const { assetUuid } = done;
  const running = await claimJob(rig, await newJob(rig, 'generate_audio_waveform', { assetUuid }));
  const waiting = await newJob(rig, 'transcribe_audio', { assetUuid });
  const other = await newJob(rig);
  expect(await purge(assetUuid, randomUUID())).toMatchObject({ status: 200, body: { assets: 1, files: 1 } });

  expect((await rig.operator(`/assets/${assetUuid}/derived/${made.ref}`)).status).toBe(410);
  expect(await rig.server.database.selectFrom('derived').select('status').execute()).toEqual([{ status: 'purged' }]);
  expect(await statusOf(waiting.jobId)).toBe('failed');
  expect(await statusOf(other.jobId)).toBe('pending');
  const beat = await rig.agent(`/jobs/${running.jobId}/heartbeat`, { body: { lock_token: running.lockToken } });
  expect(beat.body).toMatchObject({ cancel_requested: true });
  const lines = await rig.server.ledger();
  const of = (event: string) =>
    lines.filter((line) => line.event === event).map(({ operator, jobId }) => [operator, jobId]);
  expect(of('assetPurged')).toEqual([['operator-token', null]]);
  expect(of('jobCancelled')).toEqual([['operator-token', waiting.jobId]]);
  expect(of('cancelRequested')).toEqual([['operator-token', running.jobId]]);
});

test('takes its failures off the list, and lets nobody try them again', async () => {
  const failed = await claimNew(rig);
  const body = { lock_token: failed.lockToken, error_code: 'ENCODE_FAILED', message: 'no', retryable: false };
  await rig.agent(`/jobs/${failed.jobId}/fail`, { body });
  const causes = async () => (await rig.operator<{ items: unknown[] }>('/failures')).body.items;
  expect(await causes()).toHaveLength(1);
  await purge(failed.assetUuid);
  expect(await causes()).toEqual([]);
  expect(await rig.operator(`/jobs/${failed.jobId}/retry`, { method: 'POST' })).toMatchObject({
    status: 410,
    body: { code: 'PURGED' },
  });
});

test('can be repeated, and nothing is made of the file until it is added anew', async () => {
  const path = 'RUSHES/Day 3/a.mov';
  const { uuid } = (await rig.operator<{ uuid: string }>('/assets', { body: { source_path: path } })).body;
  expect((await purge(uuid)).body).toEqual({ assets: 1, files: 0 });
  expect((await purge(uuid)).body).toEqual({ assets: 1, files: 0 });
  const job = { asset_uuid: uuid, job_type: 'generate_thumbnails', inputs: {} };
  expect(await rig.operator('/jobs', { body: job })).toMatchObject({ status: 410, body: { code: 'PURGED' } });
  await rig.operator('/assets', { body: { source_path: path } });
  expect((await rig.operator('/jobs', { body: job })).status).toBe(200);
});

test('is for administrators, and names at least one file', async () => {
  const { token } = (await rig.operator<{ token: string }>('/operators', { body: { name: 'otto', role: 'operator' } }))
    .body;
  const body = { asset_uuids: [randomUUID()] };
  expect((await rig.operator('/assets/purge', { body, token })).status).toBe(403);
  expect((await purge()).status).toBe(422);
});
