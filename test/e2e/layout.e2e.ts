import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Page } from '@playwright/test';
import { build } from 'vite';
import { startWebView } from '../../electron/gateway/http.ts';
import { failure } from '../../shared/failure.ts';
import { createBusyAgent } from '../support/busy-agent.ts';
import { uuidOf } from '../support/sample-snapshot.ts';
import { expect, test } from './open-page.ts';

/** The page with every text more than half as long again, in letters with marks: what a wordy language does. */
async function buildPseudo(outDir: string): Promise<void> {
  await build({
    configFile: false,
    root: fileURLToPath(new URL('../../renderer', import.meta.url)),
    base: './',
    logLevel: 'error',
    build: { outDir, emptyOutDir: true, target: 'chrome140', chunkSizeWarningLimit: 2000 },
    plugins: [
      {
        name: 'pseudo-long',
        transform: (code, id) =>
          id.endsWith('/renderer/i18n.ts')
            ? `${code.replaceAll(/translation: (en|fr)\b/g, 'translation: lengthen($1)')}\n${LENGTHEN}`
            : undefined,
      },
    ],
  });
}

const LENGTHEN = `
const MARKS = { a: 'á', e: 'é', i: 'ï', o: 'ø', u: 'ü', n: 'ñ', A: 'Å', E: 'É', O: 'Ö' };
function lengthen(tree) {
  if (typeof tree !== 'string') return Object.fromEntries(Object.entries(tree).map(([k, v]) => [k, lengthen(v)]));
  const parts = tree.split(/(\\{\\{\\w+\\}\\})/);
  const marked = parts.map((p) => (p.startsWith('{{') ? p : p.replace(/[aeiounAEO]/g, (c) => MARKS[c] ?? c))).join('');
  const more = 'lörem ïpsum dølor sït amét çonsectetur'.slice(0, Math.ceil(tree.length * 0.6));
  return marked + ' ' + more;
}`;

const PLACES = [
  'now',
  'queue',
  'add',
  `done/${uuidOf(101)}`,
  `failures/${uuidOf(301)}`,
  'capabilities',
  'settings',
  'health',
] as const;

/** Elements whose text is cut off without a sign of it, and whether the page itself scrolls sideways. */
async function broken(page: Page): Promise<readonly string[]> {
  return page.evaluate(() => {
    const found: string[] = [];
    const { scrollWidth, clientWidth } = document.documentElement;
    if (scrollWidth > clientWidth) found.push(`the page is ${scrollWidth} wide in ${clientWidth}`);
    for (const element of document.querySelectorAll<HTMLElement>(
      'button, a, label, h1, h2, h3, p, dt, dd, summary, th',
    )) {
      const box = element.getBoundingClientRect();
      const style = getComputedStyle(element);
      if (box.width === 0 || style.clipPath !== 'none' || element.closest('.visually-hidden') !== null) continue;
      const shortened = style.textOverflow === 'ellipsis' || element.querySelector('.name, .path') !== null;
      const text = (element.textContent ?? '').slice(0, 50);
      if (!shortened && element.scrollWidth > element.clientWidth + 1 && style.display !== 'inline') {
        found.push(`${element.tagName.toLowerCase()}.${element.className} cut: ${text}`);
      }
      if (box.right > window.innerWidth + 1 && element.closest('table, .output') === null) {
        found.push(`${element.tagName.toLowerCase()}.${element.className} beyond the edge: ${text}`);
      }
    }
    return found;
  });
}

test.describe('long words', () => {
  test('nothing is cut or pushed out at 900 × 600 and at 200 % zoom', async ({ browser, media }) => {
    const folder = await mkdtemp(join(tmpdir(), 'pseudo-'));
    await buildPseudo(join(folder, 'page'));
    const none = (): void => undefined;
    const view = await startWebView({
      agent: createBusyAgent(media),
      staticDir: join(folder, 'page'),
      tokenFile: join(folder, 'token'),
      port: 0,
      log: { info: none, warn: none, error: none },
    });
    try {
      const found: string[] = [];
      // 200 % of a 900 × 600 window is half its size in CSS pixels.
      for (const [zoom, viewport] of [
        [1, { width: 900, height: 600 }],
        [2, { width: 450, height: 300 }],
      ] as const) {
        const page = await browser.newPage({ viewport, deviceScaleFactor: zoom });
        await page.goto(view.url);
        await page.getByRole('navigation').first().waitFor();
        for (const place of PLACES) {
          await page.goto(`${view.origin}/#/${place}`);
          await page.locator('h1').waitFor();
          found.push(...(await broken(page)).map((what) => `${zoom * 100} % ${place}: ${what}`));
        }
        await page.close();
      }
      expect(found).toEqual([]);
    } finally {
      await view.close();
      await rm(folder, { recursive: true, force: true });
    }
  });
});

test.describe('hostile text', () => {
  const long = `${'x'.repeat(10_000)}\u202e<b>{{now.title}}</b>`;

  test('ten thousand characters, HTML and RTL marks are text, in every place a server can write to', async ({
    page,
    open,
    complaints,
  }) => {
    const base = { jobType: 'generate_thumbnails', claimedAt: '2026-03-02T08:00:00.000Z', wallMs: 5 } as const;
    const ended = { ...base, endedAt: '2026-03-02T08:00:09.000Z', sourcePath: `R/${long}` };
    const { view } = await open({
      waiting: [
        {
          jobId: uuidOf(1),
          jobType: long,
          sourcePath: long,
          priority: 1e9,
          reason: { kind: 'root-unknown', path: long },
        },
      ],
      running: [
        {
          ...base,
          jobId: uuidOf(2),
          assetUuid: uuidOf(3),
          sourcePath: `R/${long}`,
          stage: 'rendering',
          stageSince: '2026-03-02T08:00:00.000Z',
          delivering: false,
          cancelRequested: false,
          suspended: false,
          encoder: long,
        },
      ],
      done: [
        {
          ...ended,
          jobId: uuidOf(4),
          assetUuid: uuidOf(5),
          ending: { kind: 'done', artifacts: [], warnings: [{ code: long, message: long }] },
        },
      ],
      failures: [
        {
          ...ended,
          jobId: uuidOf(6),
          assetUuid: uuidOf(7),
          ending: {
            kind: 'failed',
            failure: failure('OUTPUT_INVALID', long, { command: [long, long], lastLines: [long, long], signal: long }),
          },
        },
      ],
      backlog: { byStatus: { pending: 1 }, byMissingCapability: { [long]: 3 } },
    });
    for (const place of ['now', 'queue', 'done', `done/${uuidOf(5)}`, `failures/${uuidOf(6)}`]) {
      await page.goto(`${view.origin}/#/${place}`);
      await page.locator('h1').waitFor();
      const seen = await page.evaluate(() => ({
        wide: document.documentElement.scrollWidth - document.documentElement.clientWidth,
        bold: document.querySelectorAll('#content b').length,
        rtl: (document.querySelector('#content')?.textContent ?? '').includes('\u202e'),
        // What a person presses must still be where it can be pressed.
        outside: [...document.querySelectorAll<HTMLElement>('#content :is(button, a)')]
          .filter((each) => each.getBoundingClientRect().left > window.innerWidth)
          .map((each) => each.textContent?.slice(0, 30)),
      }));
      expect(seen, place).toEqual({ wide: 0, bold: 0, rtl: false, outside: [] });
    }
    expect(complaints).toEqual([]);
  });
});
