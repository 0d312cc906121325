import type { Snapshot } from '../../shared/snapshot.ts';
import { uuidOf } from '../support/sample-snapshot.ts';
import { HOSTILE_NAME, SCENE, waitingJobs } from '../support/busy-agent.ts';
import { againstPlainList, PLAIN_ROWS } from '../ui-load/measure.ts';
import { expect, openLink, test } from './open-page.ts';

const NAME = 'A003C014_260302_R1XK.mov';
const CANCELLED = {
  claimedAt: new Date().toISOString(),
  endedAt: new Date().toISOString(),
  wallMs: 9,
  ending: { kind: 'cancelled' },
} as const;

test.describe('the link', () => {
  test('without a session the page says how to get one, and connects by itself once there is one', async ({
    page,
    context,
    serve,
  }) => {
    const { view } = await serve();
    await page.goto(view.origin);
    await expect(page.getByRole('heading', { name: 'This page needs a link from the agent' })).toBeVisible();
    const other = await context.newPage();
    await openLink(other, view);
    await expect(page.getByRole('navigation')).toBeVisible();
  });

  test('the token is exchanged once and leaves the address and the history', async ({ page, serve }) => {
    const { view } = await serve();
    const token = new URL(view.url).hash.slice('#token='.length);
    const seen: string[] = [];
    page.on('request', (request) => {
      seen.push(request.url(), request.headers()['referer'] ?? '');
    });
    await openLink(page, view);
    expect(new URL(page.url()).hash).toBe('');
    expect(seen.join('\n')).not.toContain(token);
    // What is kept belongs to this origin alone, and is not the token.
    expect(await page.context().cookies()).toEqual([]);
    const kept = await page.evaluate(() => JSON.stringify({ ...localStorage }));
    expect(kept).toContain('session');
    expect(kept).not.toContain(token);
    await page.reload();
    await expect(page.getByRole('navigation')).toBeVisible();
    await page.goBack();
    expect(page.url()).not.toContain(token);
  });

  test('a wrong token opens nothing', async ({ page, serve }) => {
    const { view } = await serve();
    await page.goto(`${view.origin}/#token=${'x'.repeat(43)}`);
    await expect(page.getByRole('heading', { name: 'This page needs a link from the agent' })).toBeVisible();
    expect(page.url()).not.toContain('xxx');
  });
});

test.describe('live', () => {
  test('a job comes, moves and ends on the page as it does in the agent', async ({ page, open }) => {
    const { agent } = await open({ running: [], done: [], waiting: [] });
    await expect(page.getByText('Nothing is running')).toBeVisible();
    const jobId = uuidOf(500);
    agent.emit({
      type: 'jobClaimed',
      at: new Date().toISOString(),
      jobId,
      jobType: 'generate_thumbnails',
      assetUuid: uuidOf(101),
      sourcePath: SCENE,
    });
    const card = page.getByRole('article', { name: NAME });
    await expect(card).toContainText('Starting');
    agent.emit({ type: 'stageEntered', at: new Date().toISOString(), jobId, stage: 'encoding', encoder: 'libx264' });
    agent.emit({ type: 'progressMade', jobId, progress: 0.42 });
    const bar = card.getByRole('progressbar', { name: `Progress of ${NAME}` });
    await expect(bar).toHaveAttribute('aria-valuenow', '42');
    await expect(card).toContainText('Encoding');
    await expect(card).toContainText('libx264');
    // One card per file, with every job of it.
    const waveform = { jobType: 'generate_audio_waveform', assetUuid: uuidOf(101), sourcePath: SCENE } as const;
    agent.emit({ type: 'jobClaimed', at: new Date().toISOString(), jobId: uuidOf(501), ...waveform });
    await expect(card).toHaveCount(1);
    await expect(card.getByRole('progressbar')).toHaveCount(2);
    await expect(card.getByRole('link', { name: 'Waveform: Starting on this machine' })).toBeVisible();
    await expect(page.getByText('One file · 2 jobs running (limit 2)')).toBeVisible();
    agent.emit({ type: 'cancelRequested', jobId: uuidOf(501) });
    agent.emit({ type: 'jobEnded', job: { ...waveform, jobId: uuidOf(501), ...CANCELLED } });
    await expect(card.getByRole('link', { name: 'Waveform: Cancelled' })).toBeVisible();
    agent.emit({
      type: 'jobEnded',
      job: {
        jobId,
        jobType: 'generate_thumbnails',
        assetUuid: uuidOf(101),
        sourcePath: SCENE,
        claimedAt: new Date().toISOString(),
        endedAt: new Date().toISOString(),
        wallMs: 900,
        ending: {
          kind: 'done',
          warnings: [],
          artifacts: [{ kind: 'thumb', ref: 't3', contentType: 'image/webp', sizeBytes: 9, width: 480, height: 270 }],
        },
      },
    });
    await expect(card).toHaveCount(0);
    const picture = page.getByRole('link', { name: NAME }).locator('img');
    await expect.poll(() => picture.evaluate((img: HTMLImageElement) => img.naturalWidth)).toBe(480);
  });

  test('the time left appears with its spread once it can be known', { tag: '@slow' }, async ({ page, open }) => {
    const { agent } = await open();
    const card = page.getByRole('article', { name: 'B001C000_260302_R2AB.mxf' });
    await expect(card).toContainText('not known yet');
    for (let step = 1; step <= 8; step += 1) {
      agent.emit({ type: 'progressMade', jobId: uuidOf(1), progress: 0.374 + step * (step % 2 === 0 ? 0.012 : 0.01) });
      await page.waitForTimeout(1050);
    }
    await expect(card).toContainText(/Time left\s*(about |\d+\s*(s|min) to )?\d+\s*(s|min)/);
  });

  test('cancel, pause, resume and quit are sent, and the page follows the agent only', async ({ page, open }) => {
    const { agent, stop, start } = await open();
    await page.getByRole('button', { name: 'Cancel B001C000_260302_R2AB.mxf' }).click();
    await expect(page.getByRole('article', { name: 'B001C000' })).toContainText('Cancelling');
    await page.getByRole('button', { name: 'Pause' }).click();
    await expect(page.getByRole('status').first()).toContainText('Paused');
    await page.getByRole('button', { name: 'Resume' }).click();
    await expect(page.getByRole('status').first()).toContainText('Working');
    const askToQuit = async (): Promise<void> => {
      await page.getByRole('button', { name: 'More ways to give the machine back' }).click();
      await page.getByRole('menuitem', { name: 'Quit…' }).click();
    };
    await askToQuit();
    await page.getByRole('alertdialog').getByRole('button', { name: 'Cancel' }).click();
    await expect(page.getByRole('alertdialog')).toHaveCount(0);
    expect(agent.executed.map(({ name }) => name)).toEqual(['cancelJob', 'pause', 'resume']);
    await askToQuit();
    await page.getByRole('button', { name: 'Finish, then quit' }).click();
    await expect(page.getByRole('status').first()).toContainText('Finishing, then quitting');
    expect(agent.executed.map(({ name }) => name)).toEqual(['cancelJob', 'pause', 'resume', 'drain']);
    await stop();
    await expect(page.getByRole('heading', { name: 'The agent has quit' })).toBeVisible();
    await expect(page.getByText('No contact')).toHaveCount(0);
    await start();
    await expect(page.getByRole('navigation')).toBeVisible();
  });

  test('says how many of all jobs are listed, and that counts are old while the server is silent', async ({
    page,
    open,
  }) => {
    const { agent, view } = await open();
    const backlog = { byStatus: { pending: 51_230, claimed: 2, completed: 7, failed: 1 }, byMissingCapability: {} };
    agent.emit({ type: 'backlogSeen', backlog });
    await page.goto(`${view.origin}/#/queue`);
    await expect(page.getByText(/\d+ of 51,230 waiting jobs are listed here/)).toBeVisible();
    await expect(page.getByRole('heading', { name: 'On the server', exact: true })).toBeVisible();
    const { policy: _policy, url: _url, ...server } = agent.snapshot().server;
    agent.emit({ type: 'serverLinkChanged', server: { ...server, link: 'unreachable' } });
    await expect(page.getByRole('heading', { name: /On the server, when it last answered at/ })).toBeVisible();
  });

  test('a refused command is explained and changes nothing', async ({ page, open }) => {
    const { agent } = await open();
    agent.refuse('pause', { code: 'MANAGED', message: 'IT has locked pausing.', nextStep: 'Ask your administrator.' });
    await page.getByRole('button', { name: 'Pause' }).click();
    await expect(page.getByRole('alert')).toContainText('IT has locked pausing. Ask your administrator.');
    await expect(page.getByRole('status').first()).toContainText('Working');
    await page.getByRole('button', { name: 'Dismiss' }).click();
    await expect(page.getByRole('alert')).toBeEmpty();
  });

  test('a capability switch acts at once and follows the agent', async ({ page, open }) => {
    const { agent, view } = await open();
    await page.goto(`${view.origin}/#/capabilities`);
    const card = page.getByRole('article', { name: 'Thumbnails' });
    await expect(card).toContainText('Offered to the server');
    await card.getByRole('switch').click();
    await expect(card).toContainText('Switched off');
    await expect(card.getByRole('switch')).not.toBeChecked();
    expect(agent.executed).toEqual([
      { name: 'setCapability', input: { capability: 'media.thumbnails@1', enabled: false } },
    ]);
    await page.getByRole('button', { name: 'Test Thumbnails again' }).click();
    await expect(card).toContainText('Being tested');
    const speech = page.getByRole('article', { name: 'Speech transcription' });
    await expect(speech).toContainText('No speech model is set. Choose a whisper.cpp model file');
    await expect(page.getByRole('row', { name: /h264_nvenc/ })).toContainText('Found, not proved');
  });
});

test.describe('contact', () => {
  test('a dead agent is noticed; the page comes back by itself with a new snapshot', async ({ page, open }) => {
    const { stop, start, agent } = await open();
    await stop();
    const status = page.getByRole('status').first();
    await expect(status).toContainText('No contact');
    await expect(page.getByRole('button', { name: 'Pause' })).toBeDisabled();
    await expect(page.getByRole('article', { name: 'B001C000' })).toBeVisible();
    agent.emit({ type: 'phaseChanged', phase: 'paused' });
    await start();
    await expect(status).toContainText('Paused');
    await expect(page.getByRole('button', { name: 'Resume' })).toBeEnabled();
  });

  test('a frozen agent, whose connection stays open, is noticed', async ({ page, serveApart }) => {
    const agent = await serveApart();
    await page.goto(agent.url);
    await page.getByRole('navigation').waitFor();
    const status = page.getByRole('status').first();
    // Longer than the limit: a healthy stream without events is not mistaken for a dead one.
    await page.waitForTimeout(3500);
    await expect(status).toContainText('Ready');
    agent.freeze();
    await expect(status).toContainText('No contact');
    agent.thaw();
    await expect(status).toContainText('Ready');
  });
});

test.describe('results', () => {
  test('a finished file can be seen, heard and read', async ({ page, open, complaints }) => {
    const { view } = await open();
    await page.goto(`${view.origin}/#/done`);
    await page.getByRole('link', { name: new RegExp(NAME) }).click();
    const detail = page.getByRole('article', { name: NAME });
    await expect(detail.getByRole('img', { name: /^Picture at/ })).toHaveCount(10);
    const wide = (img: HTMLImageElement): number => img.naturalWidth;
    await expect.poll(() => detail.getByAltText('Picture at 0:00.4').evaluate(wide)).toBe(480);

    const video = detail.locator('video');
    await expect.poll(() => video.evaluate((player: HTMLVideoElement) => player.videoWidth)).toBe(640);
    await detail.getByRole('button', { name: 'Go to 0:05' }).click();
    await expect.poll(() => video.evaluate((player: HTMLVideoElement) => player.currentTime)).toBeCloseTo(5.1, 2);
    await detail.getByRole('button', { name: 'Play', exact: true }).click();
    await expect.poll(() => video.evaluate((player: HTMLVideoElement) => player.currentTime)).toBeGreaterThan(5.3);

    const wave = detail.getByRole('slider', { name: `Waveform of ${NAME}` });
    await expect(wave.locator('canvas')).toBeVisible();
    await expect(detail).toContainText('Scene twelve, take three.');
    await expect(detail).toContainText('10:14:22:08');
    await expect(detail).toContainText('Three packets were damaged');
    const waiting = page.waitForEvent('download');
    await detail.getByRole('link', { name: 'Download A003C014_260302_R1XK.mp4' }).click();
    expect((await waiting).suggestedFilename()).toBe('A003C014_260302_R1XK.mp4');
    expect(complaints).toEqual([]);
  });

  test('every row has its picture, in its own shape, or a mark', async ({ page, open }) => {
    const { view } = await open();
    await page.goto(`${view.origin}/#/done`);
    await expect(page.locator('.done-day').first()).toHaveText(/^Today \d+ files$/);
    const rows = page.locator('.split-list li:has(.row)');
    await expect(rows.first()).toBeVisible();
    const missing = await rows.evaluateAll((items) =>
      items.filter((row) => !row.querySelector('.poster :is(img, svg)')),
    );
    expect(missing).toEqual([]);
    // Each file's jobs stand in its row, and lead to it.
    const chips = rows.first().locator('.job-chip');
    await expect(chips).toHaveCount(4);
    await expect(chips.nth(1)).toHaveAccessibleName('Thumbnails: 10 pictures');
    const portrait = page.getByRole('link', { name: /été à Sète/ }).locator('img');
    await expect.poll(() => portrait.evaluate((img: HTMLImageElement) => img.naturalHeight)).toBe(480);
    const box = await portrait.boundingBox();
    expect(box?.height).toBeLessThanOrEqual(60);
    // The same as pictures beside each other; one that is opened has its list beside it.
    await page.getByRole('button', { name: 'As pictures' }).click();
    await expect.poll(() => rows.first().locator('.row').count()).toBeGreaterThan(3);
    await page.reload();
    await expect(page.getByRole('button', { name: 'As pictures' })).toHaveAttribute('aria-pressed', 'true');
    await page.getByRole('link', { name: /été à Sète/ }).click();
    await expect.poll(() => rows.first().locator('.row').count()).toBe(1);
    await expect(page.locator('.photo img'), 'a photo is large').toBeVisible();
    const photo = await page.locator('.photo img').boundingBox();
    expect(photo?.height).toBeGreaterThan(400);
  });

  test('sound without a picture plays', async ({ page, open }) => {
    const { view } = await open();
    await page.goto(`${view.origin}/#/done/${uuidOf(103)}`);
    const audio = page.locator('audio');
    await expect.poll(() => audio.evaluate((player: HTMLAudioElement) => player.duration)).toBeGreaterThan(7);
  });

  test('a failure is explained, copied for support and retried', async ({ page, context, open }) => {
    const { agent, view } = await open();
    await context.grantPermissions(['clipboard-read', 'clipboard-write']);
    await page.goto(`${view.origin}/#/failures`);
    await page.getByRole('link', { name: /A003C015/ }).click();
    const detail = page.getByRole('article', { name: /A003C015/ });
    await expect(detail).toContainText('its index is missing, so the recording or copy was not finished');
    await expect(detail).toContainText('Check that the file exists, is complete and plays, then retry.');
    await expect(detail).toContainText('SOURCE_UNREADABLE');
    await expect(detail).toContainText('exit code 183');
    await expect(detail).toContainText('moov atom not found');
    await expect(detail.getByText('-nostdin')).toBeHidden();
    await detail.getByText('Exact command').click();
    await expect(detail.getByText("'/media/RUSHES/it’s a clip.mov'")).toBeVisible();
    await detail.getByText('Log of this job').click();
    await expect(detail).toContainText('ffmpeg: moov atom not found');
    await detail.getByRole('button', { name: 'Copy for support' }).click();
    await expect(detail).toContainText('Copied');
    const copied = await page.evaluate(() => navigator.clipboard.readText());
    expect(copied).toContain('Code: SOURCE_UNREADABLE (retryable: false)');
    expect(copied).toContain('ffmpeg 5.1.6');
    await detail.getByRole('button', { name: 'Run again' }).click();
    await expect.poll(() => agent.executed).toContainEqual({ name: 'retryJob', input: { jobId: uuidOf(301) } });
  });

  test('a view that breaks says so and leaves the others alone', async ({ page, open }) => {
    const broken: unknown = [{ jobId: uuidOf(1), ending: { kind: 'failed' } }];
    const { view } = await open({ failures: broken as Snapshot['failures'] });
    await page.goto(`${view.origin}/#/failures`);
    await expect(page.getByRole('alert').filter({ hasText: 'This view could not be shown' })).toBeVisible();
    await page.getByRole('link', { name: 'Health' }).click();
    await expect(page.getByRole('heading', { name: 'Health' })).toBeVisible();
    await expect(page.getByText('This view could not be shown')).toBeHidden();
  });

  test('older results come by the page', async ({ page, open }) => {
    const { agent, view } = await open({ totals: { done: 400, doneFiles: 400, failed: 0, givenBack: 0 } });
    const newest = agent.snapshot().done.slice(0, 1);
    for (let n = 0; n < 150; n += 1) {
      const older = { jobId: uuidOf(5000 + n), assetUuid: uuidOf(6000 + n), sourcePath: `OLD/clip ${n}.mov` };
      agent.older.push(...newest.map((job) => ({ ...job, ...older, endedAt: '2026-01-01T00:00:00.000Z' })));
    }
    await page.goto(`${view.origin}/#/done`);
    // The list ends within sight, so that the past is fetched without being asked for.
    const list = page.locator('.split-list [aria-setsize]').first();
    await expect(list).toHaveAttribute('aria-setsize', '162');
    await expect(page.getByRole('button', { name: 'Show older' })).toHaveCount(0);
  });
});

test.describe('much and hostile', () => {
  test('ten thousand waiting jobs scroll smoothly', { tag: '@slow' }, async ({ page, open }) => {
    const { view } = await open({ waiting: waitingJobs(10_000) });
    await page.goto(`${view.origin}/#/queue`);
    const list = page.getByRole('region', { name: /^10,000 files wait/ });
    await expect(list.getByRole('listitem').first()).toBeVisible();
    const { perFrame, ratio } = await againstPlainList(page, 60, () =>
      list.evaluate(async (scroller) => {
        for (let step = 0; step < 60; step += 1) {
          scroller.scrollTop += 400;
          await new Promise(requestAnimationFrame);
        }
      }),
    );
    process.stdout.write(`10,000 rows: ${perFrame.toFixed(1)} ms per frame, ${ratio.toFixed(2)} × plain rows\n`);
    expect(ratio).toBeLessThan(PLAIN_ROWS);
    expect(await list.getByRole('listitem').count()).toBeLessThan(60);
    await list.evaluate((scroller) => scroller.scrollTo(0, scroller.scrollHeight));
    await expect(list.getByText('A004C09999.mov')).toBeVisible();
    await page.getByRole('button', { name: /Disk space/ }).click();
    await expect(page.locator('.virtual [aria-setsize]').first()).toHaveAttribute('aria-setsize', '1000');
  });

  test('names are text, whatever they say', async ({ page, open }) => {
    const { view } = await open();
    for (const path of ['queue', `failures/${uuidOf(304)}`]) {
      await page.goto(`${view.origin}/#/${path}`);
      await expect(page.getByText('<img src=x onerror').first()).toBeVisible();
    }
    await expect(page.locator('.detail-title')).toContainText('{{now.title}}');
    expect(await page.evaluate(() => 'hacked' in globalThis)).toBe(false);
    const shown = await page.locator('#content').textContent();
    expect(HOSTILE_NAME).toContain('\u202e');
    expect(shown).not.toContain('\u202e');
  });
});

test.describe('languages and motion', () => {
  test('French follows the browser, and the setting wins', async ({ browser, serve }) => {
    const { agent, view } = await serve();
    const page = await browser.newPage({ locale: 'fr-CA' });
    await openLink(page, view);
    await expect(page.getByRole('heading', { name: 'En cours' })).toBeVisible();
    await expect(page.locator('html')).toHaveAttribute('lang', 'fr');
    const { settings } = agent.snapshot();
    agent.emit({ type: 'settingsChanged', settings: { ...settings, values: { ...settings.values, language: 'en' } } });
    await expect(page.getByRole('heading', { name: 'Now' })).toBeVisible();
    await page.close();
  });

  test('the theme is chosen against the system’s, at once, and is kept', async ({ page, open }) => {
    const { view } = await open();
    await page.goto(`${view.origin}/#/settings`);
    const colour = (): Promise<string> =>
      page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
    const light = await colour();
    await page.getByLabel('Colours').selectOption('Dark');
    await expect.poll(colour).not.toBe(light);
    await page.reload();
    await expect(page.getByLabel('Colours')).toHaveValue('dark');
    expect(await colour()).not.toBe(light);
    await page.getByLabel('Colours').selectOption('Same as the system');
    await expect.poll(colour).toBe(light);
  });

  test('nothing moves when less motion is asked for', async ({ page, open }) => {
    await page.emulateMedia({ reducedMotion: 'reduce' });
    await open();
    const durations = await page
      .locator('.progress-indicator')
      .first()
      .evaluate((bar) => getComputedStyle(bar).transitionProperty + getComputedStyle(bar).animationName);
    expect(durations).toBe('nonenone');
  });
});

test.describe('keyboard', () => {
  test('the page can be worked without a mouse, and the focus is visible', async ({ page, open }) => {
    await open();
    await page.keyboard.press('Tab');
    await expect(page.getByRole('link', { name: 'Skip to content' })).toBeFocused();
    await page.keyboard.press('Enter');
    await expect(page.locator('#content')).toBeFocused();
    await page.getByRole('link', { name: /^Done/ }).focus();
    await page.keyboard.press('Enter');
    await expect(page.getByRole('heading', { name: 'Done' })).toBeVisible();
    const row = page.getByRole('link', { name: new RegExp(NAME) });
    // What the journal knows replaces the rows of the snapshot, and takes a focus that came before it.
    await expect(async () => {
      await row.focus();
      expect(
        await row.evaluate((element) => {
          const style = getComputedStyle(element);
          return `${style.outlineStyle} ${style.outlineWidth}`;
        }),
      ).toBe('solid 2px');
    }).toPass();
    await page.keyboard.press('Enter');
    await expect(page.getByRole('article', { name: NAME })).toBeVisible();
  });
});
