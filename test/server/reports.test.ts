import { randomBytes } from 'node:crypto';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { FAILURE_CODES, FAILURES } from '../../shared/failure.ts';
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
} from './running.ts';

let rig: Rig;
afterEach(() => rig.stop());

interface Refusal extends Record<string, unknown> {
  readonly code: string;
  readonly details: readonly { readonly field: string; readonly message: string }[];
}

const submit = (job: ClaimedJob, body: unknown, key?: string) =>
  rig.agent<Refusal>(`/jobs/${job.jobId}/submit`, { body, ...(key === undefined ? {} : { key }) });
const stateOf = async (job: { jobId: string }) => (await rig.operator(`/jobs/${job.jobId}`)).body;
const failAs = (job: ClaimedJob, error_code: string, retryable: boolean, key?: string) =>
  rig.agent<Refusal>(`/jobs/${job.jobId}/fail`, {
    body: { lock_token: job.lockToken, error_code, message: `it was ${error_code}`, retryable },
    ...(key === undefined ? {} : { key }),
  });

describe('submit', () => {
  test('a repeat of an accepted result answers 200 again, with and without its key, and completes once', async () => {
    rig = await startRig();
    const job = await claimNew(rig);
    const file = await upload(rig, job, { bytes: randomBytes(40) });
    const body = thumbsResult(job, [file]);
    for (const key of ['s1', 's1', undefined]) expect((await submit(job, body, key)).status).toBe(200);
    expect(await rig.server.ledger({ jobId: job.jobId, event: 'jobSubmitted' })).toHaveLength(1);
    expect(
      await submit(job, { ...body, success: true, result: { ...(body['result'] as object), metrics: {} } }),
    ).toMatchObject({ status: 409, body: { code: 'STATE_CONFLICT' } });
  });

  test.each([
    ['a file nobody uploaded', { ref: 'f'.repeat(32) }, 'result.derived_manifest.0.ref'],
    ['another size', { size_bytes: 41 }, 'result.derived_manifest.0.size_bytes'],
    ['another hash', { sha256: '0'.repeat(64) }, 'result.derived_manifest.0.sha256'],
    ['another content type', { content_type: 'image/png' }, 'result.derived_manifest.0.content_type'],
    ['another kind', { kind: 'proxy_video' }, 'result.derived_manifest.0.kind'],
  ])('refuses %s, naming the field, and the job goes on', async (_what, wrong, field) => {
    rig = await startRig();
    const job = await claimNew(rig);
    const file = await upload(rig, job, { bytes: randomBytes(40) });
    const answer = await submit(job, thumbsResult(job, [{ ...file, ...wrong } as typeof file]));
    expect(answer).toMatchObject({ status: 422, body: { code: 'VALIDATION_FAILED' } });
    expect(answer.body.details.map((issue) => issue.field)).toContain(field);
    expect(await stateOf(job)).toMatchObject({ status: 'claimed' });
    expect((await submit(job, thumbsResult(job, [file]))).status).toBe(200);
  });

  test('refuses a file of another job of the same asset', async () => {
    rig = await startRig();
    const first = await claimNew(rig);
    const file = await claimAndSubmit(rig, first);
    const second = await claimJob(rig, await newJob(rig, 'generate_thumbnails', { assetUuid: first.assetUuid }));
    expect((await submit(second, thumbsResult(second, [file]))).status).toBe(422);
  });

  test('refuses forms that disagree, wrong types, wrong order and broken bodies', async () => {
    rig = await startRig();
    const job = await claimNew(rig);
    const one = await upload(rig, job, { bytes: randomBytes(40) });
    const two = await upload(rig, job, { bytes: randomBytes(41) });
    const good = thumbsResult(job, [one, two]);
    const fieldsOf = async (body: unknown) => (await submit(job, body)).body.details.map((issue) => issue.field);
    const result = good['result'] as Record<string, unknown>;
    const thumbnails = (good['output'] as { thumbnails: Record<string, unknown>[] }).thumbnails;
    expect(await fieldsOf({ ...good, result: { ...result, derived_manifest: [one] } })).toContain(
      'output.thumbnails.1.ref',
    );
    expect(await fieldsOf({ ...good, output: { thumbnails: [thumbnails[0]] } })).toContain('output.thumbnails');
    expect(await fieldsOf({ ...good, output: { thumbnails: thumbnails.toReversed() } })).toContain(
      'output.thumbnails.1.time_ms',
    );
    expect(await fieldsOf({ ...good, success: false })).toContain('success');
    expect(await fieldsOf({ ...good, errors: ['x'] })).toContain('errors');
    const speech = {
      lock_token: job.lockToken,
      job_type: 'transcribe_audio',
      success: true,
      errors: [],
      output: { transcript_text: 'a' },
      result: {
        derived_manifest: [],
        transcript: { text: 'b', language: 'en', segments: [] },
        warnings: [],
        metrics: {},
      },
    };
    expect(await fieldsOf(speech)).toEqual(['job_type', 'result.transcript.text']);
    expect(await submit(job, { ...good, lock_token: '' })).toMatchObject({
      status: 423,
      body: { code: 'LOCK_REQUIRED' },
    });
    expect((await submit(job, good)).status).toBe(200);
  });

  test('several entries may share one sheet', async () => {
    rig = await startRig();
    const job = await claimNew(rig);
    const sheet = await upload(rig, job, { bytes: randomBytes(90) });
    const body = thumbsResult(job, [sheet]);
    const tile = (x: number) => ({
      ...sheet,
      index: x,
      time_ms: x,
      width: 16,
      height: 9,
      tile: { x, y: 0, w: 16, h: 9 },
    });
    expect((await submit(job, { ...body, output: { thumbnails: [tile(0), tile(16)] } })).status).toBe(200);
    const listed = await rig.operator<{ items: unknown[] }>(`/assets/${job.assetUuid}/derived`);
    expect(listed.body.items).toHaveLength(1);
  });

  test('lists only what the accepted result named; what else was uploaded or begun is gone', async () => {
    rig = await startRig({ maxPartSizeBytes: 64 });
    const job = await claimNew(rig);
    const stray = await upload(rig, job, { bytes: randomBytes(40) });
    const begun = await beginUpload(rig, job, { bytes: randomBytes(100) });
    await sendPart(rig, job, { uploadId: begun.uploadId, number: 1, bytes: randomBytes(64) });
    const kept = await claimAndSubmit(rig, job);
    const listed = await rig.operator<{ items: { ref: string }[] }>(`/assets/${job.assetUuid}/derived`);
    expect(listed.body.items.map((entry) => entry.ref)).toEqual([kept.ref]);
    expect((await rig.operator(`/assets/${job.assetUuid}/derived/${stray.ref}`)).status).toBe(410);
    expect(readdirSync(join(rig.dataDir, 'parts'))).toEqual([]);
    expect((await rig.agent(`/assets/${job.assetUuid}/derived/upload/${begun.uploadId}`)).status).toBe(410);
  });

  test('a retried job leaves no duplicates: the old files stay until the new ones are accepted', async () => {
    rig = await startRig();
    const job = await claimNew(rig);
    const old = await claimAndSubmit(rig, job);
    const refs = async () =>
      (await rig.operator<{ items: { ref: string }[] }>(`/assets/${job.assetUuid}/derived`)).body.items.map(
        (entry) => entry.ref,
      );
    expect((await rig.operator(`/jobs/${job.jobId}/retry`, { method: 'POST' })).body).toMatchObject({
      status: 'pending',
      attempts: 0,
    });
    expect(await refs()).toEqual([old.ref]);
    const fresh = await claimAndSubmit(rig, await claimJob(rig, job));
    expect(await refs()).toEqual([fresh.ref]);
    expect(existsSync(join(rig.dataDir, 'derived', old.ref.slice(0, 2), old.ref))).toBe(false);
  });

  test('accepts files uploaded under an earlier lease of the same job', async () => {
    rig = await startRig();
    const before = await claimNew(rig);
    const file = await upload(rig, before, { bytes: randomBytes(30) });
    rig.clock.now += 60_000;
    const now = await claimJob(rig, before);
    expect((await submit(before, thumbsResult(before, [file]))).status).toBe(423);
    expect((await submit(now, thumbsResult(now, [file]))).status).toBe(200);
  });
});

describe('fail', () => {
  test('a retryable failure waits longer each time, until the attempts are used up', async () => {
    rig = await startRig({ backoff: (attempts) => attempts * 30 });
    let job = await claimNew(rig);
    for (const attempts of [1, 2]) {
      expect((await failAs(job, 'ENCODE_FAILED', true)).status).toBe(200);
      const due = rig.clock.now + attempts * 30_000;
      expect(await stateOf(job)).toMatchObject({
        status: 'pending',
        attempts,
        not_before: new Date(due).toISOString(),
      });
      rig.clock.now = due - 1;
      const early = await rig.agent(`/jobs/${job.jobId}/claim`, { method: 'POST' });
      expect(early).toMatchObject({ status: 409, body: { details: { reason: 'not_before' } } });
      expect((await rig.agent<{ items: unknown[] }>('/jobs')).body.items).toEqual([]);
      rig.clock.now = due;
      job = await claimJob(rig, job);
    }
    await failAs(job, 'ENCODE_FAILED', true);
    expect(await stateOf(job)).toMatchObject({
      status: 'failed',
      attempts: 3,
      failure: { error_code: 'ENCODE_FAILED' },
    });
  });

  test.each(FAILURE_CODES.map((code) => [code, FAILURES[code]] as const))(
    '%s follows the table',
    async (code, facts) => {
      rig = await startRig();
      const job = await claimNew(rig);
      await failAs(job, code, facts.retryable);
      const state = await stateOf(job);
      expect(state['status']).toBe(facts.retryable ? 'pending' : 'failed');
      expect(state['attempts']).toBe(facts.countsAsAttempt ? 1 : 0);
      expect(state['not_before'] === undefined).toBe(!facts.retryable || !facts.countsAsAttempt);
      expect(state['failure']).toMatchObject({ error_code: code });
    },
  );

  test('takes a code it does not know at its word', async () => {
    rig = await startRig();
    const job = await claimNew(rig);
    await failAs(job, 'LENS_CAP_ON', true);
    expect(await stateOf(job)).toMatchObject({ status: 'pending', attempts: 1 });
    rig.clock.now += 600_000;
    await failAs(await claimJob(rig, job), 'LENS_CAP_ON', false);
    expect(await stateOf(job)).toMatchObject({ status: 'failed', failure: { error_code: 'LENS_CAP_ON' } });
  });

  test('needs a message, and is repeated harmlessly', async () => {
    rig = await startRig();
    const job = await claimNew(rig);
    const body = { lock_token: job.lockToken, error_code: 'TIMEOUT', message: '', retryable: true };
    const refused = await rig.agent<Refusal>(`/jobs/${job.jobId}/fail`, { body });
    expect(refused.status).toBe(422);
    expect(refused.body.details[0]?.field).toBe('message');
    for (const key of ['f1', 'f1', undefined]) expect((await failAs(job, 'TIMEOUT', true, key)).status).toBe(200);
    expect(await stateOf(job)).toMatchObject({ attempts: 1 });
    expect((await failAs(job, 'STALLED', true)).status).toBe(409);
  });
});

describe('what a person does to a job', () => {
  const post = (job: { jobId: string }, verb: string, body?: unknown) =>
    rig.operator(`/jobs/${job.jobId}/${verb}`, { method: 'POST', ...(body === undefined ? {} : { body }) });

  test('cancel ends a pending job at once and reaches a claimed one by its heartbeat', async () => {
    rig = await startRig();
    const waiting = await newJob(rig);
    expect((await post(waiting, 'cancel')).body).toMatchObject({
      status: 'failed',
      failure: { error_code: 'CANCELLED' },
    });
    const running = await claimNew(rig);
    expect((await post(running, 'cancel')).body).toMatchObject({ status: 'claimed', cancel_requested: true });
    expect((await post(running, 'cancel')).status).toBe(200);
    const beat = await rig.agent(`/jobs/${running.jobId}/heartbeat`, { body: { lock_token: running.lockToken } });
    expect(beat.body).toMatchObject({ cancel_requested: true });
    expect((await failAs(running, 'ENCODE_FAILED', true)).status).toBe(200);
    expect(await stateOf(running)).toMatchObject({ status: 'failed', failure: { error_code: 'CANCELLED' } });
    expect((await post(running, 'cancel')).status).toBe(409);
  });

  test('a result that beats the cancel is kept', async () => {
    rig = await startRig();
    const job = await claimNew(rig);
    await post(job, 'cancel');
    await claimAndSubmit(rig, job);
    expect(await stateOf(job)).toMatchObject({ status: 'completed' });
  });

  test('retry offers an ended job again with all its attempts; otherwise 409', async () => {
    rig = await startRig();
    const job = await claimNew(rig);
    expect((await post(job, 'retry')).status).toBe(409);
    await failAs(job, 'NO_VIDEO_TRACK', false);
    expect((await post(job, 'retry')).body).toMatchObject({ status: 'pending', attempts: 0 });
    expect(await stateOf(job)).not.toHaveProperty('failure');
    expect((await post(job, 'retry')).status).toBe(409);
    expect((await claimJob(rig, job)).lockToken).not.toBe(job.lockToken);
  });

  test('priority reorders what is offered', async () => {
    rig = await startRig();
    const first = await newJob(rig);
    const second = await newJob(rig);
    const order = async () =>
      (await rig.agent<{ items: { job_id: string }[] }>('/jobs')).body.items.map((job) => job.job_id);
    expect(await order()).toEqual([first.jobId, second.jobId]);
    expect((await post(second, 'priority', { priority: 5 })).body).toMatchObject({ priority: 5 });
    expect(await order()).toEqual([second.jobId, first.jobId]);
    expect((await post(second, 'priority', { priority: 500 })).status).toBe(422);
    const done = await claimNew(rig);
    await claimAndSubmit(rig, done);
    expect((await post(done, 'priority', { priority: 1 })).status).toBe(409);
    for (const verb of ['cancel', 'retry']) {
      expect((await post({ jobId: '00000000-0000-4000-8000-000000000000' }, verb)).status).toBe(404);
    }
  });
});
