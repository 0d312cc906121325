import { realOverview, realQueue } from '../support/real-names.ts';
import { sampleSnapshot } from '../support/sample-snapshot.ts';
import { expect, test } from './open-page.ts';

const waiting = realQueue();
const now = Date.now();
const queue = realOverview((seconds) => new Date(now - seconds * 1000).toISOString());

test('one row stands for a file, its jobs lead to their pages, and what was added at once says how far it is', async ({
  page,
  open,
}) => {
  const { view } = await open({ waiting, queue });
  await page.goto(`${view.origin}/#/queue`);
  const row = page.locator('.virtual').getByRole('listitem').filter({ hasText: 'A007C001_260302_R1AB.mov' });
  await expect(row).toHaveCount(1);
  await expect(row.getByRole('link')).toHaveCount(4);
  const added = page.getByRole('list', { name: 'What was added' }).getByRole('listitem');
  await expect(added.first()).toContainText(/Added \d\d:\d\d, 203 files: 172 done, 3 failed, about \d+\s?min left/);
  await row.getByRole('link', { name: /^Transcript: Speech transcription is not available here/ }).click();
  const panel = page.getByRole('article', { name: 'Transcript: A007C001_260302_R1AB.mov' });
  await expect(panel).toContainText('Speech transcription is not available here');
  await panel.getByRole('link', { name: 'Close' }).click();
  await expect(panel).toHaveCount(0);
  const made = page
    .locator('.virtual')
    .getByRole('listitem')
    .first()
    .getByRole('link', { name: 'Thumbnails: One picture' });
  await made.click();
  await expect(page.getByRole('heading', { name: 'Done', exact: true })).toBeVisible();
});

test('the queue is worked on: files are marked, put first, held, cancelled, and all of it is taken back', async ({
  page,
  open,
}) => {
  const { agent, view } = await open({ waiting, queue });
  await page.goto(`${view.origin}/#/queue`);
  const mark = (name: string) => page.getByRole('checkbox', { name: `Select ${name}` });
  await mark('A007C001_260302_R1AB.mov').check();
  await mark('A007C003_260302_R1AB.mov').click({ modifiers: ['Shift'] });
  const bar = page.getByRole('group', { name: 'Selected files' });
  await expect(bar).toContainText('3 files (12 jobs) selected');
  const jobIds = waiting.slice(0, 12).map(({ jobId }) => jobId);
  const last = () => agent.executed.filter(({ name }) => name === 'operateJobs').at(-1)?.input;
  await bar.getByRole('button', { name: 'Do first' }).click();
  await expect(page.getByText('12 jobs are next in line.')).toBeVisible();
  expect(last()).toEqual({ operation: 'first', jobIds });
  await page.getByRole('button', { name: 'Undo' }).click();
  await expect.poll(last).toEqual({ operation: 'priority', jobIds, priority: 0 });
  await mark('A007C002_260302_R1AB.mov').check();
  await bar.getByRole('button', { name: 'Put on hold' }).click();
  await expect(page.getByText('4 jobs are on hold.')).toBeVisible();
  await expect(mark('A007C002_260302_R1AB.mov')).toHaveCount(0);
  await page.getByRole('button', { name: 'Undo' }).click();
  await expect.poll(last).toEqual({ operation: 'release', jobIds: waiting.slice(4, 8).map(({ jobId }) => jobId) });
  await expect(page.getByRole('alertdialog'), 'nobody is asked').toHaveCount(0);
});

test('a list is sorted as a person likes, and another server’s queue cannot be worked on', async ({ page, open }) => {
  const { agent } = sampleSnapshot();
  const { view } = await open({ waiting, agent: { ...agent, embeddedServer: false } });
  await page.goto(`${view.origin}/#/queue`);
  await page.getByRole('combobox', { name: 'Sort by' }).selectOption('name');
  await expect(page.locator('.virtual').getByRole('listitem').first()).toContainText('26Y03M02_T017');
  expect(new URL(page.url()).hash).toBe('#/queue?sort=name');
  await expect(page.getByRole('checkbox')).toHaveCount(0);
});
