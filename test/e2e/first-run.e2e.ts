import { copyFile, mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Page } from '@playwright/test';
import { createServer } from '../../server/server.ts';
import { API_BASE } from '../../shared/wire.ts';
import { h264Clip } from '../support/made-media.ts';
import { expect, test } from './station.ts';

/** Every press of a mouse button, counted by the page's own browser. */
async function countClicks(page: Page): Promise<() => Promise<number>> {
  await page.addInitScript(() => {
    const counted = window as unknown as { clicks: number };
    counted.clicks = 0;
    window.addEventListener('pointerdown', () => (counted.clicks += 1), { capture: true });
  });
  return () => page.evaluate(() => (window as unknown as { clicks: number }).clicks);
}

test('from nothing to a playable proxy in three clicks or fewer', { tag: '@slow' }, async ({ page, startStation }) => {
  const { url } = await startStation();
  const clicks = await countClicks(page);
  await page.goto(url);
  const begin = page.getByRole('button', { name: 'Make samples and process them' });
  await expect(begin).toBeEnabled();
  await begin.click();
  const first = page.getByRole('link', { name: /colour-bars-1080p25\.mov/ });
  await expect(first).toBeVisible({ timeout: 180_000 });
  await first.click();
  const video = page.locator('video');
  await expect(video).toBeVisible({ timeout: 180_000 });
  await expect.poll(() => video.evaluate((player: HTMLVideoElement) => player.videoWidth)).toBeGreaterThan(0);
  expect(await video.evaluate(async (player: HTMLVideoElement) => player.play().then(() => player.paused))).toBe(false);
  const counted = await clicks();
  process.stdout.write(`clicks from the opened page to a playing proxy: ${counted}\n`);
  expect(counted).toBeLessThanOrEqual(3);
});

test('from the first screen to a first proxy of a folder of one’s own in three acts', async ({
  page,
  folder,
  startStation,
}) => {
  await mkdir(join(folder, 'Rushes'));
  await copyFile(await h264Clip({ seconds: 2 }), join(folder, 'Rushes', 'A001C001_260302_R1AB.mp4'));
  const { url } = await startStation();
  const clicks = await countClicks(page);
  await page.goto(url);
  await page.getByRole('button', { name: 'Choose media' }).click();
  await page.getByRole('button', { name: 'Choose Rushes', exact: true }).click();
  const result = page.getByRole('region', { name: 'Just done' }).getByRole('link', { name: /A001C001/ });
  await expect(result).toBeVisible({ timeout: 360_000 });
  await result.click();
  const video = page.locator('video');
  await expect
    .poll(() => video.evaluate((player: HTMLVideoElement) => player.videoWidth), { timeout: 360_000 })
    .toBeGreaterThan(0);
  expect(await clicks()).toBeLessThanOrEqual(3);
});

test('own media by the keyboard alone: a path, what is skipped and why, jobs, and the result', async ({
  page,
  folder,
  startStation,
}) => {
  const media = join(folder, 'Été à Sète');
  await mkdir(media);
  await copyFile(await h264Clip({ seconds: 2 }), join(media, 'A001C001.mp4'));
  await writeFile(join(media, 'notes.txt'), 'no media');
  const { url, data } = await startStation();
  await page.goto(url);
  await page.getByRole('navigation').waitFor();
  await page.keyboard.press('a');
  await expect(page.getByRole('heading', { name: 'Add work' })).toBeVisible();
  await page.getByRole('textbox', { name: 'Path of a file or folder' }).focus();
  await page.keyboard.type(media);
  await page.keyboard.press('Enter');
  await expect(page.getByText('One file found').first()).toBeVisible();
  await page.getByText('1 file skipped').focus();
  await page.keyboard.press('Enter');
  await expect(page.getByText('is not a media file by its name')).toBeVisible();
  for (const job of ['Video proxies', 'Audio waveform', 'Speech transcription']) {
    await page.getByRole('checkbox', { name: job }).focus();
    await page.keyboard.press('Space');
  }
  await page.getByRole('button', { name: 'Add one file' }).focus();
  await page.keyboard.press('Enter');
  await expect(page.getByText('One file added')).toBeVisible();
  await page.keyboard.press('4');
  await expect(page.getByRole('link', { name: /A001C001\.mp4/ })).toBeVisible({ timeout: 180_000 });
  const saved = JSON.parse(await readFile(join(data, 'settings.json'), 'utf8')) as { mediaRoots: { name: string }[] };
  expect(saved.mediaRoots).toEqual([{ name: 'Ete a Sete', path: media }]);
});

test('a path that is not there is said, and a dropped file is answered honestly', async ({ page, startStation }) => {
  const { url } = await startStation();
  await page.goto(`${url}`);
  await page.getByRole('navigation').waitFor();
  await page.evaluate(() => {
    const data = new DataTransfer();
    data.items.add(new File(['x'], 'A001C007.mov'));
    for (const type of ['dragenter', 'dragover', 'drop']) {
      document.body.dispatchEvent(new DragEvent(type, { bubbles: true, cancelable: true, dataTransfer: data }));
    }
  });
  await expect(page.getByText('A browser does not tell where “A001C007.mov” lies.')).toBeVisible();
  await page.getByRole('textbox', { name: 'Path of a file or folder' }).fill('/no/such/folder');
  await page.keyboard.press('Enter');
  await expect(page.getByText('There is no media in it.')).toBeVisible();
});

test('pairing with a real server by a one-time token; the secret never comes back to the page', async ({
  page,
  folder,
  startStation,
}) => {
  const server = await createServer({ dataDir: join(folder, 'team') });
  try {
    const answer = await fetch(`${server.url}${API_BASE}/agents/enrollments`, {
      method: 'POST',
      headers: { Authorization: `Bearer ${server.operatorToken}`, 'Content-Type': 'application/json' },
      body: '{}',
    });
    const { token } = (await answer.json()) as { readonly token: string };
    const { url, data } = await startStation();
    const received: string[] = [];
    page.on('response', (response) => {
      if (response.url().includes('/rpc/')) void response.text().then((text) => received.push(text));
    });
    await page.goto(url);
    await page.getByRole('link', { name: 'Settings' }).click();
    await page.getByRole('button', { name: 'Pair with a server' }).click();
    await page.getByLabel('Address of the server').fill(server.url);
    await page.getByLabel('One-time token').last().fill('wrong');
    await page.getByRole('button', { name: 'Pair', exact: true }).click();
    await expect(page.getByText(`${server.url} does not accept this one-time token`)).toBeVisible();
    await page.getByLabel('One-time token').last().fill(token);
    await page.getByRole('button', { name: 'Pair', exact: true }).click();
    await expect(page.getByText('Paired. The token is kept.')).toBeVisible();
    await expect(page.getByText(`Restart the agent to work for ${server.url}.`)).toBeVisible();
    const file = join(data, 'server-token');
    const bearer = (await readFile(file, 'utf8')).trim();
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(received.join('\n')).not.toContain(bearer);
    expect(await page.evaluate(() => document.documentElement.outerHTML)).not.toContain(bearer);
    expect(await readFile(join(data, 'settings.json'), 'utf8')).not.toContain(bearer);
  } finally {
    await server.close();
  }
});
