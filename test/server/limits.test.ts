import { randomBytes, randomUUID } from 'node:crypto';
import { afterEach, describe, expect, test } from 'vitest';
import {
  claimAndSubmit,
  claimNew,
  initBody,
  registerAgent,
  startRig,
  upload,
  type ClaimedJob,
  type Rig,
} from './running.ts';

let rig: Rig;
afterEach(() => rig.stop());

/** Ten in a window of ten seconds. */
const CALLS_A_MINUTE = 60;

describe('calls of one agent', () => {
  test('beyond the limit are put off, but none for its leases, and nobody else’s', async () => {
    rig = await startRig({ agentCallsPerMinute: CALLS_A_MINUTE });
    const job = await claimNew(rig);
    let refused = await rig.agent('/jobs');
    expect(refused.status).toBe(200);
    // Where the machine is so slow that a window ends in between, the next one is filled.
    for (let call = 0; call < 200 && refused.status === 200; call += 1) refused = await rig.agent('/jobs');
    expect(refused).toMatchObject({ status: 429, body: { code: 'RATE_LIMITED' } });
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
    expect(Number(refused.headers.get('retry-after'))).toBeLessThanOrEqual(10);
    const lease = { lock_token: job.lockToken };
    expect((await rig.agent(`/jobs/${job.jobId}/heartbeat`, { body: lease })).status).toBe(200);
    const failure = { ...lease, error_code: 'NO_AUDIO_TRACK', message: 'No sound.', retryable: false };
    expect((await rig.agent(`/jobs/${job.jobId}/fail`, { body: failure })).status).toBe(200);
    const other = await registerAgent(rig, randomUUID(), ['media.thumbnails@1']);
    expect((await rig.agent('/jobs', { agentId: other })).status).toBe(200);
    for (let call = 0; call < 12; call += 1) expect((await rig.operator('/jobs/summary')).status).toBe(200);
    // A bearer that is not known takes nothing from anybody.
    expect((await rig.agent('/jobs', { token: 'wrong', agentId: other })).status).toBe(401);
  });

  test('have no limit where none is set', async () => {
    rig = await startRig();
    for (let call = 0; call < 30; call += 1) expect((await rig.agent('/jobs')).status).toBe(200);
  });
});

describe('bytes that one agent has under way', () => {
  const begin = (job: ClaimedJob, bytes: number, key?: string) =>
    rig.agent(`/assets/${job.assetUuid}/derived/upload/init`, {
      body: { ...initBody(job, { bytes: Buffer.alloc(0) }), size_bytes: bytes },
      ...(key === undefined ? {} : { key }),
    });

  test('are limited for the jobs that it holds; completing some makes room, and so does a lease that is over', async () => {
    rig = await startRig({ openUploadBytes: 1_000 });
    const [one, two] = [await claimNew(rig), await claimNew(rig)];
    expect((await begin(one, 900, 'a')).status).toBe(200);
    const refused = await begin(two, 200, 'b');
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '30']);
    expect(refused.body).toMatchObject({ code: 'RATE_LIMITED', details: { open_bytes: 900, limit_bytes: 1_000 } });
    // The same again is answered, not counted.
    expect((await begin(one, 900, 'a')).status).toBe(200);
    const released = { lock_token: one.lockToken, error_code: 'AGENT_SHUTDOWN', message: 'Later.', retryable: true };
    expect((await rig.agent(`/jobs/${one.jobId}/fail`, { body: released })).status).toBe(200);
    expect((await begin(two, 200, 'b')).status).toBe(200);
  });

  test('do not keep one file back, however large, nor completed ones', async () => {
    rig = await startRig({ openUploadBytes: 100 });
    const job = await claimNew(rig);
    await upload(rig, job, { bytes: randomBytes(500) });
    await claimAndSubmit(rig, job, randomBytes(500));
    expect((await begin(await claimNew(rig), 5_000)).status).toBe(200);
  });
});
