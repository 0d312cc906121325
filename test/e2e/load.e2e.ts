import type { RunningJob } from '../../shared/snapshot.ts';
import { runningJobs, waitingJobs } from '../support/busy-agent.ts';
import { uuidOf } from '../support/sample-snapshot.ts';
import { bytesPerSecond, moveAll, scroll, traced } from '../ui-load/measure.ts';
import { expect, test } from './open-page.ts';

/** A slice of `npm run test:ui-load`, judged by the thread’s own time, so that a busy machine does not decide. */
test(
  '10,000 waiting and 8 running at full rate: few rows, short tasks, few bytes',
  { tag: '@slow' },
  async ({ page, open }) => {
    const [first] = runningJobs();
    const running = Array.from({ length: 8 }, (_, index) => ({ ...(first as RunningJob), jobId: uuidOf(900 + index) }));
    const { agent, view } = await open({ running, waiting: waitingJobs(10_000) });
    const jobIds = running.map(({ jobId }) => jobId);
    const stop = moveAll((jobId, progress) => agent.emit({ type: 'progressMade', jobId, progress }), jobIds);
    try {
      const devtools = await page.context().newCDPSession(page);
      let perJob = Number.POSITIVE_INFINITY;
      const measure = async (): Promise<number> => (perJob = (await bytesPerSecond(devtools, 3000)) / running.length);
      // On a slow machine the pictures and the first snapshots, megabytes each, are still on their way at first.
      await expect.poll(measure, { intervals: [0] }).toBeLessThan(2000);
      await page.goto(`${view.origin}/#/queue`);
      await page.locator('.virtual li').first().waitFor();
      const { ownP99Ms, ownPerFrameMs } = await traced(page, () => scroll(page, '.virtual', 3000));
      process.stdout.write(
        `8 running, 10,000 waiting: ${perJob.toFixed(0)} B/s per job, tasks p99 ${ownP99Ms?.toFixed(1)} ms, ${ownPerFrameMs?.toFixed(1)} ms per frame\n`,
      );
      expect(await page.locator('.virtual li').count()).toBeLessThan(60);
      expect(perJob).toBeGreaterThan(0);
      expect(ownP99Ms).not.toBeNull();
      expect(ownP99Ms).toBeLessThan(50);
    } finally {
      stop();
    }
  },
);
