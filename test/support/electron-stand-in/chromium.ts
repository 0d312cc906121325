import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium, type BrowserContext, type Frame, type Page, type Request } from '@playwright/test';
import { answer } from './scheme.ts';
import { CHROMIUM } from '../chromium.ts';

/** Told of each request for a document; false refuses it. */
export type MayNavigate = (url: string, isMainFrame: boolean) => boolean;

export interface Host {
  newPage(size: { readonly width: number; readonly height: number }): Promise<Page>;
  readonly context: BrowserContext;
  /** Where a test can connect to the same browser. */
  readonly debuggerUrl: string;
  close(): Promise<void>;
}

/** The real Chromium in which the windows' pages live. Nothing in it reaches a network: what is not ours is refused. */
export async function startChromium(mayNavigate: (page: Page) => MayNavigate): Promise<Host> {
  const profile = await mkdtemp(join(tmpdir(), 'electron-stand-in-'));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: CHROMIUM,
    args: ['--no-sandbox', '--remote-debugging-port=0', '--autoplay-policy=no-user-gesture-required'],
    locale: 'en-GB',
    handleSIGINT: false,
    handleSIGTERM: false,
    handleSIGHUP: false,
  });
  await context.route('**/*', async (route) => {
    const request = route.request();
    if (request.isNavigationRequest()) {
      const frame = frameOf(request);
      const may = frame !== null && mayNavigate(frame.page())(request.url(), frame.parentFrame() === null);
      if (!may) return route.abort('aborted');
    }
    const headers = await request.allHeaders();
    const response = await answer(request.url(), { method: request.method(), headers: plainHeaders(headers) });
    if (response === null) return route.abort('internetdisconnected');
    const body = Buffer.from(await response.arrayBuffer());
    await route.fulfill({ status: response.status, headers: Object.fromEntries(response.headers), body });
  });
  const [port] = readFileSync(join(profile, 'DevToolsActivePort'), 'utf8').split('\n');
  // The page that a browser opens by itself is none of the app's windows.
  const [spare] = context.pages();
  return {
    context,
    debuggerUrl: `http://127.0.0.1:${port}`,
    newPage: async (size) => {
      const page = await context.newPage();
      await page.setViewportSize(size);
      return page;
    },
    close: async () => {
      await spare?.close().catch(() => undefined);
      await context.close().catch(() => undefined);
      await rm(profile, { recursive: true, force: true, maxRetries: 10 });
    },
  };
}

/** Null for the first request of a popup: Playwright has no page for it yet. It is refused like the popup itself. */
function frameOf(request: Request): Frame | null {
  try {
    return request.frame();
  } catch {
    return null;
  }
}

/** HTTP/2's pseudo headers are no headers to `Headers`. */
function plainHeaders(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !name.startsWith(':')));
}
