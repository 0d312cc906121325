import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test, type Page } from '@playwright/test';
import type { StandInDesktop } from '../../support/electron-stand-in/desktop-parts.ts';
import { ON_ELECTRON, RUNS_ON, startProgram, type Program } from './program.ts';
import { expectNowhere } from './search-secrets.ts';
import { afterwards, operatorOf, order, prepareData } from './rushes.ts';

test.describe.configure({ mode: 'default' });
test.skip(ON_ELECTRON, 'a real desktop’s tray, notifications and sleep cannot be driven from a test');

const folders: string[] = [];
async function newData(settings: object = {}): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'comforts-'));
  folders.push(folder);
  await prepareData(folder, settings);
  return folder;
}
test.afterAll(async () => {
  for (const folder of folders) await rm(folder, { recursive: true, force: true });
});

/** What the stand-in's desktop shows. */
const seen = (
  program: Program,
): Promise<{ line: string; labels: string[]; icon: string; notices: { title: string; body: string }[] }> =>
  program.evaluate(() => {
    const { tray, notifications, labels } = Reflect.get(globalThis, 'standIn') as StandInDesktop;
    return { line: labels()[0] ?? '', labels: labels(), icon: tray?.image ?? '', notices: [...notifications] };
  });
const click = (program: Program, label: string): Promise<void> =>
  program.evaluate((_electron, path) => (Reflect.get(globalThis, 'standIn') as StandInDesktop).click(path), label);
const visible = (program: Program): Promise<boolean | undefined> =>
  program.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.isVisible());
const close = (program: Program): Promise<void> =>
  program.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.close());
const line = (program: Program): Promise<string> => seen(program).then((all) => all.line);

test.describe(`tray, window and policy, on ${RUNS_ON}`, () => {
  let program: Program;
  let page: Page;
  let data: string;

  test.beforeAll(async () => {
    data = await newData({ maxParallelJobs: 3 });
    const policy = join(data, 'policy.json');
    await writeFile(policy, JSON.stringify({ settings: { encoder: 'software', retentionDays: 9 } }));
    program = await startProgram(data, { RUSHCATALOG_POLICY_FILE: policy, RUSHCATALOG_WORK_LIMIT_GB: '33' });
    page = await program.page();
    await page.getByRole('navigation').waitFor();
  });
  test.afterAll(() => program.kill());

  test('the tray shows the state and has the three verbs, the window and the end', async () => {
    await expect.poll(() => line(program)).toBe('Ready');
    const { labels, icon } = await seen(program);
    expect(labels).toEqual([
      'Ready',
      'Open RushCatalog Agent',
      'Pause for',
      'Pause for/30 minutes',
      'Pause for/1 hour',
      'Pause for/Until tomorrow, 06:00',
      'Pause for/Until I resume',
      'Finish, then pause',
      'Stop now',
      'Quit',
    ]);
    expect(icon).toMatch(/idle(Template)?\.png$/);
  });

  test('closing the window leaves the agent in the tray, and the tray brings it back', async () => {
    await close(program);
    expect(await visible(program)).toBe(false);
    expect(await line(program)).toBe('Ready');
    await click(program, 'Open RushCatalog Agent');
    expect(await visible(program)).toBe(true);
  });

  test('pause and resume from the tray reach the agent and the page', async () => {
    await click(program, 'Pause for/1 hour');
    await expect.poll(() => line(program)).toBe('Paused');
    await expect(page.getByRole('status').first()).toContainText(/Paused/);
    expect((await seen(program)).labels).toContain('Resume');
    await click(program, 'Resume');
    await expect.poll(() => line(program)).toBe('Ready');
  });

  test('a setting of the policy or the environment is locked on the page, with where it comes from', async () => {
    const view = await page.evaluate(
      () =>
        new Promise<{ origins: Record<string, string>; values: Record<string, unknown> }>((resolve) => {
          const watch = window.rushcatalog?.watch(
            (update) => {
              if (update.kind === 'snapshot') resolve(update.snapshot.settings as never);
            },
            () => watch?.close(),
          );
        }),
    );
    expect(view.origins).toMatchObject({
      encoder: 'policy',
      retentionDays: 'policy',
      workLimitGb: 'environment',
      maxParallelJobs: 'user',
      language: 'default',
    });
    expect(view.values).toMatchObject({ retentionDays: 9, workLimitGb: 33, maxParallelJobs: 3 });
    await page.evaluate(() => (window.location.hash = '#/settings'));
    const locked = page.locator('#setting-retentionDays');
    await expect(locked).toBeVisible();
    await expect(locked).toBeDisabled();
    const answer = await page.evaluate(() =>
      window.rushcatalog?.call('changeSettings', { change: { retentionDays: 1 } }),
    );
    expect(answer).toMatchObject({ ok: false, refusal: { code: 'SETTING_MANAGED', field: 'retentionDays' } });
  });

  test('a broken file is one notice, without its name while the screen is locked', async () => {
    await program.evaluate(() => (Reflect.get(globalThis, 'standIn') as StandInDesktop).power('lock-screen'));
    await writeFile(join(data, 'media', 'short.mp4'), 'no clip any more');
    const operator = await operatorOf(page, data);
    await order(operator, 'short', 'generate_thumbnails');
    await expect.poll(async () => (await seen(program)).notices.length).toBe(1);
    const [notice] = (await seen(program)).notices;
    expect(notice).toEqual({ title: '1 job failed', body: '' });
    await program.evaluate(() => (Reflect.get(globalThis, 'standIn') as StandInDesktop).power('unlock-screen'));
  });

  test('after sleep the agent is still there and works', async () => {
    await program.evaluate(() => {
      const desktop = Reflect.get(globalThis, 'standIn') as StandInDesktop;
      desktop.power('suspend');
      desktop.power('resume');
    });
    await expect(page.getByRole('status').first()).not.toContainText(/lost/i);
    await expect.poll(() => line(program)).toBe('Ready');
  });

  test('crash dumps stay here', async () => {
    const started = await program.evaluate(() => (Reflect.get(globalThis, 'standIn') as StandInDesktop).crashReporter);
    expect(started).toEqual([expect.objectContaining({ uploadToServer: false })]);
  });

  test('the renderer, the logs, the settings, the arguments and the diagnostics hold no token', async () => {
    const secrets: string[] = [];
    for (const name of ['agent-token', 'operator-token']) {
      const text = await readFile(join(data, 'server', name), 'utf8').catch(() => '');
      if (text.trim() !== '') secrets.push(text.trim());
    }
    expect(secrets.length).toBeGreaterThan(0);
    await expectNowhere(secrets, { data, program, page, except: /\/server\/(agent|operator)-token$/ });
  });
});

test('quitting counts down where everybody sees it, and can be forced from the tray', async () => {
  const data = await newData();
  const program = await startProgram(data);
  const page = await program.page();
  await page.getByRole('navigation').waitFor();
  const jobId = await order(await operatorOf(page, data), 'long', 'generate_video_proxies');
  await expect(page.getByRole('article', { name: 'long.mp4' })).toContainText('Encoding');
  await click(program, 'Quit');
  await expect.poll(() => line(program)).toMatch(/^Stops in \d+ s at the latest$/);
  // Where a desktop has no tray, the window has both.
  await expect(page.getByText(/^in 0:\d\d at the latest$/)).toBeVisible();
  await expect(page.getByRole('button', { name: 'Stop now' })).toBeEnabled();
  const title = await program.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.getTitle());
  expect(title).toMatch(/Stops in \d+ s/);
  await click(program, 'Stop now and quit');
  expect(await program.ended).toBe(0);
  // Whether it counts as an attempt depends on the last word of 1 s reaching the server; shell.e2e.ts looks at that.
  expect(await afterwards(data, jobId)).toMatchObject({ status: 'pending' });
});

test('a quit that waits can be hurried in the window', { tag: '@slow' }, async () => {
  const data = await newData();
  const program = await startProgram(data);
  const page = await program.page();
  await page.getByRole('navigation').waitFor();
  const jobId = await order(await operatorOf(page, data), 'long', 'generate_video_proxies');
  await expect(page.getByRole('article', { name: 'long.mp4' })).toContainText('Encoding');
  await program.evaluate(({ app }) => app.quit());
  await page.getByRole('button', { name: 'Stop now' }).click();
  expect(await program.ended).toBe(0);
  expect(await afterwards(data, jobId)).toMatchObject({ status: 'pending' });
});

test('a policy that cannot be used is said, and the agent offers nothing', async () => {
  const data = await newData();
  const policy = join(data, 'policy.json');
  await writeFile(policy, '{\n"settings": {"encoder": "loud"}}');
  const program = await startProgram(data, { RUSHCATALOG_POLICY_FILE: policy });
  const page = await program.page();
  await page.getByRole('navigation').waitFor();
  await expect.poll(() => line(program)).toBe('Needs attention');
  const [notice] = (await seen(program)).notices;
  expect(notice?.body).toMatch(/policy\.json cannot be used, line 2: /);
  await program.kill();
});

test('a window on an agent that runs already shows that one and starts no other', { tag: '@slow' }, async () => {
  const data = await newData();
  const first = await startProgram(data);
  await (await first.page()).getByRole('navigation').waitFor();
  await expect.poll(() => line(first)).toBe('Ready');
  const port = join(data, 'agent');
  const { attachToRunning } = await import('../../../electron/shell/attached-agent.ts');
  const log = { info: () => undefined, warn: () => undefined, error: () => undefined };
  const attached = await attachToRunning([port], log);
  expect(attached?.snapshot().agent.platform).toContain('-');
  expect(await attached?.execute('pause', { for: '1h' })).toMatchObject({ ok: true });
  await expect.poll(() => line(first)).toBe('Paused');
  await expect.poll(() => attached?.snapshot().yielding?.reasons[0]?.kind).toBe('paused');
  attached?.detach();
  await first.kill();
});
