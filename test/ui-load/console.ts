import { chromium, type Page } from '@playwright/test';
import { startBusyCatalogue, type BusyCatalogue } from '../support/busy-catalogue.ts';
import { CHROMIUM } from '../support/chromium.ts';
import { scroll, traced } from './measure.ts';

/** What is said of one measurement, and whether it is as wanted. */
type Say = (what: string, value: string, wanted: string, held: boolean) => void;

const FILES = 10_000;
const FIRST_CONTENT_MS = 1_000;

/** The server's page over 10,000 files, 100 agents and 1,000 failures of eight causes. */
export async function measureConsole(say: Say): Promise<void> {
  const busy = await startBusyCatalogue({ files: FILES, agents: 100, failures: 1_000 });
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] });
  try {
    const page = await browser.newPage({ viewport: { width: 1360, height: 860 } });
    await signIn(page, busy);
    for (const [view, there] of [
      ['overview', '.overview-sentence'],
      ['waiting', '.group'],
      ['agents', '.agent-card'],
      ['failures', '.cause-link'],
      ['assets', '.grid-row .name'],
    ] as const) {
      // From an address in the bar to what it is about.
      const begun = performance.now();
      await page.goto(`${busy.server.url}/?${view}#/${view}`);
      await page.locator(there).first().waitFor();
      const ms = performance.now() - begun;
      say(`console: first content of ${view}`, `${ms.toFixed(0)} ms`, '≤ 1000 ms', ms <= FIRST_CONTENT_MS);
    }
    await listAll(page);
    await scroll(page, '.virtual', 2_000);
    for (const [view, scrolls] of [
      ['assets', '.virtual'],
      ['agents', '.view-body'],
    ] as const) {
      if (view === 'agents') {
        await page.goto(`${busy.server.url}/#/agents`);
        await page.locator('.agent-card').first().waitFor();
      }
      const { framesPerSecond: fps, ownPerFrameMs } = await traced(page, () => scroll(page, scrolls, 8_000));
      say(`console: frames while scrolling ${view}`, `${fps.toFixed(1)} fps`, '≥ 55 fps', fps >= 55);
      if (ownPerFrameMs !== null)
        say(`console: main thread per frame, ${view}`, `${ownPerFrameMs.toFixed(1)} ms`, '< 18 ms', ownPerFrameMs < 18);
    }
  } finally {
    await browser.close();
    await busy.close();
  }
}

async function signIn(page: Page, { server }: BusyCatalogue): Promise<void> {
  await page.goto(`${server.url}/`);
  await page.locator('input[name="name"]').fill('operator-token');
  await page.locator('input[name="token"]').fill(server.operatorToken);
  await page.keyboard.press('Enter');
  await page.getByRole('navigation').waitFor();
}

/** To the end of the list, a page at a time. */
async function listAll(page: Page): Promise<void> {
  for (;;) {
    const rows = await page
      .locator('.virtual-rows')
      .evaluate((list) => Number.parseFloat(getComputedStyle(list).height));
    if (rows / 44 >= FILES) return;
    await page.locator('.virtual').evaluate((list) => list.scrollTo(0, list.scrollHeight));
    await page.waitForFunction(
      (before) =>
        Number.parseFloat(getComputedStyle(document.querySelector('.virtual-rows') as Element).height) > before,
      rows,
    );
  }
}
