import pino from 'pino';
import { expect, it } from 'vitest';
import { watchQueue } from '../../electron/compose/operator/watch-queue.ts';
import { createStore } from '../../electron/agent/store/store.ts';
import type { QueueOverview } from '../../shared/snapshot.ts';
import { sampleSnapshot } from '../support/sample-snapshot.ts';
import { createFakeClock } from '../support/fake-time.ts';

const QUEUE: QueueOverview = { files: 1, heldJobs: 0, heldFiles: 0, pending: {}, batches: [] };

/** How often the server counts in ten minutes in which something moves every second. */
async function asked(countMs: number): Promise<number> {
  const clock = createFakeClock();
  const store = createStore(sampleSnapshot());
  const over = new AbortController();
  let times = 0;
  const queue = async (): Promise<QueueOverview> => {
    times += 1;
    await clock.sleep(countMs);
    return QUEUE;
  };
  watchQueue({ store, clock, log: pino({ level: 'silent' }) }, { queue }, over.signal);
  for (let second = 0; second < 600; second += 1) {
    store.emit({ type: 'offersSeen', waiting: [] });
    await clock.pass(1_000);
  }
  over.abort();
  return times;
}

it('asks often what is quickly counted, and seldom what keeps the server', async () => {
  expect(await asked(10)).toBeGreaterThan(200);
  const seldom = await asked(2_000);
  expect(seldom).toBeGreaterThan(3);
  expect(seldom).toBeLessThan(8);
});
