import type { Page } from '@playwright/test';
import { failure } from '../../shared/failure.ts';
import type { EndedJob, Snapshot } from '../../shared/snapshot.ts';
import { sampleSnapshot, uuidOf } from '../support/sample-snapshot.ts';
import { expect, openLink, test } from './open-page.ts';

const idle = { running: [], done: [], waiting: [], failures: [], backlog: null } as const;

async function tabTo(page: Page, name: string | RegExp, role: 'button' | 'link' | 'textbox' | 'combobox' = 'button') {
  const target = page.getByRole(role, { name }).first();
  for (let step = 0; step < 120; step += 1) {
    if (await target.evaluate((element) => element === document.activeElement)) return;
    await page.keyboard.press('Tab');
  }
  throw new Error(`Tab never reached ${String(name)}`);
}

test.describe('settings', () => {
  test('what is wrong is said at the field, nothing wrong is sent, and what is right is saved', async ({
    page,
    open,
  }) => {
    const { agent, view } = await open();
    await page.goto(`${view.origin}/#/settings`);
    const jobs = page.getByRole('textbox', { name: 'Jobs at the same time' });
    await jobs.fill('99');
    await expect(jobs).toHaveAttribute('aria-invalid', 'true');
    await expect(jobs).toHaveAccessibleDescription(/At most 16\./);
    await page.getByRole('textbox', { name: 'Transcription model', exact: true }).fill('bin/model');
    await expect(page.getByText('2 entries need another look.')).toBeVisible();
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    expect(agent.executed).toEqual([]);
    await jobs.fill('4');
    await page.getByRole('textbox', { name: 'Transcription model', exact: true }).fill('');
    await page.getByRole('combobox', { name: 'Work', exact: true }).selectOption('When nobody uses the machine');
    await page.getByRole('textbox', { name: 'Idle after' }).fill('7,5');
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    await expect(page.getByText('Saved.')).toBeVisible();
    const change = { maxParallelJobs: 4, workWhen: 'idle', idleMinutes: 7.5 };
    expect(agent.executed).toEqual([{ name: 'changeSettings', input: { change } }]);
    await expect(jobs).toHaveValue('4');
  });

  test('leaving with unsaved changes asks; staying keeps them, discarding goes', async ({ page, open }) => {
    const { agent, view } = await open();
    await page.goto(`${view.origin}/#/settings`);
    await page.getByRole('textbox', { name: 'Name of this agent' }).fill('Suite 9');
    await page.getByRole('link', { name: 'Health' }).click();
    const dialog = page.getByRole('alertdialog', { name: 'Leave without saving?' });
    await dialog.getByRole('button', { name: 'Stay here' }).click();
    await expect(page.getByRole('textbox', { name: 'Name of this agent' })).toHaveValue('Suite 9');
    await page.getByRole('link', { name: 'Health' }).click();
    await dialog.getByRole('button', { name: 'Discard' }).click();
    await expect(page.getByRole('heading', { name: 'Health' })).toBeVisible();
    // Reads are nobody's change.
    expect(agent.executed.filter(({ name }) => name === 'changeSettings')).toEqual([]);
    await page.getByRole('link', { name: 'Settings' }).click();
    await page.getByRole('textbox', { name: 'Name of this agent' }).fill('Suite 10');
    await page.getByRole('link', { name: 'Health' }).click();
    await dialog.getByRole('button', { name: 'Save' }).click();
    await expect(page.getByRole('heading', { name: 'Health' })).toBeVisible();
    expect(agent.executed.filter(({ name }) => name === 'changeSettings')).toEqual([
      { name: 'changeSettings', input: { change: { agentName: 'Suite 10' } } },
    ]);
  });

  test('what IT manages is locked, and says where it comes from', async ({ page, open }) => {
    const { settings } = sampleSnapshot();
    const origins = {
      ...settings.origins,
      maxParallelJobs: 'policy',
      language: 'environment',
      serverUrl: 'argument',
    } as const;
    const { view } = await open({ settings: { ...settings, origins } });
    await page.goto(`${view.origin}/#/settings`);
    const jobs = page.getByRole('textbox', { name: 'Jobs at the same time' });
    await expect(jobs).toBeDisabled();
    await expect(jobs).toHaveAccessibleDescription(/set by your IT department/);
    await expect(page.getByRole('combobox', { name: 'Language of this page' })).toBeDisabled();
    await expect(page.getByText('Locked: set by an environment variable')).toBeVisible();
    await expect(page.getByText('Locked: set on the command line')).toBeVisible();
  });

  test('a media folder is added by the picker, with the keyboard alone, and shows whether it can be read', async ({
    page,
    open,
  }) => {
    const { agent, view } = await open();
    await page.goto(`${view.origin}/#/settings`);
    await tabTo(page, 'Add a folder');
    await page.keyboard.press('Enter');
    await page.getByRole('dialog', { name: 'Choose a folder' }).waitFor();
    await tabTo(page, 'RUSHES');
    await page.keyboard.press('Enter');
    await tabTo(page, 'téléphone');
    await page.keyboard.press('Enter');
    await tabTo(page, 'Choose this folder');
    await page.keyboard.press('Enter');
    await expect(page.getByRole('group', { name: 'Media folder telephone' })).toContainText('Checked after saving');
    await tabTo(page, 'Save');
    await page.keyboard.press('Enter');
    const path = '/media/rushes/téléphone';
    await expect
      .poll(() => agent.executed.at(-1))
      .toEqual({ name: 'changeSettings', input: { change: { mediaRoots: [{ name: 'telephone', path }] } } });
    agent.emit({
      type: 'rootsChecked',
      roots: [{ name: 'telephone', path, readable: true, checkedAt: new Date().toISOString() }],
    });
    await expect(page.getByRole('group', { name: 'Media folder telephone' })).toContainText('Readable');
  });

  test('a folder that is still being listed is not mistaken for the one before it', async ({ page, open }) => {
    const { view } = await open();
    const listed = Promise.withResolvers<void>();
    await page.route('**/rpc/browse', async (route) => {
      if (route.request().postData()?.includes('téléphone') === true) await listed.promise;
      await route.continue();
    });
    await page.goto(`${view.origin}/#/settings`);
    await page.getByRole('button', { name: 'Add a folder' }).click();
    await page.getByRole('button', { name: 'RUSHES', exact: true }).click();
    await page.getByRole('button', { name: 'téléphone', exact: true }).click();
    await expect(page.getByRole('button', { name: 'Choose this folder' })).toBeDisabled();
    listed.resolve();
    await page.getByRole('button', { name: 'Choose this folder' }).click();
    await expect(page.getByRole('group', { name: 'Media folder telephone' })).toBeVisible();
  });

  test('a refusal of the agent stands at its field, and the change stays', async ({ page, open }) => {
    const { agent, view } = await open();
    agent.refuse('changeSettings', { code: 'X', message: 'This name is taken.', field: 'agentName' });
    await page.goto(`${view.origin}/#/settings`);
    const name = page.getByRole('textbox', { name: 'Name of this agent' });
    await name.fill('Twin');
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    await expect(name).toHaveAccessibleDescription(/This name is taken\./);
    await expect(name).toHaveValue('Twin');
  });
});

test.describe('adding work', () => {
  test('with a remote server the entry says who makes the jobs', async ({ page, open }) => {
    const { agent } = sampleSnapshot();
    const { view } = await open({ agent: { ...agent, embeddedServer: false } });
    await page.goto(`${view.origin}/#/add`);
    await expect(page.getByText('The server makes the jobs')).toBeVisible();
    await expect(page.getByRole('button', { name: 'Choose files or a folder' })).toHaveCount(0);
  });

  test('jobs, profiles and priority travel as chosen; what does not fit is said', async ({ page, open }) => {
    const { agent, view } = await open();
    await page.goto(`${view.origin}/#/add`);
    await page.getByRole('textbox', { name: 'Path of a file or folder' }).fill('/home/editor/Movies');
    await page.getByRole('button', { name: 'Look for media' }).click();
    await expect(page.getByText('4 files found').first()).toBeVisible();
    await page.getByRole('checkbox', { name: 'Audio waveform' }).uncheck();
    await page.getByRole('checkbox', { name: 'Speech transcription' }).uncheck();
    await page.getByRole('combobox', { name: 'Priority' }).selectOption('Before the others');
    await page.getByRole('checkbox', { name: 'Add interview.wav' }).uncheck();
    await expect(page.getByText('3 of 4 files chosen')).toBeVisible();
    await page.getByRole('button', { name: 'Add 3 files' }).click();
    await expect(page.getByText('4 files added (4 jobs)')).toBeVisible();
    await page.getByText('Some jobs don’t apply to one file').click();
    await expect(page.getByText('Proxy: it is a photo')).toBeVisible();
    await page.getByRole('button', { name: 'Dismiss' }).click();
    await expect(page.getByText('4 files added (4 jobs)')).toHaveCount(0);
    const sent = agent.executed.find(({ name }) => name === 'addWork')?.input;
    expect(sent).toMatchObject({
      paths: ['/home/editor/Movies'],
      except: ['/home/editor/Movies/interview.wav'],
      jobTypes: ['generate_video_proxies', 'generate_thumbnails'],
      priority: 10,
    });
  });

  test('what is on its way is seen on a page that is loaded anew, and can be stopped', async ({ page, open }) => {
    const startedAt = new Date().toISOString();
    const counts = { found: 5_000, done: 1_200, jobs: 4_800, partly: 0, gone: 0 };
    const problem = { code: 'TOOL_MISSING', message: 'ffprobe was not found.', nextStep: 'Install ffmpeg.' };
    const { agent, view } = await open({ adding: { phase: 'adding', startedAt, ...counts } });
    for (const place of ['now', 'queue', 'add']) {
      await page.goto(`${view.origin}/#/${place}`);
      await expect(page.getByText('Adding files: 1,200 of 5,000')).toBeVisible();
    }
    agent.emit({ type: 'addingChanged', adding: { phase: 'adding', startedAt, ...counts, problem } });
    await expect(page.getByRole('alert').filter({ hasText: 'ffprobe was not found.' })).toBeVisible();
    await page.getByRole('button', { name: 'Stop adding' }).click();
    await expect(page.getByText(/^Stopped; one of 4 files added/)).toBeVisible();
    expect(agent.executed.map(({ name }) => name)).toContain('cancelAdding');
  });
});

test.describe('failures', () => {
  const broken = (number: number): EndedJob => ({
    jobId: uuidOf(number),
    jobType: 'generate_video_proxies',
    assetUuid: uuidOf(number + 5000),
    sourcePath: `RUSHES/clip ${number}.mov`,
    claimedAt: new Date().toISOString(),
    endedAt: new Date(2_000_000_000_000 - number).toISOString(),
    wallMs: 10,
    ending: { kind: 'failed', failure: failure('SOURCE_UNREADABLE', `“clip ${number}.mov” does not exist.`) },
  });

  test('of one cause stand together, a row per file with its jobs as chips, and run again together', async ({
    page,
    open,
  }) => {
    const failures = Array.from({ length: 40 }, (_, index) => broken(7000 + index));
    const [first] = failures;
    const sound: EndedJob = {
      ...broken(7900),
      ...{ jobType: 'generate_audio_waveform', assetUuid: first?.assetUuid ?? '', sourcePath: first?.sourcePath ?? '' },
    };
    const { agent, view } = await open({ failures: [...failures, sound] });
    await page.goto(`${view.origin}/#/failures`);
    const rows = page.locator('.split-list li');
    const cause = rows.getByRole('button', {
      name: /This file does not exist\. ?40 files \(41 jobs\) · Failed · the file/,
    });
    await expect(cause, 'the only cause is not folded').toHaveAttribute('aria-expanded', 'true');
    const file = rows.filter({ has: page.getByRole('link', { name: /^clip 7000\.mov/ }) });
    await expect(file.getByRole('link', { name: 'Proxy: Failed' })).toBeVisible();
    await file.getByRole('link', { name: 'Waveform: Failed' }).click();
    const detail = page.getByRole('article', { name: 'clip 7000.mov' });
    await expect(detail).toContainText('“clip 7900.mov” does not exist');
    await detail.getByRole('link', { name: 'Proxy: Failed' }).click();
    await expect(detail).toContainText('“clip 7000.mov” does not exist');
    await cause.click();
    await expect(rows).toHaveCount(1);
    await page.getByRole('button', { name: 'Run all 41 again' }).click();
    await expect.poll(() => agent.executed.filter(({ name }) => name === 'retryJob').length).toBe(41);
    await expect(page.getByText('41 jobs are in the queue again.')).toBeVisible();
    await expect(rows, 'the row leaves at once').toHaveCount(0);
    await expect(page.getByRole('link', { name: 'Failures', exact: true }), 'the badge too').toBeVisible();
    await page.getByRole('button', { name: 'Undo' }).click();
    await expect(cause).toBeVisible();
    expect(agent.executed.filter(({ name }) => name === 'takeBackRetry')).toHaveLength(41);
  });

  test('what was interrupted stands apart, is not counted, and asks for nothing', async ({ page, open }) => {
    const handedBack: EndedJob = {
      ...broken(7100),
      ending: { kind: 'given-back', failure: failure('PREEMPTED', 'The editor needed the machine.') },
    };
    const cancelled: EndedJob = { ...broken(7101), ending: { kind: 'cancelled' } };
    const sameFile: EndedJob = { ...broken(7103), assetUuid: broken(7102).assetUuid };
    const { agent, view } = await open({
      failures: [broken(7102), sameFile, handedBack, cancelled],
      totals: { done: 0, doneFiles: 0, failed: 2, givenBack: 2 },
    });
    await page.goto(`${view.origin}/#/failures`);
    await expect(page.getByRole('link', { name: /^Failures\b.*\b1\b/ }), 'files that need somebody').toBeVisible();
    const rows = page.locator('.split-list li');
    // A cause and its file.
    await expect(rows).toHaveCount(2);
    await expect(page.getByText('One file (2 jobs) failed')).toBeVisible();
    await page.getByRole('button', { name: 'Interrupted 2' }).click();
    await expect(rows).toHaveCount(4);
    await page.getByRole('link', { name: /^clip 7100\.mov/ }).click();
    const detail = page.getByRole('article');
    await expect(detail).toContainText('The editor needed the machine.');
    await expect(detail.getByRole('button', { name: 'Run again' }), 'it is in the queue already').toHaveCount(0);
    await page.getByRole('button', { name: 'Need somebody 1' }).click();
    await expect(rows).toHaveCount(2);
    expect(agent.snapshot().failures).toHaveLength(4);
  });

  test('the arrow keys walk through a list of any length', { tag: '@slow' }, async ({ page, open }) => {
    const codes = ['SOURCE_UNREADABLE', 'ENCODE_FAILED'] as const;
    const failures = Array.from({ length: 60 }, (_, index): EndedJob => {
      const word = String.fromCodePoint(97 + (index % 26), 97 + Math.floor(index / 26));
      const reason = failure(codes[index % 2] ?? 'INTERNAL', `Cause ${word}.`);
      return { ...broken(8000 + index), ending: { kind: 'failed', failure: reason } };
    });
    const { view } = await open({ failures });
    await page.goto(`${view.origin}/#/failures`);
    await page.locator('.split-list li button').first().focus();
    for (let step = 1; step < 120; step += 1) {
      await page.keyboard.press('ArrowDown');
      await expect(page.locator(`[data-index="${step}"] > :is(.cause, .row)`)).toBeFocused();
    }
    await page.keyboard.press('Enter');
    await expect(page.getByRole('article', { name: 'clip 8059.mov' })).toBeVisible();
  });
});

test.describe('keys and states', () => {
  test('shortcuts name the views, open their list with “?”, and stay out of what a person types', async ({
    page,
    open,
  }) => {
    const { agent } = await open();
    await page.keyboard.press('?');
    const dialog = page.getByRole('dialog', { name: 'Keyboard shortcuts' });
    await expect(dialog).toContainText('Pause or resume');
    await page.keyboard.press('2');
    await expect(page.locator('main')).toHaveAttribute('data-view', 'now');
    await page.keyboard.press('Escape');
    await expect(dialog).toHaveCount(0);
    for (const [key, heading] of [
      ['2', 'Queue'],
      ['4', 'Done'],
      ['5', 'Failures'],
      ['6', 'Capabilities'],
      ['7', 'Settings'],
      ['8', 'Health'],
      ['1', 'Now'],
      ['a', 'Add work'],
    ] as const) {
      await page.keyboard.press(key);
      await expect(page.getByRole('heading', { name: heading, level: 1 })).toBeVisible();
    }
    await page.getByRole('textbox', { name: 'Path of a file or folder' }).focus();
    await page.keyboard.type('/p?1a');
    await expect(page.getByRole('textbox', { name: 'Path of a file or folder' })).toHaveValue('/p?1a');
    expect(agent.executed.filter(({ name }) => name === 'pause' || name === 'resume')).toEqual([]);
  });

  test('pause has its lengths in a menu that the keyboard opens', async ({ page, open }) => {
    const { agent } = await open();
    await tabTo(page, 'More ways to give the machine back');
    await page.keyboard.press('Enter');
    await page.getByRole('menuitem', { name: 'Pause for 30 minutes' }).waitFor();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await expect.poll(() => agent.executed[0]?.name).toBe('pause');
    expect(agent.executed[0]?.input).toMatchObject({ for: expect.any(String) });
  });

  const states: readonly (readonly [name: string, change: Partial<Snapshot>, text: RegExp])[] = [
    ['a full disk', { disk: { workFolder: '/w', freeBytes: 9, full: true } }, /no jobs are taken until there is room/],
    [
      'no capability',
      {
        capabilities: sampleSnapshot().capabilities.map((each) => ({ ...each, enabled: false, declared: false })),
      },
      /This machine cannot do anything yet/,
    ],
    [
      'a refused token',
      {
        agent: { ...sampleSnapshot().agent, embeddedServer: false },
        server: { ...sampleSnapshot().server, link: 'unauthorized' },
      },
      /The server wants a new token/,
    ],
    [
      'an editor at work',
      {
        yielding: {
          reasons: [{ kind: 'watched-program', since: new Date().toISOString(), program: 'Adobe Premiere Pro' }],
        },
      },
      /Adobe Premiere Pro/,
    ],
    ['a server that is gone', { server: { ...sampleSnapshot().server, link: 'unreachable' } }, /does not answer/],
    ['what keeps it from working', { ...idle, disk: { ...sampleSnapshot().disk, full: true } }, /Cannot work/],
    ['a first run', { ...idle, totals: { done: 0, doneFiles: 0, failed: 0, givenBack: 0 } }, /Your first proxy/],
    ['draining', { ...idle, agent: { ...sampleSnapshot().agent, phase: 'draining' } }, /Finishing, then quitting/],
  ];
  for (const [name, change, text] of states) {
    test(`${name} is said on the first view`, async ({ page, open }) => {
      await open(change);
      await expect(page.locator('body')).toContainText(text);
    });
  }

  test('two pages and the agent agree', async ({ page, context, open }) => {
    const { agent, view } = await open();
    const other = await context.newPage();
    await openLink(other, view);
    await page.getByRole('button', { name: 'Pause', exact: true }).click();
    await expect(other.getByRole('button', { name: 'Resume' })).toBeVisible();
    await other.goto(`${view.origin}/#/settings`);
    await other.getByRole('combobox', { name: 'Language of this page' }).selectOption('Français');
    await other.getByRole('button', { name: 'Save', exact: true }).click();
    await expect(page.getByRole('heading', { name: 'En cours' })).toBeVisible();
    expect(agent.snapshot().agent.phase).toBe('paused');
  });

  test('progress is never spoken: live regions change with the state only', async ({ page, open }) => {
    const { agent } = await open();
    await page.evaluate(() => {
      const spoken: string[] = [];
      Object.assign(window, { spoken });
      for (const region of document.querySelectorAll('[role="status"], [role="alert"], [aria-live]')) {
        new MutationObserver(() => spoken.push(region.textContent ?? '')).observe(region, {
          subtree: true,
          childList: true,
          characterData: true,
        });
      }
    });
    for (let step = 1; step <= 20; step += 1) {
      agent.emit({ type: 'progressMade', jobId: uuidOf(1), progress: 0.4 + step / 50 });
    }
    await expect(page.getByRole('progressbar').first()).toHaveAttribute('aria-valuenow', '80');
    expect(await page.evaluate(() => (window as unknown as { spoken: string[] }).spoken)).toEqual([]);
    agent.emit({ type: 'phaseChanged', phase: 'paused' });
    await expect
      .poll(() => page.evaluate(() => (window as unknown as { spoken: string[] }).spoken.length))
      .toBeGreaterThan(0);
  });
});
