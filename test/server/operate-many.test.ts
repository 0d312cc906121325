import { randomUUID } from 'node:crypto';
import { afterEach, expect, test } from 'vitest';
import type { OperateAnswer, OperatorJobPage, QueueOverview } from '../../shared/wire.ts';
import { createOperatorClient } from '../../electron/compose/operator/operator-client.ts';
import { claimJob, newJob, startRig, type Rig } from './running.ts';

let rig: Rig;
afterEach(() => rig.stop());

const operate = async (operation: string, job_ids: readonly string[], more: object = {}) =>
  (await rig.operator<OperateAnswer>('/jobs/operate', { body: { operation, job_ids, ...more } })).body.jobs;
const offers = async (): Promise<string[]> =>
  (await rig.agent<{ items: { job_id: string }[] }>('/jobs')).body.items.map(({ job_id }) => job_id);
const overview = async () => (await rig.operator<QueueOverview>('/jobs/queue')).body;
const threeJobs = async () => [await newJob(rig), await newJob(rig), await newJob(rig)] as const;

test('jobs go to the front or the back of everything that waits, and back again', async () => {
  rig = await startRig();
  const [a, b, c] = await threeJobs();
  const [other] = await operate('first', [c.jobId]);
  expect(other).toEqual({ job_id: c.jobId, priority: 0 });
  expect(await offers()).toEqual([c.jobId, a.jobId, b.jobId]);
  await operate('last', [a.jobId]);
  expect(await offers()).toEqual([c.jobId, b.jobId, a.jobId]);
  await operate('priority', [a.jobId, c.jobId], { priority: 0 });
  expect(await offers()).toEqual([a.jobId, b.jobId, c.jobId]);
  const wrong = await rig.operator('/jobs/operate', { body: { operation: 'first', job_ids: [a.jobId], priority: 3 } });
  expect(wrong.status).toBe(422);
});

test('what is on hold is offered to nobody and can be claimed by nobody until it is released', async () => {
  rig = await startRig();
  const [a, b, c] = await threeJobs();
  await claimJob(rig, c);
  expect(await operate('hold', [a.jobId, c.jobId]), 'what somebody works on is left').toHaveLength(1);
  expect(await offers()).toEqual([b.jobId]);
  const claim = await rig.agent(`/jobs/${a.jobId}/claim`, { body: {}, key: 'k' });
  expect(claim).toMatchObject({ status: 409, body: { details: { reason: 'held' } } });
  await rig.restart();
  const held = (await rig.operator<OperatorJobPage>('/jobs/all?status=pending&held=true')).body;
  expect(held).toMatchObject({ total: 1, items: [{ job_id: a.jobId, held: true }] });
  expect(await overview()).toMatchObject({ held_jobs: 1, held_files: 1, pending: { generate_thumbnails: 1 } });
  await operate('release', [a.jobId, b.jobId]);
  expect(await offers()).toEqual([a.jobId, b.jobId]);
});

test('many are cancelled at once, and come back as they were', async () => {
  rig = await startRig();
  const [a, b, c] = await threeJobs();
  await claimJob(rig, c);
  const cancelled = await operate('cancel', [a.jobId, b.jobId, c.jobId]);
  expect(cancelled.map(({ job_id }) => job_id).toSorted()).toEqual([a.jobId, b.jobId].toSorted());
  expect(await offers()).toEqual([]);
  await operate('uncancel', [a.jobId, b.jobId]);
  expect(await offers()).toEqual([a.jobId, b.jobId]);
});

test('an operator that takes one back leaves what somebody works on as it is', async () => {
  rig = await startRig();
  const [waiting, taken] = await threeJobs();
  await claimJob(rig, taken);
  const operator = createOperatorClient(rig.server.url, rig.server.operatorToken);
  expect(await operator.cancelPending(waiting.jobId)).toBeNull();
  expect(await operator.cancelPending(taken.jobId)).toMatchObject({ code: 'ALREADY_BEGUN' });
  expect(await operator.job(waiting.jobId)).toMatchObject({ status: 'failed', failure: { error_code: 'CANCELLED' } });
  const begun = await operator.job(taken.jobId);
  expect([begun.status, begun.cancel_requested]).toEqual(['claimed', undefined]);
});

test('the queue is told in files and in jobs, by what was added at once', async () => {
  rig = await startRig();
  const [first, second] = [randomUUID(), randomUUID()];
  const add = async (batch: string, names: readonly string[], key: string): Promise<void> => {
    const jobs = [{ job_type: 'generate_thumbnails' }, { job_type: 'generate_audio_waveform' }];
    const files = names.map((name) => ({ source_path: `rushes/${name}`, jobs }));
    expect((await rig.operator('/assets/import', { body: { batch, files }, key })).status).toBe(200);
  };
  await add(first, ['a.mov', 'b.mov'], 'one');
  await add(first, ['c.mov'], 'two');
  rig.clock.now += 60_000;
  await add(second, ['d.mov'], 'three');
  const { items } = (await rig.operator<OperatorJobPage>('/jobs/all?order=queue')).body;
  await operate(
    'cancel',
    items.slice(0, 2).map(({ job_id }) => job_id),
  );
  await operate('hold', [items[2]?.job_id ?? '']);
  expect(await overview()).toEqual({
    files: 3,
    held_jobs: 1,
    held_files: 1,
    pending: { generate_thumbnails: 2, generate_audio_waveform: 3 },
    batches: [
      {
        batch: first,
        added_at: '2026-03-01T12:00:00.000Z',
        files: 3,
        files_ended: 1,
        files_failed: 1,
        jobs: 6,
        pending: { generate_thumbnails: 1, generate_audio_waveform: 2 },
      },
      expect.objectContaining({ batch: second, files: 1, files_ended: 0, jobs: 2 }),
    ],
  });
  await operate(
    'cancel',
    items.map(({ job_id }) => job_id),
  );
  expect((await overview()).batches).toEqual([]);
});
