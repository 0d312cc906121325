import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createRetention } from '../../electron/agent/jobs/retention.ts';
import { claimedRun, createTestServices, type TestServices } from '../support/agent-services.ts';

const HOUR = 3_600_000;
const DAYS = 14;
let rig: TestServices;
/** What a person or a battery set it ahead of the time that passes. */
let ahead: number;

beforeEach(() => {
  rig = createTestServices('http://127.0.0.1:1');
  ahead = 0;
  const { now } = rig.clock;
  rig.clock.now = () => now() + ahead;
});
afterEach(() => rig.close());

/** Finished work without a lease; answers whether it is there. */
async function kept(): Promise<() => boolean> {
  const { runId } = claimedRun(rig);
  rig.services.journal.change(runId, { phase: 'kept', keptAt: new Date(rig.clock.now()).toISOString() });
  return () => existsSync(join(rig.services.workFolder, 'runs', runId)) && rig.services.journal.runs().length === 1;
}

async function hours(count: number, look: () => Promise<void>): Promise<void> {
  for (let hour = 0; hour < count; hour += 1) {
    rig.clock.jump(HOUR);
    await look();
  }
}

it('keeps finished work for its days, and not longer', async () => {
  const look = createRetention(rig.services);
  await look();
  const isThere = await kept();
  await hours(DAYS * 24, look);
  expect(isThere()).toBe(true);
  await hours(2, look);
  expect(isThere()).toBe(false);
});

it.each([
  ['goes on', false],
  ['starts again', true],
])('deletes nothing at once when the wall clock jumps a year ahead and the agent %s', async (_, again) => {
  let look = createRetention(rig.services);
  await look();
  const isThere = await kept();
  ahead = 365 * 24 * HOUR;
  if (again) look = createRetention(rig.services);
  // Twice as fast as time passes, until somebody sets it right.
  await hours((DAYS * 24) / 2, look);
  expect(isThere()).toBe(true);
  ahead = 0;
  await hours((DAYS * 24) / 2, look);
  expect(isThere()).toBe(true);
  await hours(2, look);
  expect(isThere()).toBe(false);
});

it('deletes nothing that was kept while the wall clock was years behind', async () => {
  const look = createRetention(rig.services);
  ahead = -10 * 365 * 24 * HOUR;
  await look();
  const isThere = await kept();
  ahead = 0;
  await hours(24, look);
  expect(isThere()).toBe(true);
});
