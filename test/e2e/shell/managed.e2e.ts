import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test, type Page } from '@playwright/test';
import { createServer, type RunningServer } from '../../../server/server.ts';
import { CAPABILITIES } from '../../../shared/job.ts';
import { API_BASE } from '../../../shared/wire.ts';
import type { StandInDesktop } from '../../support/electron-stand-in/desktop-parts.ts';
import { put, start } from '../../support/command.ts';
import { ON_ELECTRON, RUNS_ON, startProgram, type Program } from './program.ts';
import { expectNowhere } from './search-secrets.ts';

test.describe.configure({ mode: 'default' });
test.skip(ON_ELECTRON, 'a real keystore, tray and list of login items are those of the person who tests');

const trayLine = (program: Program): Promise<string> =>
  program.evaluate(() => (Reflect.get(globalThis, 'standIn') as StandInDesktop).labels()[0] ?? '');

test.describe(`a machine that is set up from afar, on ${RUNS_ON}`, () => {
  let folder: string;
  let data: string;
  let server: RunningServer;
  let program: Program;
  let page: Page;
  let oneTime: string;

  const newEnrolment = async (): Promise<string> => {
    const response = await fetch(`${server.url}${API_BASE}/agents/enrollments`, {
      method: 'POST',
      headers: { authorization: `Bearer ${server.operatorToken}`, 'content-type': 'application/json' },
      body: '{}',
    });
    return ((await response.json()) as { readonly token: string }).token;
  };

  test.beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'managed-'));
    data = join(folder, 'data');
    await mkdir(data);
    server = await createServer({ dataDir: join(folder, 'team') });
    const policy = join(folder, 'policy.json');
    const tokenFile = join(folder, 'one-time-token');
    await writeFile(tokenFile, 'a-one-time-token-of-last-year');
    // No job is done here, so none of the proofs that load a machine is needed.
    const capabilities = Object.fromEntries(CAPABILITIES.map((name) => [name, false]));
    const settings = { serverUrl: server.url, updates: 'off', capabilities };
    await writeFile(policy, JSON.stringify({ settings, enrolment: { tokenFile } }));
    program = await startProgram(
      data,
      { RUSHCATALOG_POLICY_FILE: policy, STAND_IN_KEYSTORE: '1', STAND_IN_PACKAGED: '1' },
      ['--hidden'],
    );
    page = await program.page();
    await page.getByRole('navigation').waitFor();
  });
  test.afterAll(async () => {
    await program.kill();
    await server.close();
    await rm(folder, { recursive: true, force: true });
  });

  test('that starts with the session shows no window until somebody asks', async () => {
    const visible = (): Promise<boolean | undefined> =>
      program.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.isVisible());
    expect(await visible()).toBe(false);
    expect(await program.again()).toBe(0);
    await expect.poll(visible).toBe(true);
  });

  test('with an expired one-time token opens all the same and says so in one sentence', async () => {
    await expect.poll(() => trayLine(program)).toBe('Needs attention');
    await page.evaluate(() => (window.location.hash = '#/health'));
    await expect(page.getByText(/does not accept this one-time token: .*its day is over/)).toBeVisible({});
  });

  test('is paired from its page without a restart, and keeps the token in the keystore alone', async () => {
    oneTime = await newEnrolment();
    const answer = await page.evaluate(
      ([serverUrl, secret]) => window.rushcatalog?.call('pair', { serverUrl, kind: 'enrolment', secret }),
      [server.url, oneTime] as const,
    );
    expect(answer).toEqual({ ok: true, output: { restart: false } });
    await expect.poll(() => trayLine(program)).toBe('Ready');
    const kept = JSON.parse(await readFile(join(data, 'server-token'), 'utf8')) as { protection: string; data: string };
    expect(kept.protection).toBe('keystore');
    const token = await program.evaluate(async ({ safeStorage }, sealed) => {
      const opened = await safeStorage.decryptStringAsync(Buffer.from(sealed, 'base64'));
      return opened.result;
    }, kept.data);
    await expectNowhere([token, oneTime, server.agentToken], { data, program, page });
  });

  test('starts at login as the setting says', async () => {
    const file = join(folder, 'autostart/rushcatalog-agent.desktop');
    const set = (startAtLogin: boolean): Promise<unknown> =>
      page.evaluate((change) => window.rushcatalog?.call('changeSettings', { change }), { startAtLogin });
    expect(existsSync(file)).toBe(false);
    expect(await set(true)).toMatchObject({ ok: true });
    await expect.poll(() => existsSync(file)).toBe(true);
    expect(await readFile(file, 'utf8')).toMatch(/^Exec=".+" --hidden$/m);
    expect(await set(false)).toMatchObject({ ok: true });
    await expect.poll(() => existsSync(file)).toBe(false);
  });
});

test('a window beside an agent that runs already shows that one, starts no other and lets it live', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'attached-'));
  const data = join(folder, 'data');
  await mkdir(data);
  const capabilities = Object.fromEntries(CAPABILITIES.map((name) => [name, false]));
  await writeFile(join(data, 'settings.json'), JSON.stringify({ capabilities, agentName: 'the one before' }));
  const before = start(['start', '--data', data, '--no-open'], { env: { XDG_DATA_HOME: folder } });
  try {
    await before.said(/http:\/\//);
    const program = await startProgram(data);
    const page = await program.page();
    await page.getByRole('navigation').waitFor();
    await expect(page.getByText('Connected to the server')).toBeVisible();
    expect(await page.evaluate(() => window.rushcatalog?.call('pause', { for: '1h' }))).toMatchObject({ ok: true });
    await expect.poll(() => trayLine(program)).toBe('Paused');
    await program.evaluate(({ app }) => app.quit());
    expect(await program.ended).toBe(0);
    // It goes on, still paused by the window that is gone.
    const status = start(['status', '--work', join(data, 'agent'), '--json']);
    expect((await status.ended).code).toBe(0);
    expect(JSON.parse(status.output())).toMatchObject({ running: true, name: 'the one before', phase: 'paused' });
  } finally {
    await put(before);
    await rm(folder, { recursive: true, force: true });
  }
});
