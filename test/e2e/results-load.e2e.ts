import type { Locator, Page } from '@playwright/test';
import { LONG_TAKE } from '../support/results-agent.ts';
import { againstPlainList, metric, PLAIN_ROWS } from '../ui-load/measure.ts';
import { expect, test } from './show-results.ts';

/**
 * Long and many results. In every run the page's own thread is measured against plain DOM code beside it; milliseconds
 * and frames as they came are judged by `npm run test:results-load`, on a quiet machine.
 */
const WITH_FRAMES = process.env['npm_lifecycle_event'] === 'test:results-load';
const FRAME_MS = 1000 / 60;
const STEPS = WITH_FRAMES ? 300 : 90;

interface Step {
  readonly x?: number;
  readonly y?: number;
}

/** Scrolls by `step` in every frame, from the beginning; answers how long each of them took, in ms. */
function scroll(list: Locator, { x = 0, y = 0 }: Step): Promise<number[]> {
  return list.evaluate(
    async (box, { steps, by }) => {
      const times: number[] = [];
      box.scrollTo(0, 0);
      for (let step = 0; step <= steps; step += 1) {
        box.scrollBy(...by);
        times.push(await new Promise<number>((resolve) => requestAnimationFrame(resolve)));
      }
      return times.slice(1).map((time, index) => time - (times[index] ?? time));
    },
    { steps: STEPS, by: [x, y] as const },
  );
}

async function expectSmooth(page: Page, list: Locator, step: Step, what: string): Promise<void> {
  let frames: number[] = [];
  const { perFrame, ratio } = await againstPlainList(page, STEPS, async () => {
    frames = await scroll(list, step);
  });
  const fps = (frames.length / frames.reduce((sum, ms) => sum + ms, 0)) * 1000;
  const late = frames.filter((ms) => ms > 2 * FRAME_MS + 1).length;
  const drawn = WITH_FRAMES ? `; ${fps.toFixed(1)} frames a second, ${late} of ${STEPS} late` : '';
  process.stdout.write(`${what}: ${perFrame.toFixed(1)} ms per frame, ${ratio.toFixed(2)} × plain rows${drawn}\n`);
  expect(ratio).toBeLessThan(PLAIN_ROWS);
  if (!WITH_FRAMES) return;
  expect(perFrame).toBeLessThan(FRAME_MS);
  expect(fps).toBeGreaterThanOrEqual(55);
}

test('a transcript of three hours scrolls smoothly', { tag: '@slow' }, async ({ page, show }) => {
  await show(`done/${LONG_TAKE}`);
  const words = page.getByRole('region', { name: 'What is said, with its times' });
  await expect(words.locator('.said-row').first()).toBeVisible();
  await expectSmooth(page, words, { y: 240 }, 'transcript of 3 h');
  expect(await words.locator('.said-row').count()).toBeLessThan(60);
});

test('a magnified waveform of three hours scrolls smoothly', { tag: '@slow' }, async ({ page, show }) => {
  await show(`done/${LONG_TAKE}`);
  const wave = page.getByRole('slider', { name: /^Waveform of/ });
  await expect(wave.locator('canvas')).toBeVisible();
  const closer = page.getByRole('button', { name: 'Zoom in' });
  for (let step = 0; step < 8; step += 1) await closer.click();
  await expectSmooth(page, wave, { x: 180 }, 'waveform of 3 h');
  expect(await wave.locator('canvas').evaluate((canvas: HTMLCanvasElement) => canvas.width)).toBeLessThan(4000);
});

test(
  '500 results: the first screen, and the memory on the way to the last one',
  { tag: '@slow' },
  async ({ page, show }) => {
    const { origin } = await show('now', 500);
    const devtools = await page.context().newCDPSession(page);
    await devtools.send('Performance.enable', { timeDomain: 'threadTicks' });
    const before = await metric(devtools, 'TaskDuration');
    const begun = Date.now();
    await page.goto(`${origin}/#/done`);
    const list = page.locator('.split-list .virtual');
    await expect
      .poll(() =>
        list
          .locator('img')
          .evaluateAll((all) => all.length > 5 && all.every((img) => (img as HTMLImageElement).naturalWidth > 0)),
      )
      .toBe(true);
    const waited = Date.now() - begun;
    const busy = ((await metric(devtools, 'TaskDuration')) - before) * 1000;
    process.stdout.write(`500 results: first screen after ${waited} ms, ${busy.toFixed(0)} ms of the page's thread\n`);
    expect(busy).toBeLessThan(1000);
    if (WITH_FRAMES) expect(waited).toBeLessThan(1000);
    const used = async (): Promise<{ heap: number; nodes: number }> => {
      await devtools.send('HeapProfiler.collectGarbage');
      return { heap: await metric(devtools, 'JSHeapUsedSize'), nodes: await metric(devtools, 'Nodes') };
    };
    const first = await used();
    const last = page.getByRole('link', { name: /D0499/ });
    await expect
      .poll(async () => {
        await list.evaluate((box) => box.scrollTo(0, box.scrollHeight));
        return last.count();
      })
      .toBe(1);
    await list.evaluate((box) => box.scrollTo(0, 0));
    await expect(page.getByRole('link', { name: /A003C014/ })).toBeVisible();
    const after = await used();
    const grown = (after.heap - first.heap) / 1e6;
    process.stdout.write(
      `500 results: ${grown.toFixed(1)} MB and ${after.nodes - first.nodes} nodes more after the last one\n`,
    );
    expect(await list.getByRole('listitem').count()).toBeLessThan(40);
    // 500 ended jobs as data are about 1 MB; pictures and rows must not stay.
    expect(grown).toBeLessThan(10);
    expect(after.nodes - first.nodes).toBeLessThan(2000);
  },
);
