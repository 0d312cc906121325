import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { test as base, type Page } from '@playwright/test';
import type { GatewayLog } from '../../electron/gateway/agent-port.ts';
import { startWebView, type WebView } from '../../electron/gateway/http.ts';
import type { Snapshot } from '../../shared/snapshot.ts';
import { createBusyAgent } from '../support/busy-agent.ts';
import { makePageMedia, type PageMedia } from '../support/page-media.ts';
import type { ScriptedAgent } from '../support/scripted-agent.ts';

const STATIC_DIR = fileURLToPath(new URL('../../out/renderer', import.meta.url));
const AGENT_APART = fileURLToPath(new URL('../support/agent-apart.ts', import.meta.url));
const none = (): void => undefined;
const SILENT: GatewayLog = { info: none, warn: none, error: none };

export interface OpenedView {
  readonly agent: ScriptedAgent;
  readonly view: WebView;
  readonly tokenFile: string;
  /** Stops the gateway, as if the agent died, and starts it again on the same port. */
  stop(): Promise<void>;
  start(agent?: ScriptedAgent): Promise<void>;
}

/** An agent in a process of its own. */
export interface AgentApart {
  readonly url: string;
  freeze(): void;
  thaw(): void;
}

interface Fixtures {
  readonly serveApart: () => Promise<AgentApart>;
  /** Starts an agent with its web view; the page is not opened yet. */
  readonly serve: (change?: Partial<Snapshot>) => Promise<OpenedView>;
  /** The same, with the page opened by its link. */
  readonly open: (change?: Partial<Snapshot>) => Promise<OpenedView>;
  /** What the browser's console complained about. */
  readonly complaints: string[];
}

export const test = base.extend<Fixtures, { readonly media: PageMedia }>({
  // Playwright reads the names of wanted fixtures from the pattern; none is wanted here.
  // oxlint-disable-next-line no-empty-pattern
  media: [async ({}, use) => use(await makePageMedia()), { scope: 'worker' }],
  complaints: async ({ page }, use) => {
    const complaints: string[] = [];
    page.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
    });
    page.on('pageerror', (error) => complaints.push(String(error)));
    await use(complaints);
  },
  serve: async ({ media }, use) => {
    const folder = await mkdtemp(join(tmpdir(), 'page-'));
    const opened: OpenedView[] = [];
    await use(async (change) => {
      const view = await serve(createBusyAgent(media, change), join(folder, `token-${opened.length}`));
      opened.push(view);
      return view;
    });
    for (const view of opened) await view.stop();
    await rm(folder, { recursive: true, force: true });
  },
  // oxlint-disable-next-line no-empty-pattern
  serveApart: async ({}, use) => {
    const folder = await mkdtemp(join(tmpdir(), 'page-'));
    const children: ChildProcess[] = [];
    await use(async () => {
      const args = [AGENT_APART, STATIC_DIR, join(folder, 'token')];
      const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
      children.push(child);
      const lines = createInterface({ input: child.stdout });
      const [url] = (await once(lines, 'line')) as [string];
      return { url, freeze: () => void child.kill('SIGSTOP'), thaw: () => void child.kill('SIGCONT') };
    });
    for (const child of children) child.kill('SIGKILL');
    await rm(folder, { recursive: true, force: true });
  },
  open: async ({ page, serve }, use) => {
    await use(async (change) => {
      const opened = await serve(change);
      await openLink(page, opened.view);
      return opened;
    });
  },
});

export async function openLink(page: Page, view: WebView): Promise<void> {
  await page.goto(view.url);
  await page.getByRole('navigation').waitFor();
}

async function serve(agent: ScriptedAgent, tokenFile: string): Promise<OpenedView> {
  const options = { staticDir: STATIC_DIR, tokenFile, log: SILENT };
  let current: WebView | null = await startWebView({ ...options, agent, port: 0 });
  const view = current;
  const port = Number(new URL(view.origin).port);
  return {
    agent,
    view,
    tokenFile,
    stop: async () => {
      await current?.close();
      current = null;
    },
    start: async (next = agent) => {
      current = await startWebView({ ...options, agent: next, port });
    },
  };
}

export { expect } from '@playwright/test';
