import { afterEach, expect, test } from 'vitest';
import { claimAndSubmit, claimNew, startRig, type Rig } from './running.ts';

const DAY = 86_400_000;
/** What a person or a battery sets, and what passes. */
let wall: number;
let passed: number;
let rig: Rig;
afterEach(() => rig.stop());

async function begin(): Promise<string> {
  wall = Date.parse('2026-03-01T12:00:00Z');
  passed = 0;
  rig = await startRig({
    derivedRetentionDays: 10,
    jobRetentionDays: 10,
    retentionDays: 10,
    clock: () => wall,
    monotonic: () => passed,
  });
  const job = await claimNew(rig);
  await claimAndSubmit(rig, job);
  await rig.server.sweep();
  return job.jobId;
}
/** So many days on, an hour at a time, as a server sweeps that runs. */
async function days(count: number): Promise<void> {
  for (let hour = 0; hour < count * 24; hour += 1) {
    passed += 3_600_000;
    wall += 3_600_000;
    await rig.server.sweep();
  }
}
const isThere = async (jobId: string): Promise<boolean> => (await rig.operator(`/jobs/${jobId}`)).status === 200;

test('a job is forgotten when its days have passed, and not before', async () => {
  const job = await begin();
  await days(9);
  expect(await isThere(job)).toBe(true);
  await days(2);
  expect(await isThere(job)).toBe(false);
});

test.each([
  ['by a year', 365],
  ['by a month', 30],
])('a wall clock that jumps ahead %s deletes nothing, nor after a restart', async (_what, ahead) => {
  const job = await begin();
  wall += ahead * DAY;
  await rig.server.sweep();
  expect(await isThere(job)).toBe(true);
  await rig.restart();
  await rig.server.sweep();
  expect(await isThere(job)).toBe(true);
  // Who notices within half the time, and sets it right, has lost nothing.
  await days(4);
  expect(await isThere(job)).toBe(true);
  wall -= ahead * DAY;
  await days(5);
  expect(await isThere(job)).toBe(true);
  await days(2);
  expect(await isThere(job)).toBe(false);
});

test('many restarts with a clock that is ahead forget nothing either', async () => {
  const job = await begin();
  wall += 365 * DAY;
  for (let start = 0; start < 12; start += 1) {
    await rig.restart();
    await rig.server.sweep();
  }
  expect(await isThere(job)).toBe(true);
});

test('a wall clock that is set back makes nothing new old', async () => {
  await begin();
  await days(1);
  wall -= 30 * DAY;
  const later = await claimNew(rig);
  await claimAndSubmit(rig, later);
  await days(9);
  expect(await isThere(later.jobId)).toBe(true);
});

test('a server that was off for a month makes up for it while it runs', async () => {
  const job = await begin();
  wall += 30 * DAY;
  await rig.restart();
  await days(6);
  expect(await isThere(job)).toBe(false);
});
