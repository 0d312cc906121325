// npm run screenshots:film [-- FILE]: the moving picture of the README, a real run of a real agent over drawn rushes, and
// the stills that scripted agents show. On a quiet machine: speeds are seen in it.
import { execFileSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { chromium, type Page } from '@playwright/test';
import { startWebView } from '../../electron/gateway/http.ts';
import { startEmbedded } from '../../electron/headless/process/embedded.ts';
import buildOnce from '../support/build-once.ts';
import { eventually } from '../support/children/alive.ts';
import type { RushScene } from './rush-scenes.ts';
import { makeRush, makeStills } from './rushes.ts';
import { CHROMIUM } from '../support/chromium.ts';
import { FFMPEG } from '../support/made-media.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const [file = join(ROOT, 'docs/images/run.webp')] = process.argv.slice(2);

const SHOTS: readonly (readonly [path: string, scene: RushScene, seconds: number])[] = [
  ['D04/CAM_A/A007C001_260302_R1AB.mov', 'interview', 8],
  ['D04/CAM_A/A007C002_260302_R1AB.mov', 'city', 5],
  ['D04/CAM_B/B003C014_260302_R2KD.mov', 'forest', 5],
  ['D04/DRONE/DJI_20260302103618_0046_D.MP4', 'ridge', 6],
  ['D04/DRONE/DJI_20260302104107_0047_D.MP4', 'sea', 6],
  ['D04/CAM_B/B003C015_260302_R2KD.mov', 'field', 5],
];
const SIZE = { width: 1280, height: 800 };
/** Pictures a second that are taken, and those that are shown: what a machine does in a minute is seen in twenty seconds. */
const TAKEN_MS = 400;
const SHOWN_PER_SECOND = 8;
const WIDTH = 960;
const SILENT = { info: () => undefined, warn: () => undefined, error: () => undefined };

const folder = await mkdtemp(join(tmpdir(), 'rushcatalog-film-'));
let taken = 0;
const shoot = (page: Page): Promise<unknown> => {
  taken += 1;
  return page.screenshot({ path: join(folder, `frame-${String(taken).padStart(4, '0')}.png`) });
};
/** A view stays long enough to be read. */
const dwell = async (page: Page, pictures: number): Promise<void> => {
  for (let index = 0; index < pictures; index += 1) {
    await shoot(page);
    await delay(TAKEN_MS / 2);
  }
};

buildOnce();
const browser = await chromium.launch({
  executablePath: CHROMIUM,
  args: ['--no-sandbox'],
});
try {
  await makeStills(browser, join(ROOT, 'test/support/rushes'));
  const media = join(folder, 'RUSHES');
  for (const [path, scene, seconds] of SHOTS) await makeRush(browser, scene, join(media, path), seconds);
  const embedded = await startEmbedded(folder, {
    mediaRoots: [{ name: 'RUSHES', path: media }],
    agentName: 'Grading suite 2',
    maxParallelJobs: 2,
  });
  const { agent, client, server } = embedded;
  const web = { staticDir: join(ROOT, 'out/renderer'), tokenFile: join(folder, 'token'), log: SILENT, port: 0 };
  const view = await startWebView({ ...web, agent });
  await agent.start();
  await eventually(() => agent.snapshot().capabilities.filter(({ declared }) => declared).length >= 3);
  const page = await browser.newPage({ viewport: SIZE, colorScheme: 'dark', locale: 'en-GB' });
  await page.goto(view.url);
  await page.getByRole('navigation').first().waitFor();

  const jobs: string[] = [];
  for (const [path] of SHOTS) {
    const asset = await client.createAsset({ source_path: `RUSHES/${path}` });
    for (const job_type of ['generate_thumbnails', 'generate_video_proxies', 'generate_audio_waveform'] as const) {
      jobs.push((await client.createJob({ asset_uuid: asset.uuid, job_type })).job_id);
    }
  }
  let ended = 0;
  agent.subscribe((event) => {
    if (event.type === 'jobEnded') ended += 1;
  });
  agent.wake();
  await page.getByRole('heading', { level: 1, name: 'Now' }).waitFor();
  while (ended < jobs.length) {
    await shoot(page);
    await delay(TAKEN_MS);
  }
  await dwell(page, 5);
  await page.getByRole('link', { name: /^Done/ }).first().click();
  await page.getByRole('heading', { level: 1, name: 'Done' }).waitFor();
  await delay(1_000);
  await dwell(page, 9);
  await page
    .getByRole('link', { name: /A007C001/ })
    .first()
    .click();
  await page.locator('video').first().waitFor();
  await delay(1_500);
  await page.getByRole('button', { name: 'Play' }).first().click();
  await dwell(page, 20);
  await view.close();
  await agent.stop(0);
  await server.close();
  const pictures = ['-framerate', String(SHOWN_PER_SECOND), '-i', join(folder, 'frame-%04d.png')];
  const webp = ['-c:v', 'libwebp_anim', '-quality', '60', '-compression_level', '6', '-loop', '0'];
  execFileSync(FFMPEG, ['-v', 'error', '-y', ...pictures, '-vf', `scale=${WIDTH}:-2:flags=lanczos`, ...webp, file]);
  console.log(`${taken} pictures in ${file}`);
} finally {
  await browser.close();
  await rm(folder, { recursive: true, force: true });
}
