import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test, type Page } from '@playwright/test';
import { CAPABILITIES } from '../../../shared/job.ts';
import type { StandInDesktop } from '../../support/electron-stand-in/desktop-parts.ts';
import { ON_ELECTRON, RUNS_ON, startProgram, type Program } from './program.ts';

/**
 * Electron's own security checklist (docs/latest/tutorial/security), point by point, and beyond it, on the built main
 * script as a package starts it. What needs Electron's binary is looked at where it is made: fuses in test/pack.
 */
test.describe.configure({ mode: 'default' });
test.skip(ON_ELECTRON, 'the list is read off the stand-in; shell.e2e.ts tries the same on Electron');

const SHELL = fileURLToPath(new URL('../../../electron/shell', import.meta.url));

/** Name → what was found and what has to be. */
type Checks = Record<string, readonly [found: unknown, wanted: unknown]>;

let folder: string;
let program: Program;
let page: Page;

test.beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hardening-'));
  const data = join(folder, 'data');
  await mkdir(data);
  const capabilities = Object.fromEntries(CAPABILITIES.map((name) => [name, false]));
  await writeFile(join(data, 'settings.json'), JSON.stringify({ capabilities }));
  program = await startProgram(data, { STAND_IN_PACKAGED: '1' });
  page = await program.page();
  await page.getByRole('navigation').waitFor();
});
test.afterAll(async () => {
  await program.kill();
  await rm(folder, { recursive: true, force: true });
});

/** Of the window: what Electron was asked for when it was made. */
async function windowChecks(): Promise<Checks> {
  const { sandboxed, web, scheme, menus, url } = await program.evaluate(({ BrowserWindow }) => {
    const { guards } = Reflect.get(globalThis, 'standIn') as StandInDesktop;
    const [window] = guards.windows as { webPreferences?: Record<string, unknown> }[];
    return {
      sandboxed: guards.sandboxed,
      web: window?.webPreferences ?? {},
      scheme: guards.schemes[0] as { scheme: string; privileges: Record<string, unknown> },
      menus: [...guards.menus],
      url: BrowserWindow.getAllWindows()[0]?.webContents.getURL() ?? '',
    };
  });
  const wanted = {
    contextIsolation: true,
    sandbox: true,
    webSecurity: true,
    nodeIntegration: false,
    nodeIntegrationInWorker: false,
    nodeIntegrationInSubFrames: false,
    webviewTag: false,
    allowRunningInsecureContent: false,
    experimentalFeatures: false,
    navigateOnDragDrop: false,
    plugins: false,
    devTools: false,
    enableBlinkFeatures: undefined,
  };
  return {
    ...Object.fromEntries(
      Object.entries(wanted).map(([name, value]) => [`${name}: ${String(value)}`, [web[name], value]]),
    ),
    'every renderer of the process in the sandbox': [sandboxed, true],
    'the page comes from a scheme of its own, no file and no network': [url.slice(0, 18), 'app://rushcatalog/'],
    'the scheme cannot bypass the CSP': [scheme.privileges['bypassCSP'], false],
    'the scheme has no service workers': [scheme.privileges['allowServiceWorkers'], false],
    'the scheme is not open to other origins': [scheme.privileges['corsEnabled'], false],
    'no menu with developer tools or reloading': [menus, process.platform === 'darwin' ? menus : [null]],
  };
}

/** Of the page's headers. */
async function headerChecks(): Promise<Checks> {
  const headers = await page.evaluate(async () => Object.fromEntries((await fetch('/index.html')).headers));
  const csp = Object.fromEntries(
    (headers['content-security-policy'] ?? '').split(';').map((part) => {
      const [name = '', ...values] = part.trim().split(' ');
      return [name, values.join(' ')];
    }),
  );
  return {
    'the CSP begins from nothing': [csp['default-src'], "'none'"],
    'scripts are our own files': [csp['script-src'], "'self'"],
    'styles are our own files': [csp['style-src'], "'self'"],
    'the page talks to itself': [csp['connect-src'], "'self'"],
    'no base': [csp['base-uri'], "'none'"],
    'no forms': [csp['form-action'], "'none'"],
    'in no frame': [csp['frame-ancestors'], "'none'"],
    'no text becomes a script': [csp['require-trusted-types-for'], "'script'"],
    'no trusted types either': [csp['trusted-types'], "'none'"],
    'nothing unsafe, no wildcard': [/unsafe|\*|data:|blob:/.test(headers['content-security-policy'] ?? ''), false],
    'types are not guessed': [headers['x-content-type-options'], 'nosniff'],
    'no referrer': [headers['referrer-policy'], 'no-referrer'],
    'no opener': [headers['cross-origin-opener-policy'], 'same-origin'],
  };
}

/** Of the handlers: each is asked for what it must refuse. */
async function handlerChecks(): Promise<Checks> {
  const found = await program.evaluate(() => {
    const { guards } = Reflect.get(globalThis, 'standIn') as StandInDesktop;
    const prevented = (
      target: (typeof guards.contents)[number] | undefined,
      event: string,
      fields: object,
      more?: object,
    ) => {
      let yes = false;
      target?.emit(event, { ...fields, preventDefault: () => (yes = true) }, more);
      return yes;
    };
    const [contents] = guards.contents;
    const [session] = guards.sessions;
    const home = 'app://rushcatalog/index.html';
    const permission = (name: string): unknown => {
      let answer: unknown;
      const request = guards.session.get('setPermissionRequestHandler') as ((...args: unknown[]) => void) | undefined;
      request?.(null, name, (value: unknown) => (answer = value), { isMainFrame: true, requestingUrl: home });
      return answer;
    };
    const answered = (setter: string): unknown => {
      let answer: unknown;
      const handler = guards.session.get(setter) as ((...args: unknown[]) => void) | undefined;
      handler?.({}, (value: unknown) => (answer = value));
      return answer;
    };
    const names = [
      'media',
      'geolocation',
      'notifications',
      'midiSysex',
      'pointerLock',
      'fullscreen',
      'openExternal',
      'clipboard-read',
      'hid',
      'serial',
      'usb',
      'display-capture',
      'window-management',
      'fileSystem',
      'idle-detection',
    ];
    return {
      permissions: Object.fromEntries(names.map((name) => [name, permission(name)])),
      devices: (guards.session.get('setDevicePermissionHandler') as (() => unknown) | undefined)?.(),
      bluetooth: answered('setBluetoothPairingHandler'),
      screen: answered('setDisplayMediaRequestHandler'),
      foreignPage: prevented(contents, 'will-navigate', { url: 'https://example.com/', isMainFrame: true }),
      file: prevented(contents, 'will-navigate', { url: 'file:///etc/passwd', isMainFrame: true }),
      frame: prevented(contents, 'will-frame-navigate', { url: home, isMainFrame: false }),
      redirect: prevented(contents, 'will-redirect', { url: home }),
      webview: prevented(contents, 'will-attach-webview', {}),
      download: prevented(session, 'will-download', {}, { getURL: () => 'https://example.com/x.exe' }),
    };
  });
  return {
    ...Object.fromEntries(
      Object.entries(found.permissions).map(([name, answer]) => [`permission ${name}`, [answer, false]]),
    ),
    'no device': [found.devices, false],
    'no Bluetooth pairing': [found.bluetooth, { confirmed: false }],
    'no screen is shared': [found.screen, null],
    'no navigation to a foreign page': [found.foreignPage, true],
    'no navigation to a file': [found.file, true],
    'no frame navigates': [found.frame, true],
    'no redirection': [found.redirect, true],
    'no web view': [found.webview, true],
    'no download of a foreign file': [found.download, true],
  };
}

/** Of the page as it runs. */
async function pageChecks(): Promise<Checks> {
  const seen = await page.evaluate(async () => {
    const opened = window.open('https://example.com/') !== null;
    const evaluated = await new Promise<boolean>((resolve) => {
      // In a turn of its own: the debugger lets eval through while it evaluates.
      setTimeout(() => {
        try {
          resolve(Reflect.construct(Function, ['return true'])() as boolean);
        } catch {
          resolve(false);
        }
      });
    });
    const script = document.createElement('script');
    try {
      script.textContent = 'window.inline = true';
      document.head.append(script);
    } catch {
      // Trusted types throw already here.
    }
    const reached = await fetch('https://example.com/').then(
      () => true,
      () => false,
    );
    return {
      opened,
      evaluated,
      reached,
      inline: 'inline' in window,
      node: ['require', 'process', 'module', 'Buffer', 'global', 'electron', 'ipcRenderer'].filter(
        (name) => name in window,
      ),
      ours: Object.entries(window.rushcatalog ?? {})
        .map(([name, part]) => `${name} ${typeof part}`)
        .sort(),
      frozen: Object.isFrozen(window.rushcatalog),
      unknown: await window.rushcatalog?.call('__proto__', {}),
      wrong: await window.rushcatalog?.call('pause', { for: 'ever' }),
    };
  });
  const functions = ['call', 'derivedUrl', 'pathOf', 'reveal', 'watch'].map((name) => `${name} function`);
  return {
    'no window opens': [seen.opened, false],
    'no eval': [seen.evaluated, false],
    'no inline script': [seen.inline, false],
    'no other server': [seen.reached, false],
    'no Node, no Electron': [seen.node, []],
    'five functions and nothing else': [seen.ours, functions],
    'they cannot be replaced': [seen.frozen, true],
    'an unknown command is refused': [(seen.unknown as { ok: boolean }).ok, false],
    'a wrong input is refused': [(seen.wrong as { ok: boolean }).ok, false],
  };
}

/** Of the sources: what is not there cannot be misused. */
async function sourceChecks(): Promise<Checks> {
  const files = (await readdir(SHELL, { recursive: true })).filter((name) => name.endsWith('.ts'));
  const text = (await Promise.all(files.map((name) => readFile(join(SHELL, name), 'utf8')))).join('\n');
  const started = await program.evaluate(() => (Reflect.get(globalThis, 'standIn') as StandInDesktop).crashReporter);
  const never = [
    'openExternal',
    'openPath',
    'executeJavaScript',
    'remote-debugging-port',
    'loadFile',
    'ipcRenderer.send(',
    'webSecurity: false',
  ];
  return {
    ...Object.fromEntries(never.map((word) => [`“${word}” is nowhere in the shell`, [text.includes(word), false]])),
    'crash dumps are not uploaded': [(started[0] as { uploadToServer?: boolean }).uploadToServer, false],
  };
}

test(`the hardening list, on ${RUNS_ON}`, async () => {
  const checks: Checks = {
    ...(await windowChecks()),
    ...(await headerChecks()),
    ...(await handlerChecks()),
    ...(await pageChecks()),
    ...(await sourceChecks()),
  };
  const count = Object.keys(checks).length;
  console.log(`${String(count)} checks of the hardening list`);
  expect(count).toBeGreaterThanOrEqual(30);
  for (const [name, [found, wanted]] of Object.entries(checks)) expect.soft(found, name).toEqual(wanted);
});
