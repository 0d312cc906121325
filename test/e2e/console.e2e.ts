import { AxeBuilder } from '@axe-core/playwright';
import { test as base, expect, type Page } from '@playwright/test';
import type { FailureCauses, PageAgents } from '../../shared/wire-page.ts';
import { startBusyCatalogue, type BusyCatalogue } from '../support/busy-catalogue.ts';
import { makeWatchedMedia, watchSome } from '../support/watched-media.ts';
import { COMBINATIONS } from './combinations.ts';

const test = base.extend<{ readonly complaints: string[] }, { readonly busy: BusyCatalogue }>({
  busy: [
    // Playwright reads the names of wanted fixtures from the pattern; none is wanted here.
    // oxlint-disable-next-line no-empty-pattern
    async ({}, use) => {
      const media = await makeWatchedMedia();
      const busy = await startBusyCatalogue({ files: 40, agents: 5, failures: 24, watch: media.watch });
      await watchSome(busy.operator, media);
      await use(busy);
      await busy.close();
      await media.close();
    },
    { scope: 'worker' },
  ],
  complaints: async ({ page }, use) => {
    const complaints: string[] = [];
    page.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
    });
    page.on('pageerror', (error) => complaints.push(String(error)));
    await use(complaints);
  },
});

async function signIn(page: Page, { server }: BusyCatalogue, name = 'operator-token', token = server.operatorToken) {
  await page.goto(`${server.url}/`);
  await page.getByRole('textbox').first().fill(name);
  await page.locator('input[type="password"]').fill(token);
  await page.keyboard.press('Enter');
  await page.getByRole('navigation').waitFor();
}

const causesOf = (busy: BusyCatalogue) => busy.operator<FailureCauses>('/failures');
const retriedIn = async (busy: BusyCatalogue) => (await busy.server.ledger({ event: 'jobRetried' })).length;

test('lets in by name and token alone, shows what waits and why, and forgets whoever signs out', async ({
  page,
  busy,
  complaints,
}) => {
  await page.goto(`${busy.server.url}/`);
  await page.getByRole('textbox').first().fill('operator-token');
  await page.locator('input[type="password"]').fill('wrong');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('alert')).toContainText('do not go together');
  expect(complaints.filter((text) => !text.includes('401'))).toEqual([]);
  complaints.length = 0;
  await signIn(page, busy);
  await expect(page.locator('.overview-sentence')).toContainText('no connected machine can do this');
  await expect(page.locator('.overview-oldest')).toContainText('Transcript');
  // The session survives a reload, and no other tab of another origin has it.
  await page.reload();
  await page.getByRole('link', { name: /^Waiting/ }).click();
  await expect(page.locator('.group').nth(0)).toContainText('None of the 5 connected machines offers it');
  await expect(page.locator('.group').nth(1)).toContainText('No machine can read “ARCHIVE”');
  await page.locator('.group').nth(1).click();
  await expect(page.locator('.group-jobs .row').first()).toContainText('ARCHIVE/');
  expect(complaints).toEqual([]);
  await page.getByRole('button', { name: /sign out/ }).click();
  await page.getByRole('menuitem', { name: 'Sign out' }).click();
  await expect(page.getByRole('heading', { name: 'Sign in' })).toBeVisible();
  expect(await page.evaluate(() => JSON.stringify(localStorage))).not.toContain('rcs_');
});

test('tries a cause again after some seconds: undone nothing is changed, carried out it is in the ledger by name', async ({
  page,
  busy,
}) => {
  const { token } = await busy.operator<{ token: string }>('/operators', { name: 'anna', role: 'operator' });
  await signIn(page, busy, 'anna', token);
  const before = await causesOf(busy);
  const [cause] = before.items;
  if (cause === undefined) throw new Error('nothing failed');
  await page.goto(`${busy.server.url}/#/failures/${encodeURIComponent(cause.cause)}`);
  const again = page.getByRole('button', { name: `Try all ${cause.jobs} again` });
  await again.click();
  await page.getByRole('button', { name: 'Undo' }).click();
  await expect(page.locator('.later')).toContainText('Nothing was changed');
  expect(await retriedIn(busy)).toBe(0);
  expect((await causesOf(busy)).items).toEqual(before.items);
  await again.click();
  await page.getByRole('button', { name: 'Now', exact: true }).click();
  await expect(again).toHaveCount(0);
  const lines = await busy.server.ledger({ event: 'jobRetried' });
  expect(lines.map(({ operator }) => operator)).toEqual(Array.from({ length: cause.jobs }, () => 'anna'));
  expect(new Set(lines.map(({ jobId }) => jobId)).size).toBe(cause.jobs);
});

test('tries a cause elsewhere first, which its jobs then say', async ({ page, busy }) => {
  await signIn(page, busy);
  const cause = (await causesOf(busy)).items.find(({ agents }) => agents.length > 0);
  if (cause === undefined) throw new Error('nothing failed');
  await page.goto(`${busy.server.url}/#/failures/${encodeURIComponent(cause.cause)}`);
  await page.getByRole('button', { name: 'Try elsewhere first' }).click();
  await expect(page.locator('.later')).toContainText('elsewhere first');
  await page.getByRole('button', { name: 'Now', exact: true }).click();
  await expect.poll(async () => (await causesOf(busy)).items.map((each) => each.cause)).not.toContain(cause.cause);
  await page.goto(`${busy.server.url}/#/job/${cause.example.job_id}`);
  await expect(page.locator('.facts')).toContainText(/Elsewhere firstnot by edit-\d until/);
});

test('removes what was made of marked files, after some seconds in which it can be undone', async ({ page, busy }) => {
  await signIn(page, busy);
  await page.goto(`${busy.server.url}/#/assets`);
  await page.getByRole('searchbox').fill('a000c009');
  const box = page.getByRole('checkbox', { name: /A000C009/ });
  // What was there before the search goes away with its focus.
  await expect(page.getByRole('checkbox', { name: /A\d{3}C\d{3}/ })).toHaveCount(1);
  await box.press('Space');
  await expect(page.locator('.grid-verbs')).toContainText('One file marked');
  const remove = page.getByRole('button', { name: 'Remove what was made' });
  await remove.click();
  await page.getByRole('button', { name: 'Undo' }).click();
  expect(await busy.server.ledger({ event: 'assetPurged' })).toEqual([]);
  await box.check();
  await remove.click();
  await page.getByRole('button', { name: 'Now', exact: true }).click();
  await expect
    .poll(async () => (await busy.server.ledger({ event: 'assetPurged' })).map(({ operator }) => operator))
    .toEqual(['operator-token']);
  await expect(page.locator('.grid-verbs')).toHaveCount(0);
});

test('pauses a machine by keyboard alone, with why and until when', async ({ page, busy }) => {
  await signIn(page, busy);
  await page.goto(`${busy.server.url}/#/agents`);
  await page.getByRole('button', { name: 'Pause edit-3…' }).focus();
  await page.keyboard.press('Enter');
  await page.getByRole('dialog').waitFor();
  await page.getByRole('textbox').focus();
  await page.keyboard.type('colour session');
  await page.keyboard.press('Enter');
  const card = page.locator('.agent-card', { has: page.getByRole('heading', { name: 'edit-3' }) });
  await expect(card).toContainText('By operator-token until');
  await expect(card).toContainText('colour session');
  const { items } = await busy.operator<PageAgents>('/page/agents');
  expect(items.find(({ agent_name }) => agent_name === 'edit-3')?.pause?.note).toBe('colour session');
  await page.getByRole('button', { name: 'Resume edit-3' }).focus();
  await page.keyboard.press('Enter');
  await expect(card).not.toContainText('colour session');
});

test('says by keyboard alone which work a machine may take, refuses what nobody could mean, and ends it', async ({
  page,
  busy,
}) => {
  await signIn(page, busy);
  await page.goto(`${busy.server.url}/#/agents`);
  const card = page.locator('.agent-card', { has: page.getByRole('heading', { name: 'edit-3' }) });
  const open = page.getByRole('button', { name: 'Rules of edit-3…' });
  await open.focus();
  await page.keyboard.press('Enter');
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('checkbox').nth(1).focus();
  await page.keyboard.press('Space');
  await dialog.getByLabel('From').fill('18:00');
  await dialog.getByLabel('To', { exact: true }).fill('08:00');
  await dialog.getByLabel('Time zone').fill('Europe/Paname');
  await dialog.getByLabel(/Only these media folders/).fill('NAS1, NAS 2');
  await dialog.getByLabel(/Jobs at once/).fill('2');
  await dialog.getByLabel(/Largest source file/).focus();
  await page.keyboard.type('50');
  await page.keyboard.press('Enter');
  await expect(dialog.getByLabel('From')).toBeFocused();
  await expect(dialog.getByLabel('From')).toHaveAccessibleDescription(/a time zone such as Europe\/Paris/);
  expect((await new AxeBuilder({ page }).include('.dialog').analyze()).violations).toEqual([]);
  await dialog.getByLabel('Time zone').fill('Europe/Paris');
  await page.keyboard.press('Enter');
  await expect(dialog).toHaveCount(0);
  await expect(card).toContainText('Rules by operator-token: at most 2 jobs at once');
  await expect(card).toContainText('works 18:00–08:00 (Europe/Paris) · only files of NAS1, NAS 2');
  const rules = async () =>
    (await busy.operator<PageAgents>('/page/agents')).items.find(({ agent_name: name }) => name === 'edit-3')?.rules;
  expect(await rules()).toMatchObject({ roots: ['NAS1', 'NAS 2'], max_parallel_jobs: 2, max_source_bytes: 50e9 });
  expect((await rules())?.job_types).toHaveLength(3);
  await open.focus();
  await page.keyboard.press('Enter');
  await dialog.getByRole('button', { name: 'No rules' }).focus();
  await page.keyboard.press('Enter');
  await expect(card).not.toContainText('Rules by');
  expect(await rules()).toBeUndefined();
});

test('a viewer is offered no act; a file is found by its name, and leads to its job', async ({ page, busy }) => {
  const { token } = await busy.operator<{ token: string }>('/operators', { name: 'vera', role: 'viewer' });
  await signIn(page, busy, 'vera', token);
  await page.goto(`${busy.server.url}/#/agents`);
  await page.locator('.agent-card').first().waitFor();
  expect(await page.getByRole('button', { name: /^(Pause|Let|Rules) / }).count()).toBe(0);
  await page.goto(`${busy.server.url}/#/assets`);
  await expect(page.locator('.virtual li').first()).toBeVisible();
  await page.getByRole('searchbox').fill('a000c007');
  await expect(page.locator('.grid-row .name')).toHaveCount(1);
  await page.locator('.virtual').focus();
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('heading', { level: 1 })).toContainText('A000C007');
  await expect(page.locator('.stretch').first()).toContainText('Waited');
  expect(await page.getByRole('button', { name: /Cancel|Try again|Take back/ }).count()).toBe(0);
});

for (const { colorScheme, locale, tag } of COMBINATIONS) {
  test.describe(`${colorScheme}, ${locale}`, { tag: [...tag] }, () => {
    test.use({ colorScheme, locale });

    test('no view has an accessibility violation, nor is wider than a phone', async ({ page, busy }) => {
      await page.goto(`${busy.server.url}/`);
      await page.getByRole('heading', { level: 1 }).waitFor();
      const look = async (place: string): Promise<void> => {
        const { violations } = await new AxeBuilder({ page }).analyze();
        expect(
          violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`),
          place,
        ).toEqual([]);
      };
      await look('signing in');
      await signIn(page, busy);
      const [cause] = (await causesOf(busy)).items;
      const places = [
        'overview',
        'waiting',
        `waiting/${encodeURIComponent('capability transcribe_audio')}`,
        'agents',
        'failures',
        `failures/${encodeURIComponent(cause?.cause ?? '')}`,
        'assets',
        'folders',
        'folders/add',
        `job/${cause?.example.job_id}`,
      ];
      for (const place of places) {
        await page.goto(`${busy.server.url}/#/${place}`);
        await page.locator('h1').waitFor();
        await expect(page.locator('.console-asking')).toHaveCount(0);
        // What is refused and what is planned are looked at as well.
        if (place === 'folders/add') {
          await page.locator('.folder-form input').nth(1).fill('Day 1');
          await page.keyboard.press('Enter');
          await page.locator('.plan-sum').waitFor();
          await page.locator('.folder-verbs .button').nth(1).click();
          await page.locator('[data-wrong]').waitFor();
        }
        await look(place);
        await page.setViewportSize({ width: 420, height: 860 });
        const over = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
        expect(over, place).toBeLessThanOrEqual(0);
        await page.setViewportSize({ width: 1360, height: 860 });
      }
    });
  });
}
