import { AxeBuilder } from '@axe-core/playwright';
import { uuidOf } from '../support/sample-snapshot.ts';
import { COMBINATIONS } from './combinations.ts';
import { expect, test } from './open-page.ts';

const PLACES = [
  'now',
  'queue',
  'done',
  `done/${uuidOf(101)}`,
  `failures/${uuidOf(301)}`,
  'capabilities',
  'add',
  'settings',
  'health',
] as const;

// axe looks at every element of every view; on a busy machine that takes its time.
for (const { colorScheme, locale, tag } of COMBINATIONS) {
  test.describe(`${colorScheme}, ${locale}`, { tag: [...tag] }, () => {
    test.use({ colorScheme, locale });

    test('no view has an accessibility violation', async ({ page, open }) => {
      const { view } = await open();
      for (const place of PLACES) {
        await page.goto(`${view.origin}/#/${place}`);
        await page.locator('h1').waitFor();
        // axe reads into the player's own controls, which belong to the browser.
        const { violations } = await new AxeBuilder({ page }).exclude('video').exclude('audio').analyze();
        expect(violations.map(describeViolation), place).toEqual([]);
      }
    });

    test('neither do dialogs, forms and what is wrong in them', { tag: '@slow' }, async ({ page, open }) => {
      const { view } = await open();
      const look = async (what: string): Promise<void> => {
        const { violations } = await new AxeBuilder({ page }).analyze();
        expect(violations.map(describeViolation), what).toEqual([]);
      };
      await page.keyboard.press('?');
      await page.getByRole('dialog').waitFor();
      await look('shortcuts');
      await page.keyboard.press('Escape');
      await page.goto(`${view.origin}/#/settings`);
      await page.locator('#setting-maxParallelJobs').fill('99');
      await page.locator('.server-now .button').first().click();
      await page.locator('.pair').waitFor();
      await look('a wrong value and the pairing form');
      await page.locator('.nav a').first().click();
      await page.getByRole('alertdialog').waitFor();
      await look('leaving without saving');
      await page.keyboard.press('Escape');
      await page.locator('.dialog').waitFor({ state: 'detached' });
      await page.locator('.save-bar .button').first().click();
      await page.goto(`${view.origin}/#/add`);
      await page.locator('.source .button').first().click();
      await page.locator('.places button').first().click();
      await page.locator('.picker-row').first().waitFor();
      await look('the picker');
      await page.keyboard.press('Escape');
      await page.locator('.source .input-path').fill('/home/editor/Movies');
      await page.keyboard.press('Enter');
      await page.locator('.add-file').first().waitFor();
      await look('what was found');
    });

    test('neither do the empty, the lost and the closed page', async ({ page, serve, open }) => {
      const closed = await serve();
      await page.goto(closed.view.origin);
      await page.getByRole('heading').waitFor();
      expect((await new AxeBuilder({ page }).analyze()).violations.map(describeViolation)).toEqual([]);
      const { view, stop } = await open({ running: [], done: [], waiting: [], failures: [], backlog: null });
      for (const place of ['queue', 'done', 'failures']) {
        await page.goto(`${view.origin}/#/${place}`);
        await page.locator('.empty').waitFor();
        expect((await new AxeBuilder({ page }).analyze()).violations.map(describeViolation), place).toEqual([]);
      }
      await stop();
      await page.locator('[data-lost]').waitFor();
      expect((await new AxeBuilder({ page }).analyze()).violations.map(describeViolation)).toEqual([]);
    });
  });
}

function describeViolation(violation: { id: string; nodes: { html: string; failureSummary?: string | undefined }[] }) {
  return `${violation.id}: ${violation.nodes.map((node) => `${node.html} – ${node.failureSummary ?? ''}`).join(' | ')}`;
}
