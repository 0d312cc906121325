import { randomBytes } from 'node:crypto';
import { afterEach, describe, expect, test } from 'vitest';
import {
  beginUpload,
  claimAndSubmit,
  claimJob,
  claimNew,
  newJob,
  sendPart,
  startRig,
  type ClaimedJob,
  type Rig,
} from './running.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

let rig: Rig;
afterEach(() => rig.stop());

/** A server whose wall clock (`rig.clock`) can be set, beside time that just passes. */
async function stepped(options: Parameters<typeof startRig>[0] = {}): Promise<(ms: number) => void> {
  const time = { now: 0 };
  rig = await startRig({ monotonic: () => time.now, ...options });
  return (ms) => {
    time.now += ms;
    rig.clock.now += ms;
  };
}

const beat = (job: ClaimedJob) =>
  rig.agent<{ locked_until: string }>(`/jobs/${job.jobId}/heartbeat`, { body: { lock_token: job.lockToken } });
const jobOf = async ({ jobId }: { readonly jobId: string }) =>
  (await rig.operator<{ status: string; attempts: number; not_before?: string }>(`/jobs/${jobId}`)).body;
const grantedMs = (answer: { readonly body: { readonly locked_until: string }; readonly headers: Headers }): number =>
  Date.parse(answer.body.locked_until) - Date.parse(answer.headers.get('date') ?? '');

describe.each([DAY, -DAY, 15 * DAY])('a wall clock that is set by %i ms', (step) => {
  test('ends no lease that lives and prolongs none that does not; what is shown follows at once', async () => {
    const pass = await stepped();
    const [living, dead] = [await claimNew(rig), await claimNew(rig)];
    rig.clock.now += step;
    const answer = await beat(living);
    expect([answer.status, grantedMs(answer)]).toEqual([200, MINUTE]);
    expect(Date.parse(answer.headers.get('date') ?? '')).toBe(rig.clock.now);
    pass(MINUTE - 1);
    expect((await jobOf(dead)).status).toBe('claimed');
    expect((await beat(living)).status).toBe(200);
    pass(1);
    expect(await jobOf(dead)).toMatchObject({ status: 'pending', attempts: 1 });
    expect((await jobOf(living)).status).toBe('claimed');
    const { body } = await rig.operator<{ created_at: string }>(`/jobs/${(await newJob(rig)).jobId}`);
    expect(Date.parse(body.created_at)).toBe(rig.clock.now);
  });

  test('and a restart after it: a living lease goes on, that of a dead agent ends in its time', async () => {
    const pass = await stepped();
    const [living, dead] = [await claimNew(rig), await claimNew(rig)];
    rig.clock.now += step;
    pass(20_000);
    await rig.restart();
    const answer = await beat(living);
    expect([answer.status, grantedMs(answer)]).toEqual([200, MINUTE]);
    pass(MINUTE - 1);
    expect((await jobOf(dead)).status).toBe('claimed');
    pass(1);
    expect((await jobOf(dead)).status).toBe('pending');
  });

  test('a claim that is repeated after it is granted what is left, not the step', async () => {
    const pass = await stepped();
    const { jobId } = await newJob(rig);
    const claim = () =>
      rig.agent<{ locked_until: string }>(`/jobs/${jobId}/claim`, { method: 'POST', key: 'the same' });
    await claim();
    rig.clock.now += step;
    pass(10_000);
    expect(grantedMs(await claim())).toBe(50_000);
  });

  test('changes neither how long a failed job waits nor how long an upload stays open', async () => {
    const pass = await stepped({ backoff: () => 100, maxPartSizeBytes: 10 });
    const job = await claimNew(rig);
    const bytes = randomBytes(20);
    const { uploadId } = await beginUpload(rig, job, { bytes });
    await sendPart(rig, job, { uploadId, number: 1, bytes: bytes.subarray(0, 10) });
    rig.clock.now += step;
    await rig.server.sweep();
    expect((await sendPart(rig, job, { uploadId, number: 2, bytes: bytes.subarray(10) })).status).toBe(200);
    const body = { lock_token: job.lockToken, error_code: 'TIMEOUT', message: 'late', retryable: true };
    await rig.agent(`/jobs/${job.jobId}/fail`, { body });
    rig.clock.now += step;
    const again = async () => (await rig.agent(`/jobs/${job.jobId}/claim`, { method: 'POST' })).status;
    pass(99_999);
    expect(await again()).toBe(409);
    await rig.restart();
    rig.clock.now -= 2 * step;
    await rig.restart();
    pass(100_000);
    expect(await again()).toBe(200);
  });
});

describe('a server that was away', () => {
  test('costs a job no attempt, however often and however long', async () => {
    const pass = await stepped({ maxAttempts: 3 });
    const job = await claimNew(rig);
    let held = job;
    for (let outage = 0; outage < 5; outage += 1) {
      pass(20_000);
      await rig.restart();
      pass(90_000);
      // The agent gave up meanwhile: its own deadline passed.
      expect(await jobOf(job)).toMatchObject({ status: 'pending', attempts: 0 });
      held = await claimJob(rig, job);
    }
    await claimAndSubmit(rig, held);
    expect(await jobOf(job)).toMatchObject({ status: 'completed', attempts: 1 });
  });

  test('grants one lease; from the first heartbeat on it is a lease like any other', async () => {
    const pass = await stepped();
    const job = await claimNew(rig);
    await rig.restart();
    pass(MINUTE - 1);
    expect((await beat(job)).status).toBe(200);
    pass(MINUTE);
    expect(await jobOf(job)).toMatchObject({ status: 'pending', attempts: 1 });
  });

  test('a cancel that was asked for before ends the job when nobody comes back', async () => {
    const pass = await stepped();
    const job = await claimNew(rig);
    await rig.operator(`/jobs/${job.jobId}/cancel`, { method: 'POST' });
    await rig.restart();
    pass(MINUTE);
    expect((await jobOf(job)).status).toBe('failed');
  });

  test.each([
    ['as a stopped process', 3 * HOUR, 0],
    ['as a machine that slept', 0, 3 * HOUR],
  ])('%s, without a restart, grants the same', async (_how, monotonic, wall) => {
    // The sweeper itself never looks in this test; a gap of more than two of its intervals is an absence.
    const pass = await stepped({ sweepIntervalSeconds: 3_600 });
    const job = await claimNew(rig);
    pass(monotonic);
    rig.clock.now += wall;
    expect((await beat(job)).status).toBe(200);
    pass(MINUTE);
    expect(await jobOf(job)).toMatchObject({ status: 'pending', attempts: 1 });
  });
});
