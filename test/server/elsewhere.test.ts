import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { PageJob } from '../../shared/wire-page.ts';
import { claimNew, newJob, registerAgent, ALL_CAPABILITIES, startRig, type MadeJob, type Rig } from './running.ts';

/** A job that is tried again elsewhere first: other agents before the one of which it failed. */

const MINUTE = 60_000;
let rig: Rig;
beforeEach(async () => void (rig = await startRig()));
afterEach(() => rig.stop());

const another = (capabilities: readonly string[] = ALL_CAPABILITIES) => registerAgent(rig, randomUUID(), capabilities);
const offered = async (agentId = rig.agentId, query = ''): Promise<string[]> =>
  (await rig.agent<{ items: { job_id: string }[] }>(`/jobs${query}`, { agentId })).body.items.map(
    ({ job_id }) => job_id,
  );
const claim = (jobId: string, agentId = rig.agentId) => rig.agent(`/jobs/${jobId}/claim`, { method: 'POST', agentId });
const again = (jobId: string) => rig.operator(`/jobs/${jobId}/retry`, { body: { elsewhere_first: true } });

/** It fails for good, of the rig's agent. */
async function failed(message = 'no frame'): Promise<MadeJob> {
  const job = await claimNew(rig);
  const body = { lock_token: job.lockToken, error_code: 'ENCODE_FAILED', message, retryable: false };
  expect((await rig.agent(`/jobs/${job.jobId}/fail`, { body })).status).toBe(200);
  return job;
}

test('is left to others by the agent of which it failed, in offers and in claims, for ten minutes', async () => {
  const other = await another();
  const job = await failed();
  const next = await newJob(rig);
  expect((await again(job.jobId)).status).toBe(200);
  expect(await offered()).toEqual([next.jobId]);
  expect((await offered(other)).toSorted()).toEqual([job.jobId, next.jobId].toSorted());
  expect(await claim(job.jobId)).toMatchObject({ status: 409, body: { details: { reason: 'elsewhere_first' } } });
  const page = (await rig.operator<PageJob>(`/page/jobs/${job.jobId}`)).body;
  expect(page.left).toEqual({ agent_name: 'edit-3', until: new Date(rig.clock.now + 10 * MINUTE).toISOString() });
  expect(page.ledger.find(({ event }) => event === 'jobRetried')?.detail).toEqual({ left_by: rig.agentId });

  rig.clock.now += 10 * MINUTE;
  await offered(other);
  expect((await offered()).toSorted()).toEqual([job.jobId, next.jobId].toSorted());
  expect((await rig.operator<PageJob>(`/page/jobs/${job.jobId}`)).body).not.toHaveProperty('left');
  expect((await claim(job.jobId)).status).toBe(200);
  await rig.server.sweep();
  expect(await rig.server.database.selectFrom('left_to_others').selectAll().execute()).toEqual([]);
});

test('is taken by another one at once', async () => {
  const other = await another();
  const job = await failed();
  await again(job.jobId);
  expect((await claim(job.jobId, other)).status).toBe(200);
});

test('is left to nobody where no other agent that is there could do it, or none is wanted', async () => {
  await another(['audio.waveform@1']);
  const silent = await another();
  rig.clock.now += 60 * MINUTE;
  await offered();
  const job = await failed();
  await again(job.jobId);
  expect(await offered()).toEqual([job.jobId]);
  await rig.operator(`/jobs/${job.jobId}/cancel`, { method: 'POST' });
  await offered(silent);
  const plain = await failed();
  await rig.operator(`/jobs/${plain.jobId}/retry`, { method: 'POST' });
  expect(await offered()).toEqual([plain.jobId]);
});

test('with all of its cause, page by page, and by rules of media roots', async () => {
  const other = await another();
  const jobs: string[] = [];
  for (let index = 0; index < 5; index += 1) jobs.push((await failed(`frame ${index}`)).jobId);
  const rest: string[] = [];
  for (let index = 0; index < 3; index += 1) rest.push((await newJob(rig)).jobId);
  const until = new Date(rig.clock.now).toISOString();
  const { items } = (await rig.operator<{ items: { cause: string }[] }>('/failures')).body;
  const body = { cause: items[0]?.cause, until, elsewhere_first: true };
  expect((await rig.operator('/failures/retry', { body })).body).toEqual({ jobs: 5, more: false });

  const first = (await rig.agent<{ items: { job_id: string }[]; next_cursor?: string }>('/jobs?limit=2')).body;
  const second = await offered(rig.agentId, `?limit=2&cursor=${first.next_cursor}`);
  expect([...first.items.map(({ job_id }) => job_id), ...second]).toEqual(rest);
  expect((await offered(other)).toSorted()).toEqual([...jobs, ...rest].toSorted());

  await rig.operator(`/agents/${rig.agentId}/policy`, { body: { roots: ['RUSHES'] } });
  expect((await offered()).toSorted()).toEqual(rest.toSorted());
});

test('that fails there, too, is left by that one when it is tried elsewhere once more', async () => {
  const other = await another();
  const job = await failed();
  await again(job.jobId);
  const lock = (await claim(job.jobId, other)).body['lock_token'];
  const body = { lock_token: lock, error_code: 'ENCODE_FAILED', message: 'no', retryable: false };
  await rig.agent(`/jobs/${job.jobId}/fail`, { body, agentId: other });
  await again(job.jobId);
  expect(await offered(other)).toEqual([]);
  expect(await offered()).toEqual([job.jobId]);
});
