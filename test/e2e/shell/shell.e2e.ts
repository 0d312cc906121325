import { mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test, type Page } from '@playwright/test';
import type { StandInDesktop } from '../../support/electron-stand-in/desktop-parts.ts';
import { ON_ELECTRON, RUNS_ON, startProgram, type Program } from './program.ts';
import { afterwards, operatorOf, order, prepareData, serverUrl } from './rushes.ts';

const PRELOAD = fileURLToPath(new URL('../../../out/preload/preload.cjs', import.meta.url));
const HOME = 'app://rushcatalog/index.html';

// One after the other: each program proves its capabilities with real encodes at its start.
test.describe.configure({ mode: 'default' });

const folders: string[] = [];
async function newData(settings: object = {}): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'shell-'));
  folders.push(folder);
  await prepareData(folder, settings);
  return folder;
}

test.beforeAll(() => console.log(`The shell runs on ${RUNS_ON}.`));
test.afterAll(async () => {
  for (const folder of folders) await rm(folder, { recursive: true, force: true });
});

const addressOf = (program: Program): Promise<string | undefined> =>
  program.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.webContents.getURL());
const windowCount = (program: Program): Promise<number> =>
  program.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows().length);
const goTo = (page: Page, place: string): Promise<void> =>
  page.evaluate((hash) => {
    window.location.hash = hash;
  }, `#/${place}`);
const status = (page: Page) => page.getByRole('status').first();

test.describe(`the window, on ${RUNS_ON}`, () => {
  let program: Program;
  let page: Page;
  let data: string;
  const complaints: string[] = [];

  test.beforeAll(async () => {
    data = await newData();
    program = await startProgram(data);
    page = await program.page();
    page.on('pageerror', (error) => complaints.push(String(error)));
    await page.getByRole('navigation').waitFor();
  });
  test.afterAll(() => program.kill());

  test('opens with the page of its own scheme, live and without complaints', async () => {
    expect(await addressOf(program)).toBe(HOME);
    expect(await program.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.isVisible())).toBe(true);
    await expect(page.getByText('Connected to the server')).toBeVisible();
    await expect(page).toHaveTitle(/RushCatalog/);
    expect(complaints).toEqual([]);
    // Electron itself says all sorts of things about the machine's graphics and buses.
    if (!ON_ELECTRON) expect(program.complaints()).toBe('');
  });

  test('the page has one object of ours with five functions, and no Node', async () => {
    const seen = await page.evaluate(() => ({
      ours: Object.keys(window.rushcatalog ?? {}).sort(),
      node: ['require', 'process', 'module', 'Buffer', 'global', 'electron'].filter((name) => name in window),
    }));
    expect(seen).toEqual({ ours: ['call', 'derivedUrl', 'pathOf', 'reveal', 'watch'], node: [] });
  });

  test('a capability is switched off and on again on the page', async () => {
    await goTo(page, 'capabilities');
    const card = page.getByRole('article', { name: 'Thumbnails' });
    await expect(card).toContainText('Offered to the server');
    await card.getByRole('switch').click();
    await expect(card).toContainText('Switched off');
    await card.getByRole('switch').click();
    await expect(card).toContainText('Offered to the server');
  });

  test('a job of the embedded server ends on the page with its picture, and files come in ranges', async () => {
    await goTo(page, 'now');
    const operator = await operatorOf(page, data);
    const jobId = await order(operator, 'short', 'generate_thumbnails');
    const picture = page.getByRole('link', { name: 'short.mp4' }).first().locator('img');
    await expect.poll(() => picture.evaluate((img: HTMLImageElement) => img.naturalWidth)).toBe(480);
    expect(await picture.evaluate((img: HTMLImageElement) => new URL(img.src).pathname)).toMatch(/^\/derived\//);
    const job = (await operator.jobs()).find(({ job_id }) => job_id === jobId);
    expect(job?.status).toBe('completed');
    const part = await picture.evaluate(async (img: HTMLImageElement) => {
      const answer = await fetch(img.src, { headers: { range: 'bytes=8-11' } });
      return { status: answer.status, range: answer.headers.get('content-range'), text: await answer.text() };
    });
    expect(part).toMatchObject({ status: 206, range: expect.stringMatching(/^bytes 8-11\//), text: 'WEBP' });
  });

  test('its source is shown in the file manager, and nothing outside the folders of the agent is', async () => {
    const revealed = (): Promise<string[]> =>
      program.evaluate(() => [...(Reflect.get(globalThis, 'standIn') as StandInDesktop).revealed]);
    test.skip(ON_ELECTRON, 'a real file manager would open');
    await goTo(page, 'done');
    await page.getByRole('link', { name: 'short.mp4' }).first().click();
    await page.getByRole('button', { name: 'Show in the file manager' }).click();
    await expect.poll(revealed).toEqual([await realpath(join(data, 'media/short.mp4'))]);
    const refused = await page.evaluate(
      async (outside) => {
        const paths = ['/etc/passwd', outside, '../media/short.mp4', 'file:///etc/passwd'];
        return Promise.all(paths.map((path) => window.rushcatalog?.reveal(path)));
      },
      join(data, 'server/operator-token'),
    );
    for (const answer of refused) expect(answer).toMatchObject({ ok: false });
    expect(await revealed()).toHaveLength(1);
  });

  test('what the gateway refuses over HTTP it refuses here', async () => {
    const calls = await page.evaluate(async () => [
      await window.rushcatalog?.call('format_disk', {}),
      await window.rushcatalog?.call('setCapability', { capability: 'media.thumbnails@1', enabled: 'yes' }),
      await window.rushcatalog?.call('__proto__', {}),
    ]);
    expect(calls).toMatchObject([
      { ok: false, refusal: { code: 'INVALID_INPUT', field: 'name' } },
      { ok: false, refusal: { code: 'INVALID_INPUT', field: 'enabled' } },
      { ok: false, refusal: { code: 'INVALID_INPUT', field: 'name' } },
    ]);
  });

  test('a frame that is not ours is refused, although it has the same preload', async () => {
    await program.evaluate(async ({ BrowserWindow }, preload) => {
      const window = new BrowserWindow({ show: false, webPreferences: { preload, sandbox: true } });
      await window.loadURL('data:text/html,<title>foreign</title>');
    }, PRELOAD);
    const answer = await program.evaluate(({ BrowserWindow }) => {
      const foreign = BrowserWindow.getAllWindows().find((each) => each.webContents.getURL().startsWith('data:'));
      return foreign?.webContents.executeJavaScript(`(async () => {
        let updates = 0;
        rushcatalog.watch(() => { updates += 1; }, () => { updates += 1; });
        const called = await rushcatalog.call('pause', {});
        await new Promise((resolve) => setTimeout(resolve, 1500));
        return { called, updates };
      })()`) as Promise<unknown>;
    });
    expect(answer).toEqual({
      called: { ok: false, refusal: expect.objectContaining({ code: 'FORBIDDEN' }) },
      updates: 0,
    });
    await expect(status(page)).not.toContainText('Paused');
    await program.evaluate(({ BrowserWindow }) => {
      for (const each of BrowserWindow.getAllWindows()) {
        if (each.webContents.getURL().startsWith('data:')) each.destroy();
      }
    });
    expect(await windowCount(program)).toBe(1);
  });

  test('navigation stays at home, except for a reload', async () => {
    for (const target of [
      'https://example.com/',
      'https://rushcatalog.evil.example/',
      'file:///etc/hostname',
      '/other.html',
    ]) {
      await page.evaluate((url) => {
        const link = document.createElement('a');
        link.href = url;
        document.body.append(link);
        link.click();
        link.remove();
      }, target);
      await page.waitForTimeout(300);
      expect(new URL((await addressOf(program)) ?? '').pathname, target).toBe('/index.html');
      expect(await addressOf(program), target).toMatch(/^app:\/\/rushcatalog\//);
    }
    await page.evaluate(() => {
      Reflect.set(window, 'before', true);
      window.location.reload();
    });
    await expect.poll(() => page.evaluate(() => 'before' in window).catch(() => true)).toBe(false);
    await expect(status(page)).toContainText('Ready');
  });

  test('no window opens', async () => {
    const pages = page.context().pages().length;
    for (const url of ['https://example.com/', 'about:blank', '/index.html']) {
      expect(await page.evaluate((target) => window.open(target) === null, url), url).toBe(true);
    }
    await page.evaluate(() => {
      const link = document.createElement('a');
      link.href = 'https://example.com/';
      link.target = '_blank';
      document.body.append(link);
      link.click();
      link.remove();
    });
    await page.waitForTimeout(500);
    await expect.poll(() => page.context().pages().length).toBe(pages);
    expect(await windowCount(program)).toBe(1);
  });

  test('the CSP holds: no frame, no inline script, no eval, no other server', async () => {
    const server = await serverUrl(page);
    const seen = await page.evaluate(async (elsewhere) => {
      const violated: string[] = [];
      document.addEventListener('securitypolicyviolation', (event) => violated.push(event.effectiveDirective));
      const frame = document.createElement('iframe');
      frame.src = 'https://example.com/';
      document.body.append(frame);
      const reached = await fetch(elsewhere).then(
        () => true,
        () => false,
      );
      // In a turn of its own: the debugger lets eval through while it evaluates.
      const evaluated = await new Promise<boolean>((resolve) => {
        setTimeout(() => {
          try {
            resolve(Reflect.construct(Function, ['return true'])() as boolean);
          } catch {
            resolve(false);
          }
        });
      });
      const script = document.createElement('script');
      let inline = true;
      try {
        script.textContent = 'window.inline = true';
        document.head.append(script);
        inline = 'inline' in window;
      } catch {
        inline = false;
      }
      await new Promise((resolve) => setTimeout(resolve, 300));
      frame.remove();
      return { violated: [...new Set(violated)], reached, evaluated, inline };
    }, server);
    expect(seen).toMatchObject({ reached: false, evaluated: false, inline: false });
    expect(seen.violated).toEqual(expect.arrayContaining(['frame-src', 'connect-src']));
  });

  test('permissions are denied, except for copying text', async () => {
    const states = await page.evaluate(async () => {
      const names = [
        'geolocation',
        'notifications',
        'camera',
        'microphone',
        'midi',
        'clipboard-read',
        'clipboard-write',
      ];
      const entries = names.map(async (name) => {
        const { state } = await navigator.permissions.query({ name: name as PermissionName });
        return [name, state] as const;
      });
      return Object.fromEntries(await Promise.all(entries));
    });
    expect(states).toEqual({
      geolocation: 'denied',
      notifications: 'denied',
      camera: 'denied',
      microphone: 'denied',
      midi: 'denied',
      'clipboard-read': 'denied',
      'clipboard-write': 'granted',
    });
  });

  test('a second instance hands over: it ends, and the first one’s window comes to the front', async () => {
    await program.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.hide());
    const visible = (): Promise<boolean | undefined> =>
      program.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.isVisible());
    expect(await visible()).toBe(false);
    expect(await program.again()).toBe(0);
    await expect.poll(visible).toBe(true);
    expect(await windowCount(program)).toBe(1);
    await expect(status(page)).toContainText('Ready');
  });
});

test.describe(`quitting, on ${RUNS_ON}`, () => {
  /** A program whose encoder is busy with the long clip. */
  async function busyProgram(
    settings: object = {},
  ): Promise<{ program: Program; page: Page; data: string; jobId: string }> {
    const data = await newData(settings);
    const program = await startProgram(data);
    const page = await program.page();
    await page.getByRole('navigation').waitFor();
    const jobId = await order(await operatorOf(page, data), 'long', 'generate_video_proxies');
    const card = page.getByRole('article', { name: 'long.mp4' });
    await expect(card).toContainText('Encoding');
    return { program, page, data, jobId };
  }

  test('closing the window waits for the running job, and the page says so meanwhile', async () => {
    const { program, page, data, jobId } = await busyProgram({ closeToTray: false });
    await program.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.close());
    await expect(status(page)).toContainText('Finishing, then quitting');
    await expect(page.getByRole('article', { name: 'long.mp4' })).toContainText('Encoding');
    // Closing it again hurries nothing: the person only sees that it is still there.
    await program.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.close());
    expect(await program.ended).toBe(0);
    const job = await afterwards(data, jobId);
    expect(job).toMatchObject({ status: 'completed', attempts: 1 });
  });

  test('asking a second time gives the job back at once', async () => {
    const { program, page, data, jobId } = await busyProgram();
    await program.evaluate(({ app }) => app.quit());
    await expect(status(page)).toContainText('Finishing, then quitting');
    await program.evaluate(({ app }) => app.quit());
    expect(await program.ended).toBe(0);
    const job = await afterwards(data, jobId);
    expect(job).toMatchObject({ status: 'pending', attempts: 0 });
  });

  test('SIGTERM ends an idle program in order', async () => {
    test.skip(process.platform === 'win32', 'Windows has no SIGTERM');
    const program = await startProgram(await newData());
    await (await program.page()).getByRole('navigation').waitFor();
    program.child.kill('SIGTERM');
    expect(await program.ended).toBe(0);
    if (!ON_ELECTRON) expect(program.complaints()).toBe('');
  });
});

test('what cannot start is said in one sentence with a next step and a code', async () => {
  test.skip(ON_ELECTRON, 'Electron shows the sentence in a window that waits for a person');
  const data = await newData();
  await writeFile(join(data, 'settings.json'), '{"maxParallelJobs": "many"}');
  const program = await startProgram(data);
  expect(await program.ended).toBe(1);
  expect(program.complaints()).toMatch(/The settings file .+ cannot be used.+\n\n.+\n\n\[SETTINGS_INVALID\]/s);
  expect(program.complaints()).not.toMatch(/\n\s+at /);
});
