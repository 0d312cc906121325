import { afterEach, expect, test } from 'vitest';
import { claimAndSubmit, claimNew, newJob, startRig, type Rig } from './running.ts';

const DAY = 86_400_000;
let rig: Rig;
afterEach(() => rig.stop());

const lines = async () => (await rig.server.ledger()).map(({ sequence }) => sequence);

test('lines of the ledger stay for good where nobody says otherwise', async () => {
  rig = await startRig();
  await claimAndSubmit(rig, await claimNew(rig));
  const before = await lines();
  rig.clock.now += 4_000 * DAY;
  await rig.server.sweep();
  expect((await lines()).slice(0, before.length)).toEqual(before);
});

test('lines that are older than they are to be kept go, and no others; numbers go on', async () => {
  rig = await startRig({ ledgerRetentionDays: 30 });
  const job = await claimNew(rig);
  await claimAndSubmit(rig, job);
  const old = await lines();
  // As a server sweeps that runs: nobody makes everything old by setting a clock.
  for (let day = 0; day < 29; day += 1) {
    rig.clock.now += DAY;
    await rig.server.sweep();
  }
  expect((await lines()).slice(0, old.length)).toEqual(old);
  const young = await newJob(rig);
  rig.clock.now += 2 * DAY;
  await rig.server.sweep();
  const left = await rig.server.ledger();
  expect(left.map(({ event }) => event).slice(-2)).toEqual(['assetCreated', 'jobCreated']);
  expect(left.every(({ at }) => at >= rig.clock.now - 30 * DAY)).toBe(true);
  expect(Math.min(...left.map(({ sequence }) => sequence))).toBeGreaterThan(Math.max(...old));
  // The job and its result do not go with what was written about them.
  expect((await rig.operator(`/jobs/${job.jobId}`)).body['status']).toBe('completed');
  expect((await rig.operator<{ ledger: unknown[] }>(`/page/jobs/${job.jobId}`)).body.ledger).toEqual([]);
  const { database } = rig.server;
  await expect(database.deleteFrom('ledger').where('job_id', '=', young.jobId).execute()).rejects.toThrow(
    'append-only',
  );
  await expect(database.updateTable('ledger').set({ at: 1 }).execute()).rejects.toThrow('append-only');
});
