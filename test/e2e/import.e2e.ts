import { once } from 'node:events';
import { copyFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { made } from '../support/made-media.ts';
import { expect, test } from './station.ts';

test(
  '5,000 files are in the queue, with a reload in the middle',
  { tag: '@slow' },
  async ({ page, folder, startStation }) => {
    const card = join(folder, 'CARD_A');
    await mkdir(card);
    const clip = await made('tiny.mp4', [
      ...['-f', 'lavfi', '-i', 'testsrc2=size=64x48:rate=5:duration=0.4'],
      ...['-f', 'lavfi', '-i', 'sine=duration=0.4', '-c:v', 'libx264', '-c:a', 'aac', '-shortest'],
    ]);
    for (let number = 0; number < FILES; number += 1) await copyFile(clip, join(card, nameOf(number)));
    const { url, data, child } = await startStation();
    await page.goto(url);
    await page.getByRole('link', { name: 'Add work' }).click();
    // The two cores are for the import, not for the encoder.
    await page.getByRole('button', { name: 'Pause', exact: true }).click();
    await page.getByRole('textbox', { name: 'Path of a file or folder' }).fill(card);
    await page.getByRole('button', { name: 'Look for media' }).click();
    const add = page.getByRole('button', { name: 'Add 5,000 files' });
    await expect(add).toBeVisible();
    await add.click();
    await expect(page.getByText(/Adding files: \d[\d,]* of 5,000/)).toBeVisible();
    await page.reload();
    await expect(page.getByText(/Adding files: \d[\d,]* of 5,000/), 'the page of the new life sees it').toBeVisible();
    await expect(page.getByText('5,000 files added')).toBeVisible({ timeout: 200_000 });

    child.kill('SIGTERM');
    child.kill('SIGTERM');
    await once(child, 'exit');
    const database = new DatabaseSync(join(data, 'server', 'catalog.db'));
    const row = database.prepare('SELECT count(*) AS jobs, count(DISTINCT asset_uuid) AS files FROM job').get();
    database.close();
    expect(row, 'every file, with each of its jobs once').toEqual({ jobs: FILES * 4, files: FILES });
  },
);

const FILES = 5_000;
const nameOf = (number: number): string => `A001C${String(number).padStart(4, '0')}_260302_R1AB.mp4`;
