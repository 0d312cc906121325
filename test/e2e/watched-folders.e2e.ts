import { copyFile, mkdir, open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Page } from '@playwright/test';
import { h264Clip } from '../support/made-media.ts';
import { expect, test } from './station.ts';

/** To an element that keys alone reach, and into it. */
async function press(page: Page, name: string | RegExp): Promise<void> {
  await page.getByRole('button', { name }).focus();
  await page.keyboard.press('Enter');
}

test('a folder is watched from the first screen by the keyboard, and its first proxy comes in three acts', async ({
  page,
  folder,
  startStation,
}) => {
  const rushes = join(folder, 'Rushes');
  await mkdir(rushes);
  await copyFile(await h264Clip({ seconds: 1 }), join(rushes, 'A001C001_260302_R1AB.mp4'));
  const { url } = await startStation();
  await page.goto(url);
  await expect(page.getByRole('button', { name: 'Watch a folder' })).toBeEnabled();
  await press(page, 'Watch a folder');
  await press(page, /^Choose Rushes$/);
  const result = page.getByRole('region', { name: 'Just done' }).getByRole('link', { name: /A001C001/ });
  await expect(result).toBeVisible({ timeout: 360_000 });
  await result.focus();
  await page.keyboard.press('Enter');
  await expect(page.locator('video, .stage img').first()).toBeVisible({ timeout: 360_000 });

  // What is copied in later comes by itself, and not before it is whole.
  await page.getByRole('link', { name: 'Add work' }).first().click();
  const watched = page.getByRole('region', { name: 'Watched folders' });
  await expect(watched.getByText('1 file added')).toBeVisible();
  const bytes = await readFile(await h264Clip({ seconds: 2 }));
  const slow = await open(join(rushes, 'A001C002_260302_R1AB.mp4'), 'w');
  await slow.write(bytes.subarray(0, 20_000));
  await expect(watched.getByText('1 file still arriving')).toBeVisible({ timeout: 240_000 });
  await slow.write(bytes.subarray(20_000));
  await slow.close();
  await expect(watched.getByText('2 files added')).toBeVisible({ timeout: 360_000 });
  await press(page, 'Pause watching Rushes');
  await expect(watched.getByText('Not watched now')).toBeVisible();
  await press(page, /Watch Rushes no more/);
  await expect(watched).toBeHidden();
});

test('an empty folder is watched from “Add work”, once, and a file is no folder', async ({
  page,
  folder,
  startStation,
}) => {
  const card = join(folder, 'Day 3');
  await mkdir(card);
  const { url } = await startStation();
  await page.goto(url);
  await page.getByRole('link', { name: 'Add work' }).first().click();
  const look = async (path: string): Promise<void> => {
    await page.getByRole('textbox', { name: 'Path of a file or folder' }).fill(path);
    await page.keyboard.press('Enter');
  };
  await look(card);
  await page.getByRole('button', { name: 'Watch this folder' }).click();
  await expect(page.getByRole('region', { name: 'Watched folders' }).getByText('Day 3').first()).toBeVisible();
  await look(card);
  await page.getByRole('button', { name: 'Watch this folder' }).click();
  await expect(page.getByText('The folder “Day 3” is watched already.')).toBeVisible();
  await look(await h264Clip());
  await expect(page.getByRole('button', { name: /^Add one file/ })).toBeVisible();
});
