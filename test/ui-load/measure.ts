import { setTimeout as delay } from 'node:timers/promises';
import type { CDPSession, Page } from '@playwright/test';

interface TraceEvent {
  readonly name: string;
  readonly ph: string;
  readonly pid: number;
  readonly tid: number;
  /** Microseconds. */
  readonly ts: number;
  readonly dur?: number;
  /** Time of the thread itself, without what other programs took from it. */
  readonly tdur?: number;
  readonly args?: { readonly name?: string };
}

export interface Rendered {
  /** Frames that Chromium drew, per second of the measured time. */
  readonly framesPerSecond: number;
  /** Tasks of the page's main thread, milliseconds of wall time. */
  readonly taskP50Ms: number;
  readonly taskP99Ms: number;
  readonly taskMaxMs: number;
  /** The same in time of the thread alone; null where Chromium does not tell. */
  readonly ownP99Ms: number | null;
  /** Main-thread time per drawn frame. */
  readonly ownPerFrameMs: number | null;
}

const CATEGORIES = [
  'disabled-by-default-devtools.timeline',
  'disabled-by-default-devtools.timeline.frame',
  '__metadata',
];

/** What Chromium's own tracing says about the frames and tasks of a page while `run` goes on. */
export async function traced(page: Page, run: () => Promise<void>): Promise<Rendered> {
  const devtools = await page.context().newCDPSession(page);
  const events: TraceEvent[] = [];
  devtools.on('Tracing.dataCollected', ({ value }) => void events.push(...(value as unknown as TraceEvent[])));
  const complete = new Promise<void>((done) => devtools.once('Tracing.tracingComplete', () => done()));
  await devtools.send('Tracing.start', {
    transferMode: 'ReportEvents',
    traceConfig: { includedCategories: [...CATEGORIES, 'devtools.timeline'] },
  });
  const startedAt = performance.now();
  await run();
  const seconds = (performance.now() - startedAt) / 1000;
  await devtools.send('Tracing.end');
  await complete;
  await devtools.detach();
  return summarise(events, seconds);
}

function summarise(events: readonly TraceEvent[], seconds: number): Rendered {
  const mains = new Set(
    events
      .filter(({ name, args }) => name === 'thread_name' && args?.name === 'CrRendererMain')
      .map(({ pid, tid }) => `${pid} ${tid}`),
  );
  const tasks = events
    .filter(({ name, ph, pid, tid }) => name === 'RunTask' && ph === 'X' && mains.has(`${pid} ${tid}`))
    .map(({ dur }) => (dur ?? 0) / 1000)
    .sort((a, b) => a - b);
  const own = events
    .filter(({ name, ph, pid, tid }) => name === 'RunTask' && ph === 'X' && mains.has(`${pid} ${tid}`))
    .flatMap(({ tdur }) => (tdur === undefined ? [] : [tdur / 1000]))
    .sort((a, b) => a - b);
  const frames = events.filter(({ name }) => name === 'DrawFrame').length;
  return {
    framesPerSecond: frames / seconds,
    taskP50Ms: at(tasks, 0.5),
    taskP99Ms: at(tasks, 0.99),
    taskMaxMs: tasks.at(-1) ?? 0,
    ownP99Ms: own.length === 0 ? null : at(own, 0.99),
    ownPerFrameMs: own.length === 0 ? null : own.reduce((sum, ms) => sum + ms, 0) / Math.max(1, frames),
  };
}

function at(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}

/** One of Chromium's performance metrics; NaN where it has none of that name. `Performance.enable` comes first. */
export async function metric(devtools: CDPSession, wanted: string): Promise<number> {
  const { metrics } = await devtools.send('Performance.getMetrics');
  return metrics.find(({ name }) => name === wanted)?.value ?? Number.NaN;
}

/** Milliseconds of the page's own thread per frame, while `run` draws `frames` of them. */
async function threadMsPerFrame(page: Page, frames: number, run: () => Promise<void>): Promise<number> {
  const devtools = await page.context().newCDPSession(page);
  await devtools.send('Performance.enable', { timeDomain: 'threadTicks' });
  const before = await metric(devtools, 'TaskDuration');
  await run();
  const seconds = (await metric(devtools, 'TaskDuration')) - before;
  await devtools.detach();
  return (seconds * 1000) / frames;
}

/**
 * What plain DOM code pays per frame of a scrolled list: nine rows of four cells leave, nine others come. The yardstick
 * of this machine at this moment.
 */
async function plainList(page: Page, frames: number): Promise<void> {
  await page.evaluate(async (count) => {
    const box = document.createElement('div');
    box.style.cssText = 'position:fixed;inset:0;z-index:99;overflow:auto;contain:strict;background:#fff';
    const inside = document.createElement('div');
    inside.style.cssText = `position:relative;height:${(count + 4) * 400}px`;
    box.append(inside);
    document.body.append(box);
    let begun = 0;
    const add = (): void => {
      const row = document.createElement('div');
      row.style.cssText = `position:absolute;inset:0 0 auto;height:44px;display:grid;grid-template-columns:5fr 150px 70px 5fr;transform:translateY(${begun * 44}px)`;
      for (const text of [`A004C0${begun}.mov`, 'Video proxies', String(begun % 9), 'It waits for a free place']) {
        const cell = document.createElement('span');
        cell.textContent = text;
        row.append(cell);
      }
      inside.append(row);
      begun += 1;
    };
    for (let row = 0; row < 36; row += 1) add();
    for (let frame = 0; frame < count; frame += 1) {
      for (let row = 0; row < 9; row += 1) {
        inside.firstChild?.remove();
        add();
      }
      box.scrollTop += 400;
      await new Promise(requestAnimationFrame);
    }
    box.remove();
  }, frames);
}

/** A list of ours may cost this many times as much as plain rows; it costs 2 to 3 times as much. */
export const PLAIN_ROWS = 4;

export interface Compared {
  /** Milliseconds of the page's thread per frame. */
  readonly perFrame: number;
  /** Against what plain DOM code paid right before and after. */
  readonly ratio: number;
}

/**
 * A ratio, because milliseconds are the machine's: what else it does makes the same frames cost twice as much. The least
 * of three, each measured between two yardsticks.
 */
export async function againstPlainList(page: Page, frames: number, run: () => Promise<void>): Promise<Compared> {
  let least: Compared = { perFrame: Number.POSITIVE_INFINITY, ratio: Number.POSITIVE_INFINITY };
  const plain = (): Promise<number> => threadMsPerFrame(page, frames, () => plainList(page, frames));
  for (let tries = 0; tries < 3; tries += 1) {
    const before = await plain();
    const perFrame = await threadMsPerFrame(page, frames, run);
    const ratio = perFrame / ((before + (await plain())) / 2);
    if (ratio < least.ratio) least = { perFrame, ratio };
  }
  return least;
}

/** Heap of the page in bytes, after a collection. */
export async function heapBytes(devtools: CDPSession): Promise<number> {
  await devtools.send('HeapProfiler.collectGarbage');
  const { usedSize } = await devtools.send('Runtime.getHeapUsage');
  return usedSize;
}

/** Scrolls a list by wheel-sized steps, one per drawn frame, down and up again, for `ms`. */
export async function scroll(page: Page, selector: string, ms: number): Promise<void> {
  await page.locator(selector).evaluate(
    (scroller, until) =>
      new Promise<void>((done) => {
        const startedAt = performance.now();
        let step = 120;
        const next = (): void => {
          scroller.scrollTop += step;
          if (scroller.scrollTop <= 0) step = 120;
          if (scroller.scrollTop + scroller.clientHeight >= scroller.scrollHeight) step = -120;
          if (performance.now() - startedAt < until) requestAnimationFrame(next);
          else done();
        };
        requestAnimationFrame(next);
      }),
    ms,
  );
}

/** Every job moves 50 times a second, ten times faster than a page is told; returns what stops it. */
export function moveAll(emit: (jobId: string, progress: number) => void, jobIds: readonly string[]): () => void {
  const began = performance.now();
  const timer = setInterval(() => {
    for (const jobId of jobIds) emit(jobId, ((performance.now() - began) / 600_000) % 1);
  }, 20);
  return () => clearInterval(timer);
}

/** Bytes that reached the page over `ms`, per second. */
export async function bytesPerSecond(devtools: CDPSession, ms: number): Promise<number> {
  let bytes = 0;
  const count = ({ encodedDataLength, dataLength }: { encodedDataLength: number; dataLength: number }): void => {
    bytes += Math.max(encodedDataLength, dataLength);
  };
  await devtools.send('Network.enable');
  devtools.on('Network.dataReceived', count);
  await delay(ms);
  devtools.off('Network.dataReceived', count);
  return bytes / (ms / 1000);
}
