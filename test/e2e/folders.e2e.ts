import { test as base, expect, type Page } from '@playwright/test';
import type { OperatorJob } from '../../shared/wire.ts';
import { startBusyCatalogue, type BusyCatalogue } from '../support/busy-catalogue.ts';
import { makeWatchedMedia, type WatchedMedia } from '../support/watched-media.ts';

interface Watching extends BusyCatalogue {
  readonly media: WatchedMedia;
}

const test = base.extend<{ readonly complaints: string[]; readonly watching: Watching }>({
  // Playwright reads the names of wanted fixtures from the pattern; none is wanted here.
  // oxlint-disable-next-line no-empty-pattern
  watching: async ({}, use) => {
    const media = await makeWatchedMedia();
    const busy = await startBusyCatalogue({ files: 0, agents: 0, failures: 0, watch: media.watch });
    await use({ ...busy, media });
    await busy.close();
    await media.close();
  },
  complaints: async ({ page }, use) => {
    const complaints: string[] = [];
    page.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
    });
    page.on('pageerror', (error) => complaints.push(String(error)));
    await use(complaints);
  },
});

async function signIn(page: Page, { server, operator }: Watching, role: 'viewer' | 'operator'): Promise<void> {
  const { token } = await operator<{ token: string }>('/operators', { name: 'anna', role });
  await page.goto(`${server.url}/#/folders`);
  await page.getByRole('textbox').first().fill('anna');
  await page.locator('input[type="password"]').fill(token);
  await page.keyboard.press('Enter');
  await page.getByRole('navigation').waitFor();
}

/** By the keys alone, to where a person would go on. */
async function tabTo(page: Page, name: string): Promise<void> {
  for (let tabs = 0; tabs < 40; tabs += 1) {
    const here = page.locator(':focus');
    const said = (await here.count()) === 0 ? '' : await here.evaluate((at) => at.ariaLabel ?? at.textContent);
    if (said?.trim() === name) return;
    await page.keyboard.press('Tab');
  }
  throw new Error(`no Tab led to “${name}”`);
}

test('a folder is tried, watched, switched off and removed by keyboard alone, and what is refused is said at its field', async ({
  page,
  watching,
  complaints,
}) => {
  await signIn(page, watching, 'operator');
  await tabTo(page, 'Watch a folder');
  await page.keyboard.press('Enter');
  await expect(page.getByLabel('Name', { exact: true })).toBeFocused();
  await page.keyboard.press('Tab');
  await page.keyboard.press('Tab');
  await page.keyboard.type('nowhere');
  await page.keyboard.press('Enter');
  await expect(page.getByLabel('Folder in it')).toBeFocused();
  await expect(page.getByLabel('Folder in it')).toHaveAttribute('aria-invalid', 'true');
  await expect(page.getByLabel('Folder in it')).toHaveAccessibleDescription(/cannot read such a folder.*ENOENT/s);

  await page.keyboard.press('Control+A');
  await page.keyboard.type('Day 1');
  await page.keyboard.press('Enter');
  const plan = page.locator('.plan');
  await expect(plan).toContainText('It would make 9 jobs for 3 files.');
  await expect(plan).toContainText('Thumbnails: 3');
  await expect(plan).toContainText('Transcript: 2');
  await expect(plan).toContainText('One small copy that a camera made is passed over.');
  await expect(plan).toContainText('2 files are parts of clips');
  expect((await watching.operator<{ items: OperatorJob[] }>('/jobs/all')).items).toEqual([]);
  // What was tried is not what stands there any more.
  await page.keyboard.type('/');
  await expect(plan).toHaveText('');

  await tabTo(page, 'Watch');
  await page.keyboard.press('Enter');
  await expect(page.getByLabel('Name', { exact: true })).toBeFocused();
  await page.keyboard.type('Cards');
  await tabTo(page, 'Watch');
  await page.keyboard.press('Enter');
  const card = page.locator('.agent-card');
  await expect(card.getByRole('heading')).toHaveText('Cards');
  await expect(card).toContainText('RUSHES/Day 1');
  await expect(card).toContainText('Watching');
  await expect(card.locator('.facts > div', { hasText: 'Still being copied' })).toContainText('3');
  await page.goto(`${watching.server.url}/#/folders/add`);
  await page.getByLabel('Name', { exact: true }).fill('Cards');
  await page.getByRole('button', { name: 'Watch', exact: true }).click();
  await expect(page.getByLabel('Name', { exact: true })).toHaveAccessibleDescription(/no other folder here has/);

  await page.goBack();
  await card.getByRole('switch', { name: 'Watch Cards' }).focus();
  await page.keyboard.press('Space');
  await expect(card).toContainText('No file is taken until it is switched on.');
  const remove = card.getByRole('button', { name: 'Remove Cards' });
  await remove.focus();
  await page.keyboard.press('Enter');
  await expect(page.locator('.later')).toContainText('Cards will be watched no more');
  await page.getByRole('button', { name: 'Undo' }).click();
  await expect(page.locator('.later')).toContainText('Nothing was changed');
  await remove.press('Enter');
  await page.getByRole('button', { name: 'Now', exact: true }).click();
  await expect(page.getByText('No folder is watched')).toBeVisible();
  const lines = (await watching.server.ledger()).filter(({ event }) => event.startsWith('rule'));
  expect(lines.map(({ event, operator }) => [event, operator])).toEqual([
    ['ruleAdded', 'anna'],
    ['ruleChanged', 'anna'],
    ['ruleRemoved', 'anna'],
  ]);
  // The refusals that were wanted: 422 of the folder and the name, 409 of the second name.
  expect(complaints.filter((text) => !/\b(?:409|422)\b/.test(text))).toEqual([]);
});

test('what was taken is counted, and its jobs say what part of a clip they are of', async ({ page, watching }) => {
  const rule = { name: 'Day', root: 'RUSHES', job_types: ['generate_thumbnails'], settle_seconds: 1, enabled: true };
  await watching.operator('/rules', rule);
  await signIn(page, watching, 'viewer');
  const card = page.locator('.agent-card');
  await expect(card.locator('.facts > div', { hasText: 'Files taken' })).toContainText('3');
  await expect(card.locator('.facts > div', { hasText: 'Passed over' })).toContainText('1, such as');
  await expect(card.locator('.facts > div', { hasText: 'Looked through last' })).toContainText(/\d\d:\d\d:\d\d, in/);
  // A viewer is offered no act.
  await expect(page.getByRole('switch')).toHaveCount(0);
  await expect(page.getByRole('button', { name: /Remove/ })).toHaveCount(0);
  await page.goto(`${watching.server.url}/#/folders/add`);
  await expect(card).toBeVisible();
  await expect(page.getByRole('link', { name: 'Watch a folder' })).toHaveCount(0);

  const { items } = await watching.operator<{ items: OperatorJob[] }>('/jobs/all?search=GX020042');
  await page.goto(`${watching.server.url}/#/job/${items[0]?.job_id}`);
  await expect(page.locator('.facts')).toContainText('chapter 2 of 0042');

  // Its media folder, then every one, is taken from the server.
  watching.media.roots.length = 0;
  await page.goto(`${watching.server.url}/#/folders`);
  await expect(card).toContainText('No running server has the media folder “RUSHES”');
  await expect(page.locator('.rules-note')).toContainText('--media-root NAME=PATH');
});
