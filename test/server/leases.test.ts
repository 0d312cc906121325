import { randomUUID } from 'node:crypto';
import { afterEach, describe, expect, test } from 'vitest';
import { CAPABILITY_OF } from '../../shared/job.ts';
import { claimNew, newAsset, newJob, registerAgent, startRig, type Rig } from './running.ts';

let rig: Rig;
afterEach(() => rig.stop());

const claimAs = (agentId: string, jobId: string, key?: string) =>
  rig.agent<{ lock_token: string; locked_until: string; details?: { reason: string } }>(`/jobs/${jobId}/claim`, {
    method: 'POST',
    agentId,
    ...(key === undefined ? {} : { key }),
  });

describe('claim', () => {
  test('begins a lease of the configured length, measured against the answer’s own Date', async () => {
    rig = await startRig({ leaseSeconds: 45 });
    const { jobId } = await newJob(rig);
    const answer = await claimAs(rig.agentId, jobId);
    expect(answer.status).toBe(200);
    expect(answer.body).toMatchObject({ job_id: jobId, status: 'claimed', claimed_by: rig.agentId });
    const granted = Date.parse(answer.body.locked_until) - Date.parse(answer.headers.get('date') ?? '');
    expect(granted).toBe(45_000);
  });

  test('of two agents at once, exactly one gets the job, twenty times over', async () => {
    rig = await startRig({ policy: { max_parallel_jobs_allowed: 64 } });
    const other = await registerAgent(rig, randomUUID(), [CAPABILITY_OF.generate_thumbnails]);
    const jobs = await Promise.all(Array.from({ length: 20 }, () => newJob(rig)));
    const races = await Promise.all(
      jobs.map(({ jobId }) => Promise.all([claimAs(rig.agentId, jobId), claimAs(other, jobId)])),
    );
    for (const race of races) expect(race.map((answer) => answer.status).sort()).toEqual([200, 409]);
    expect(await rig.server.ledger({ event: 'jobClaimed' })).toHaveLength(20);
  });

  test('gives the same agent with the same key the same token while the lease lives, and 409 afterwards', async () => {
    rig = await startRig();
    const { jobId } = await newJob(rig);
    const [first, second] = await Promise.all([
      claimAs(rig.agentId, jobId, 'claim-1'),
      claimAs(rig.agentId, jobId, 'claim-1'),
    ]);
    expect([first.status, second.status]).toEqual([200, 200]);
    expect(second.body.lock_token).toBe(first.body.lock_token);
    expect((await claimAs(rig.agentId, jobId, 'claim-2')).status).toBe(409);
    rig.clock.now += 60_000;
    expect(await claimAs(rig.agentId, jobId, 'claim-1')).toMatchObject({
      status: 409,
      body: { code: 'STATE_CONFLICT', details: { reason: 'lease_over' } },
    });
    const anew = await claimAs(rig.agentId, jobId, 'claim-3');
    expect(anew.status).toBe(200);
    expect(anew.body.lock_token).not.toBe(first.body.lock_token);
  });

  test('another agent’s key is another key', async () => {
    rig = await startRig();
    const other = await registerAgent(rig, randomUUID(), [CAPABILITY_OF.generate_thumbnails]);
    const { jobId } = await newJob(rig);
    expect((await claimAs(rig.agentId, jobId, 'same')).status).toBe(200);
    expect((await claimAs(other, jobId, 'same')).status).toBe(409);
  });

  test('refuses what the agent did not declare, the policy forbids, or is too much at once', async () => {
    rig = await startRig({ policy: { allowed_job_types: ['generate_thumbnails'], max_parallel_jobs_allowed: 1 } });
    const modest = await registerAgent(rig, randomUUID(), [CAPABILITY_OF.transcribe_audio]);
    const thumbs = await newJob(rig);
    expect((await claimAs(modest, thumbs.jobId)).body.details).toMatchObject({
      reason: 'capability',
      missing: ['media.thumbnails@1'],
    });
    const speech = await newJob(rig, 'transcribe_audio');
    expect((await claimAs(modest, speech.jobId)).body.details).toMatchObject({ reason: 'job_type' });
    await claimNew(rig);
    expect((await claimAs(rig.agentId, thumbs.jobId)).body.details).toMatchObject({ reason: 'max_parallel_jobs' });
  });

  test('an invalid job is claimed without its capability, only to be failed', async () => {
    rig = await startRig();
    const bare = await registerAgent(rig, randomUUID(), []);
    const assetUuid = await newAsset(rig);
    const job = await rig.server.insertRawJob({
      jobType: 'generate_thumbnails',
      document: { asset_uuid: assetUuid, required_capabilities: [], inputs: { asset_uuid: assetUuid } },
    });
    const unknown = await rig.server.insertRawJob({
      jobType: 'grade_colours',
      document: { required_capabilities: ['x@1'] },
    });
    const offers = await rig.agent<{ items: { job_id: string }[] }>('/jobs', { agentId: bare });
    expect(offers.body.items.map((each) => each.job_id)).toEqual([job.job_id]);
    const claimed = await claimAs(bare, job.job_id);
    expect(claimed.status).toBe(200);
    expect((await claimAs(bare, unknown.job_id)).status).toBe(409);
    const failed = await rig.agent(`/jobs/${job.job_id}/fail`, {
      agentId: bare,
      body: {
        lock_token: claimed.body.lock_token,
        error_code: 'INVALID_JOB',
        message: 'required_capabilities is empty',
        retryable: false,
      },
    });
    expect(failed.status).toBe(200);
    expect((await rig.operator(`/jobs/${job.job_id}`)).body).toMatchObject({
      status: 'failed',
      failure: { error_code: 'INVALID_JOB' },
    });
  });

  test('an unknown job is 404, an unregistered agent 403', async () => {
    rig = await startRig();
    expect((await claimAs(rig.agentId, randomUUID())).status).toBe(404);
    const { jobId } = await newJob(rig);
    expect((await claimAs(randomUUID(), jobId)).status).toBe(403);
    expect((await claimAs('', jobId)).status).toBe(403);
  });
});

describe('heartbeat', () => {
  const beat = (jobId: string, body: Record<string, unknown>, agentId = rig.agentId) =>
    rig.agent<{ locked_until: string; code: string }>(`/jobs/${jobId}/heartbeat`, { body, agentId });

  test('extends the lease and shows progress', async () => {
    rig = await startRig();
    const { jobId, lockToken } = await claimNew(rig);
    for (let minute = 0; minute < 5; minute += 1) {
      rig.clock.now += 50_000;
      const answer = await beat(jobId, { lock_token: lockToken, progress: 0.25, stage: 'decoding' });
      expect(answer.body).toEqual({
        locked_until: new Date(rig.clock.now + 60_000).toISOString(),
        cancel_requested: false,
      });
    }
    expect((await rig.operator(`/jobs/${jobId}`)).body).toMatchObject({ progress: 0.25, stage: 'decoding' });
  });

  test('needs the token (423 LOCK_REQUIRED), the right one, and the right agent (423 LOCK_INVALID)', async () => {
    rig = await startRig();
    const other = await registerAgent(rig, randomUUID(), []);
    const { jobId, lockToken } = await claimNew(rig);
    expect(await beat(jobId, {})).toMatchObject({ status: 423, body: { code: 'LOCK_REQUIRED' } });
    expect(await beat(jobId, { lock_token: null })).toMatchObject({ status: 423, body: { code: 'LOCK_REQUIRED' } });
    expect(await beat(jobId, { lock_token: 'guess' })).toMatchObject({ status: 423, body: { code: 'LOCK_INVALID' } });
    expect(await beat(jobId, { lock_token: lockToken }, other)).toMatchObject({
      status: 423,
      body: { code: 'LOCK_INVALID' },
    });
    expect((await beat(jobId, { lock_token: lockToken, progress: 2 })).status).toBe(422);
    expect((await beat(randomUUID(), { lock_token: lockToken })).status).toBe(404);
  });
});

describe('a lapsed lease', () => {
  test('is over at its very end, even when nobody else wants the job', async () => {
    rig = await startRig();
    const { jobId, lockToken } = await claimNew(rig);
    rig.clock.now += 59_999;
    expect((await rig.agent(`/jobs/${jobId}/heartbeat`, { body: { lock_token: lockToken } })).status).toBe(200);
    rig.clock.now += 60_000;
    expect(await rig.agent(`/jobs/${jobId}/heartbeat`, { body: { lock_token: lockToken } })).toMatchObject({
      status: 409,
      body: { code: 'STATE_CONFLICT' },
    });
    expect((await rig.operator(`/jobs/${jobId}`)).body).toMatchObject({ status: 'pending', attempts: 1 });
  });

  test('answers the old token 423 once somebody else holds the job', async () => {
    rig = await startRig();
    const other = await registerAgent(rig, randomUUID(), [CAPABILITY_OF.generate_thumbnails]);
    const { jobId, lockToken } = await claimNew(rig);
    rig.clock.now += 60_000;
    expect((await claimAs(other, jobId)).status).toBe(200);
    for (const call of ['heartbeat', 'fail']) {
      const body = { lock_token: lockToken, error_code: 'TIMEOUT', message: 'late', retryable: true };
      expect(await rig.agent(`/jobs/${jobId}/${call}`, { body })).toMatchObject({
        status: 423,
        body: { code: 'LOCK_INVALID' },
      });
    }
  });

  test('counts as an attempt, and the last one fails the job', async () => {
    rig = await startRig({ maxAttempts: 2 });
    const { jobId } = await claimNew(rig);
    rig.clock.now += 60_000;
    expect((await rig.server.sweep()).leases).toBe(1);
    expect((await claimAs(rig.agentId, jobId)).status).toBe(200);
    rig.clock.now += 60_000;
    expect((await rig.operator(`/jobs/${jobId}`)).body).toMatchObject({
      status: 'failed',
      attempts: 2,
      failure: { error_code: 'LEASE_EXPIRED' },
    });
    const events = (await rig.server.ledger({ jobId })).map((entry) => entry.event);
    expect(events).toEqual(['jobCreated', 'jobClaimed', 'leaseExpired', 'jobClaimed', 'leaseExpired', 'jobFailed']);
  });

  test('of a job whose cancel was asked for ends it as cancelled', async () => {
    rig = await startRig();
    const { jobId } = await claimNew(rig);
    await rig.operator(`/jobs/${jobId}/cancel`, { method: 'POST' });
    rig.clock.now += 60_000;
    expect((await rig.operator(`/jobs/${jobId}`)).body).toMatchObject({
      status: 'failed',
      failure: { error_code: 'CANCELLED' },
    });
  });

  test('is found by the sweeper itself, on the real clock', async () => {
    rig = await startRig({ leaseSeconds: 0.3, sweepIntervalSeconds: 0.1, clock: Date.now });
    const { jobId } = await claimNew(rig);
    await expect.poll(async () => (await rig.server.ledger({ jobId, event: 'leaseExpired' })).length).toBe(1);
  });
});
