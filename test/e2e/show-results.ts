import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startWebView } from '../../electron/gateway/http.ts';
import { createResultsAgent, type ResultsAgent } from '../support/results-agent.ts';
import { openLink, test as base } from './open-page.ts';

const STATIC_DIR = fileURLToPath(new URL('../../out/renderer', import.meta.url));
const none = (): void => undefined;

export interface Shown {
  readonly agent: ResultsAgent;
  readonly origin: string;
}

/** `show` opens the page at a place, with an agent that has every kind of result. */
export const test = base.extend<{ readonly show: (place: string, many?: number) => Promise<Shown> }>({
  show: async ({ page, media }, use) => {
    const folder = await mkdtemp(join(tmpdir(), 'results-'));
    const closers: (() => Promise<void>)[] = [];
    await use(async (place, many) => {
      const agent = await createResultsAgent(media, many);
      const log = { info: none, warn: none, error: none };
      const view = await startWebView({ staticDir: STATIC_DIR, tokenFile: join(folder, 'token'), log, agent, port: 0 });
      closers.push(() => view.close());
      await openLink(page, view);
      await page.goto(`${view.origin}/#/${place}`);
      return { agent, origin: view.origin };
    });
    for (const close of closers) await close();
    await rm(folder, { recursive: true, force: true });
  },
});

export { expect } from './open-page.ts';
