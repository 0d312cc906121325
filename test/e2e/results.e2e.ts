import { readFile } from 'node:fs/promises';
import type { Locator, Page } from '@playwright/test';
import { parseSync } from 'subtitle';
import { hasEncoder } from '../support/made-media.ts';
import { CLIP, DROP_FRAME, EDIT_PROXY, LONG_TAKE, SHEET } from '../support/results-agent.ts';
import { expect, test } from './show-results.ts';

// Three hours of sound and words are made for each agent.
const timecode = (page: Page): Locator => page.getByTestId('timecode');
const timeOf = (page: Page): Promise<number> =>
  page.locator('video').evaluate((player: HTMLVideoElement) => player.currentTime);
const ready = (page: Page): Promise<void> =>
  expect.poll(() => page.locator('video').evaluate((player: HTMLVideoElement) => player.readyState)).toBeGreaterThan(2);

test.describe('the player', () => {
  test('plays a proxy; timecode, waveform and transcript follow the playhead', async ({ page, show, complaints }) => {
    await show(`done/${CLIP}`);
    await ready(page);
    await expect(timecode(page)).toHaveText('10:00:00:00');
    const wave = page.getByRole('slider', { name: /^Waveform of/ });
    await expect(wave).toHaveAttribute('aria-valuetext', '10:00:00:00');
    await page.getByRole('button', { name: 'Play', exact: true }).click();
    await expect.poll(() => timeOf(page)).toBeGreaterThan(3.4);
    await page.getByRole('button', { name: 'Pause', exact: true }).last().click();
    const seconds = await timeOf(page);
    const shown = await timecode(page).textContent();
    const frames = Math.floor(seconds * 25);
    const two = (value: number): string => String(value).padStart(2, '0');
    expect(shown).toBe(`10:00:${two(Math.floor(frames / 25))}:${two(frames % 25)}`);
    await expect(wave).toHaveAttribute('aria-valuetext', shown ?? '');
    // The second segment begins at 3.2 s.
    await expect(page.locator('.said-row[data-current]')).toHaveAttribute(
      'data-index',
      String(Math.floor(seconds / 3.2)),
    );
    expect(complaints).toEqual([]);
  });

  test('a clicked word seeks to its time', async ({ page, show }) => {
    await show(`done/${CLIP}`);
    await ready(page);
    const errors: number[] = [];
    for (const place of [0, 3, 9, 12]) {
      const word = page.locator('.word').nth(place);
      const wanted = Number(await word.getAttribute('data-ms')) / 1000;
      await word.click();
      await expect.poll(async () => Math.abs((await timeOf(page)) - wanted)).toBeLessThan(0.05);
      errors.push(Math.abs((await timeOf(page)) - wanted) * 1000);
      await expect(word).toHaveAttribute('data-said', '');
    }
    process.stdout.write(`clicked words: at most ${Math.max(...errors).toFixed(1)} ms from their time\n`);
  });

  test('is worked by J K L, frame steps and the ends', async ({ page, show }) => {
    await show(`done/${CLIP}`);
    await ready(page);
    const video = page.locator('video');
    const press = (key: string): Promise<void> => page.keyboard.press(key);
    await press('ArrowRight');
    await expect(timecode(page)).toHaveText('10:00:00:01');
    await press('ArrowRight');
    await press('ArrowRight');
    await expect(timecode(page)).toHaveText('10:00:00:03');
    await press('ArrowLeft');
    await expect(timecode(page)).toHaveText('10:00:00:02');
    await press('Shift+ArrowRight');
    await expect(timecode(page)).toHaveText('10:00:01:02');
    await press('l');
    await press('l');
    await expect.poll(() => video.evaluate((player: HTMLVideoElement) => player.playbackRate)).toBe(2);
    await expect.poll(() => timeOf(page)).toBeGreaterThan(2.2);
    await press('k');
    await expect.poll(() => video.evaluate((player: HTMLVideoElement) => player.paused)).toBe(true);
    const before = await timeOf(page);
    await press('j');
    await expect.poll(() => timeOf(page)).toBeLessThan(before - 0.3);
    await press('k');
    await press('Home');
    await expect(timecode(page)).toHaveText('10:00:00:00');
    await press('m');
    expect(await video.evaluate((player: HTMLVideoElement) => player.muted)).toBe(true);
  });

  test('counts drop-frame timecode', async ({ page, show }) => {
    await show(`done/${DROP_FRAME}`);
    await ready(page);
    await expect(timecode(page)).toHaveText('00:59:58;00');
    // The clip itself has 25 frames a second; its source says 29.97, and so 59 s 29 f is followed by 1 h 0 m 0 s 0 f.
    for (let frame = 0; frame < 60; frame += 1) await page.keyboard.press('ArrowRight');
    await expect(timecode(page)).toHaveText('01:00:00;00');
  });

  test('says what it cannot show, and shows the storyboard at the playhead', async ({ page, show }) => {
    test.skip(!hasEncoder('prores_ks'), 'this ffmpeg has no prores_ks');
    await show(`done/${EDIT_PROXY}`);
    await expect(page.getByRole('note')).toContainText('The storyboard is shown instead.');
    const still = page.locator('.stage-still img');
    await expect.poll(() => still.evaluate((image: HTMLImageElement) => image.naturalWidth)).toBe(480);
    await expect(still).toHaveAttribute('src', /\/t0\?/);
    await page.getByRole('button', { name: 'Picture at 0:05.7' }).click();
    await expect(still).toHaveAttribute('src', /\/t7\?/);
  });

  test('shows single pictures of a sheet', async ({ page, show }) => {
    await show(`done/${SHEET}`);
    const pictures = page.locator('.thumbs img');
    await expect(pictures).toHaveCount(8);
    const views = await pictures.evaluateAll((all) =>
      all.map((each) => getComputedStyle(each).getPropertyValue('object-view-box')),
    );
    expect(new Set(views).size).toBe(8);
    const row = page.getByRole('link', { name: /A003C020/ });
    const box = await row.locator('.scrub').boundingBox();
    if (box === null) throw new Error('the row has no picture');
    await page.mouse.move(box.x + box.width * 0.8, box.y + box.height / 2);
    await expect(row.locator('.scrub-time')).toHaveText('0:06');
  });
});

test.describe('the transcript', () => {
  test('is searched without case and accents, and its matches are walked through', async ({ page, show }) => {
    await show(`done/${LONG_TAKE}`);
    const search = page.getByRole('searchbox', { name: 'Search in the transcript' });
    await search.fill('elodie');
    await expect(page.locator('.said-count')).toHaveText('1 of 68');
    await search.press('Enter');
    await expect(page.locator('.said-count')).toHaveText('2 of 68');
    await expect(page.locator('mark[data-chosen]')).toHaveText('Élodie');
    await search.press('Shift+Enter');
    await search.press('Shift+Enter');
    await expect(page.locator('.said-count')).toHaveText('68 of 68');
    await expect(page.locator('mark[data-chosen]')).toBeVisible();
  });

  test('words are reached with the arrow keys alone', async ({ page, show }) => {
    await show(`done/${CLIP}`);
    await ready(page);
    const times = page.locator('.said-time');
    await times.first().focus();
    await page.keyboard.press('ArrowDown');
    await expect(times.nth(1)).toBeFocused();
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('Enter');
    await expect.poll(() => timeOf(page)).toBeCloseTo(3.6, 2);
  });

  test('is saved as subtitles and text', async ({ page, show }) => {
    await show(`done/${CLIP}`);
    for (const [name, ending, begins] of [
      ['Subtitles (SRT)', 'srt', /^1\r?\n00:00:00,000 --> /],
      ['Subtitles (WebVTT)', 'vtt', /^WEBVTT/],
      ['Plain text', 'txt', /\w/],
      ['JSON with words and times', 'json', /^\{/],
    ] as const) {
      await page.getByRole('button', { name: 'Save as' }).click();
      const waiting = page.waitForEvent('download');
      await page.getByRole('menuitem', { name }).click();
      const saved = await waiting;
      expect(saved.suggestedFilename()).toBe(`A003C014_260302_R1XK.${ending}`);
      const text = await readFile(await saved.path(), 'utf8');
      expect(text).toMatch(begins);
      if (ending !== 'srt' && ending !== 'vtt') continue;
      const cues = parseSync(text).filter(({ type }) => type === 'cue');
      expect(cues.length).toBeGreaterThan(0);
      expect(cues.map(({ data }) => (typeof data === 'string' ? '' : data.text)).join(' ')).toContain('camera');
    }
  });
});

test.describe('facts', () => {
  test('stand beside the proxy’s, with what was verified', async ({ page, show }) => {
    await show(`done/${CLIP}`);
    const sheet = page.getByRole('region', { name: 'Technical details' });
    const row = (name: string): Locator => sheet.getByRole('row', { name: new RegExp(`^${name} `) });
    await expect(row('Codec')).toContainText(/prores · HQ.*h264 · High.*verified after encoding/s);
    await expect(row('Sound')).toContainText('2 × pcm_s24le');
    await expect(row('Reel')).not.toContainText('verified');
    await expect(page.getByRole('region', { name: 'Proxy', exact: true })).toContainText('4.82');
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
    await page.getByRole('button', { name: 'Copy path' }).click();
    expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(
      '/media/rushes/2026-03-02/A-cam/A003C014_260302_R1XK.mov',
    );
  });
});

test.describe('finding', () => {
  test('filters stand in the address, survive a reload and find what the snapshot forgot', async ({ page, show }) => {
    const { origin } = await show('done', 500);
    await page.getByRole('searchbox', { name: 'Search by name or folder' }).fill('D0487');
    await expect(page.getByRole('link', { name: /D0487/ })).toBeVisible();
    expect(new URL(page.url()).hash).toBe('#/done?q=D0487');
    await page.getByRole('link', { name: /D0487/ }).click();
    await expect(page.getByRole('article', { name: 'D0487.mov' })).toBeVisible();
    await page.reload();
    await expect(page.getByRole('article', { name: 'D0487.mov' })).toBeVisible();
    await expect(page.getByRole('searchbox', { name: 'Search by name or folder' })).toHaveValue('D0487');
    await page.goto(`${origin}/#/done?type=transcribe_audio`);
    await expect(page.getByRole('status').filter({ hasText: '2 files' })).toBeVisible();
    await page.getByRole('searchbox', { name: 'Search by name or folder' }).fill('nothing like it');
    await page.getByRole('button', { name: 'Show all' }).click();
    await expect(page.getByRole('link', { name: /A003C014/ })).toBeVisible();
    expect(new URL(page.url()).hash).toBe('#/done');
  });

  test('the palette finds views, files and commands by keyboard alone', async ({ page, show }) => {
    const { agent } = await show('now');
    await page.keyboard.press('Control+k');
    const input = page.getByRole('combobox', { name: 'Go to a view, a file or a command' });
    await expect(input).toBeFocused();
    await page.keyboard.type('a003c014');
    await expect(page.getByRole('option').first()).toContainText('A003C014');
    await page.keyboard.press('Enter');
    await expect(page.getByRole('article', { name: /A003C014/ })).toBeVisible();
    await page.keyboard.press('Control+k');
    await page.keyboard.type('pause hour');
    await page.keyboard.press('Enter');
    await expect.poll(() => agent.executed).toContainEqual({ name: 'pause', input: { for: '1h' } });
    await page.keyboard.press('Control+k');
    await page.keyboard.press('Escape');
    await expect(input).toHaveCount(0);
  });
});
