import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Browser, Page } from '@playwright/test';
import type { FailureCauses, PageAgents } from '../../shared/wire-page.ts';
import type { Rule, RuleList } from '../../shared/wire-rules.ts';
import { startBusyCatalogue, type BusyCatalogue } from '../support/busy-catalogue.ts';
import { makeWatchedMedia, watchSome } from '../support/watched-media.ts';

/** One state of the server's page that an operator may meet. */
interface ConsoleScene {
  readonly name: string;
  /** Fragment behind `#/`. */
  readonly place: (busy: BusyCatalogue) => string | Promise<string>;
  /** Brings the page into the state, by means that need no language. */
  readonly act?: (page: Page) => Promise<void>;
}

const firstCause = async ({ operator }: BusyCatalogue) => (await operator<FailureCauses>('/failures')).items[0];

const SCENES: readonly ConsoleScene[] = [
  { name: 'console-overview', place: () => 'overview' },
  { name: 'console-waiting', place: () => `waiting/${encodeURIComponent('capability transcribe_audio')}` },
  { name: 'console-agents', place: () => 'agents' },
  {
    name: 'console-failures',
    place: async (busy) => `failures/${encodeURIComponent((await firstCause(busy))?.cause ?? '')}`,
  },
  { name: 'console-files', place: () => 'assets' },
  { name: 'console-folders', place: () => 'folders' },
  {
    name: 'console-folders-tried',
    place: () => 'folders/add',
    act: async (page) => {
      await page.locator('.folder-form input').nth(1).fill('Day 1');
      await page.keyboard.press('Enter');
      await page.locator('.plan-sum').waitFor();
    },
  },
  {
    name: 'console-folders-refused',
    place: () => 'folders/add',
    act: async (page) => {
      await page.locator('.folder-form input').nth(1).fill('Day 12');
      await page.keyboard.press('Enter');
      await page.locator('[data-wrong]').waitFor();
    },
  },
  { name: 'console-job-failed', place: async (busy) => `job/${(await firstCause(busy))?.example.job_id}` },
  {
    name: 'console-job-running',
    place: async ({ operator }) => {
      const { items } = await operator<PageAgents>('/page/agents');
      return `job/${items.flatMap(({ running }) => running)[0]?.job_id}`;
    },
  },
];

export interface Look {
  readonly locale: string;
  readonly colorScheme: 'light' | 'dark';
  readonly width: number;
  readonly height: number;
  /** Of the file, behind the scene's name. */
  readonly ending: string;
}

/** Pictures of the server's page in each of these looks, into `out`; answers how many. */
export async function takeConsole(
  browser: Browser,
  looks: readonly Look[],
  isWanted: (name: string) => boolean,
  out: string,
): Promise<number> {
  const scenes = SCENES.filter(({ name }) => isWanted(name));
  if (scenes.length === 0) return 0;
  const media = await makeWatchedMedia();
  const busy = await startBusyCatalogue({ files: 300, agents: 14, failures: 90, watch: media.watch });
  try {
    await watchSome(busy.operator, media);
    await takeDay(busy);
    for (const { locale, colorScheme, width, height, ending } of looks) {
      const context = await browser.newContext({
        locale,
        colorScheme,
        viewport: { width, height },
        reducedMotion: 'reduce',
      });
      const page = await context.newPage();
      await signIn(page, busy);
      for (const { name, place, act } of scenes) {
        await page.goto(`${busy.server.url}/#/${await place(busy)}`);
        await page.locator('h1').first().waitFor();
        await page.locator('.console-asking').waitFor({ state: 'detached' });
        await act?.(page);
        // Lists come a moment after their view.
        await delay(400);
        await page.screenshot({ path: join(out, `${name}${ending}`) });
      }
      await context.close();
    }
    return scenes.length * looks.length;
  } finally {
    await busy.close();
    await media.close();
  }
}

async function signIn(page: Page, { server }: BusyCatalogue): Promise<void> {
  await page.goto(`${server.url}/`);
  await page.locator('input[name="name"]').fill('operator-token');
  await page.locator('input[name="token"]').fill(server.operatorToken);
  await page.keyboard.press('Enter');
  await page.getByRole('navigation').waitFor();
}

/** A watched folder of which something came. */
async function takeDay({ operator }: BusyCatalogue): Promise<void> {
  await operator('/rules', {
    name: 'Day 1',
    root: 'RUSHES',
    folder: 'Day 1',
    job_types: ['generate_video_proxies', 'generate_thumbnails'],
    settle_seconds: 1,
    enabled: true,
  });
  const isTaken = ({ taken }: Rule): boolean => taken === 3;
  while (!(await operator<RuleList>('/rules')).items.some(isTaken)) await delay(200);
}
