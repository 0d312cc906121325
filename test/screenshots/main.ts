import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { chromium, type Browser, type Page } from '@playwright/test';
import { Command } from 'commander';
import { startWebView, type WebView } from '../../electron/gateway/http.ts';
import buildOnce from '../support/build-once.ts';
import { makePageMedia, type PageMedia } from '../support/page-media.ts';
import { takeConsole, type Look } from './console.ts';
import { SCENES, type Scene } from './scenes.ts';
import { CHROMIUM } from '../support/chromium.ts';

/** Every screen of the agent's page and of the server's in both languages and themes, as a person sees it: `screenshots/<scene>.<language>.<theme>.png`. */
const options = new Command('screenshots')
  .option('--only <name...>', 'scenes whose name begins so')
  .option('--language <language...>', 'of en, fr', ['en', 'fr'])
  .option('--theme <theme...>', 'of light, dark', ['light', 'dark'])
  .option('--width <pixels...>', 'of the window', ['1360'])
  .option('--out <folder>', 'where they go', fileURLToPath(new URL('../../screenshots', import.meta.url)))
  .parse()
  .opts<{ only?: string[]; language: string[]; theme: string[]; width: string[]; out: string }>();

const LOCALES: Readonly<Record<string, string>> = { en: 'en-GB', fr: 'fr-FR' };
const HEIGHT = 860;
const none = (): void => undefined;
const SILENT = { info: none, warn: none, error: none };
/** Progress needs a few samples before the time left is known; pictures need to arrive. */
const SETTLE_MS = 400;

const isWanted = (name: string): boolean => options.only?.some((start) => name.startsWith(start)) ?? true;

/** Of the file: what tells one look from another. */
const endingOf = (language: string, theme: string, width: string): string =>
  `.${language}.${theme}${options.width.length > 1 ? `.${width}` : ''}.png`;

type Sized = Scene & { readonly width: number };

async function prepared(page: Page, scene: Sized, media: PageMedia, folder: string): Promise<WebView> {
  const agent = await scene.agent(media);
  const view = await startWebView({
    staticDir: fileURLToPath(new URL('../../out/renderer', import.meta.url)),
    tokenFile: join(folder, `token-${scene.name}`),
    log: SILENT,
    agent,
    port: 0,
  });
  await page.setViewportSize({ width: scene.width, height: scene.height ?? HEIGHT });
  if (scene.closed === true) {
    await page.goto(view.origin);
    await page.getByRole('heading').first().waitFor();
  } else {
    await page.goto(view.url);
    await page.getByRole('navigation').first().waitFor();
    await page.goto(`${view.origin}/#/${scene.place}`);
    await page.locator('h1').first().waitFor();
  }
  await scene.act?.(page, agent, () => view.close());
  await page.waitForLoadState('load');
  await delay(SETTLE_MS);
  return view;
}

const LOOKS: readonly Look[] = options.language.flatMap((language) =>
  options.theme.flatMap((theme) =>
    options.width.map((width) => ({
      locale: LOCALES[language] ?? language,
      colorScheme: theme === 'dark' ? ('dark' as const) : ('light' as const),
      width: Number(width),
      height: HEIGHT,
      ending: endingOf(language, theme, width),
    })),
  ),
);

async function take(browser: Browser, media: PageMedia, folder: string): Promise<number> {
  const wanted = SCENES.filter(({ name }) => isWanted(name));
  let taken = 0;
  for (const language of options.language) {
    for (const theme of options.theme) {
      const locale = LOCALES[language] ?? language;
      const colorScheme = theme === 'dark' ? 'dark' : 'light';
      for (const [scene, width] of wanted.flatMap((each) => options.width.map((w) => [each, w] as const))) {
        // A context of its own: no filter or session of the scene before stays.
        const context = await browser.newContext({ locale, colorScheme, reducedMotion: 'reduce' });
        const page = await context.newPage();
        const view = await prepared(page, { ...scene, width: Number(width) }, media, folder);
        await page.screenshot({ path: join(options.out, `${scene.name}${endingOf(language, theme, width)}`) });
        await context.close();
        await view.close();
        taken += 1;
      }
    }
  }
  return taken;
}

buildOnce();
await mkdir(options.out, { recursive: true });
const folder = await mkdtemp(join(tmpdir(), 'screenshots-'));
const browser = await chromium.launch({
  executablePath: CHROMIUM,
  args: ['--no-sandbox'],
  // As people have them.
  ignoreDefaultArgs: ['--hide-scrollbars'],
});
try {
  const taken =
    (await take(browser, await makePageMedia(), folder)) + (await takeConsole(browser, LOOKS, isWanted, options.out));
  console.log(`${taken} screenshots in ${options.out}`);
} finally {
  await browser.close();
  await rm(folder, { recursive: true, force: true });
}
