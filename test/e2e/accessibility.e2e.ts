import { AxeBuilder } from '@axe-core/playwright';
import { uuidOf } from '../support/sample-snapshot.ts';
import { expect, test } from './open-page.ts';

const PLACES = [
  'now',
  'queue',
  'done',
  `done/${uuidOf(101)}`,
  `failures/${uuidOf(301)}`,
  'capabilities',
  'health',
] as const;

for (const colorScheme of ['light', 'dark'] as const) {
  for (const locale of ['en-GB', 'fr-FR'] as const) {
    test.describe(`${colorScheme}, ${locale}`, () => {
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

      test('neither do the empty, the lost and the closed page', async ({ page, serve, open }) => {
        const closed = await serve();
        await page.goto(closed.view.origin);
        await page.getByRole('heading').waitFor();
        expect((await new AxeBuilder({ page }).analyze()).violations.map(describeViolation)).toEqual([]);
        const { view, stop } = await open({ running: [], done: [], waiting: [], failures: [], backlog: null });
        for (const place of ['now', 'queue', 'done', 'failures']) {
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
}

function describeViolation(violation: { id: string; nodes: { html: string; failureSummary?: string | undefined }[] }) {
  return `${violation.id}: ${violation.nodes.map((node) => `${node.html} – ${node.failureSummary ?? ''}`).join(' | ')}`;
}
