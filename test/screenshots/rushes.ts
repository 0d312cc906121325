import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Browser } from '@playwright/test';
import { drawScene, RUSH_SCENES, type RushScene } from './rush-scenes.ts';
import { FFMPEG } from '../support/made-media.ts';

const FRAMES_PER_SECOND = 24;

/** A shot of `seconds` in HD with grain and room tone, as a camera writes it. */
export async function makeRush(browser: Browser, scene: RushScene, path: string, seconds: number): Promise<void> {
  mkdirSync(dirname(path), { recursive: true });
  const page = await browser.newPage();
  const room = `anoisesrc=color=pink:amplitude=0.6:seed=${RUSH_SCENES.indexOf(scene)}:d=${seconds},tremolo=f=0.6:d=0.8`;
  const input = ['-f', 'image2pipe', '-framerate', String(FRAMES_PER_SECOND), '-c:v', 'mjpeg', '-i', '-'];
  const camera = ['-f', 'lavfi', '-i', room, '-vf', 'scale=1920:1080:flags=bicubic,noise=alls=7:allf=t,format=yuv420p'];
  const output = ['-c:v', 'libx264', '-preset', 'veryfast', '-crf', '18', '-timecode', '10:31:04:12', '-c:a', 'aac'];
  const stdio = ['pipe', 'inherit', 'inherit'] as const;
  const encoder = spawn(FFMPEG, ['-v', 'error', '-y', ...input, ...camera, ...output, path], { stdio: [...stdio] });
  const ended = once(encoder, 'exit');
  const frames = seconds * FRAMES_PER_SECOND;
  for (let frame = 0; frame < frames; frame += 1) {
    encoder.stdin?.write(pictureOf(await page.evaluate(drawScene, { scene, at: frame / frames })));
  }
  encoder.stdin?.end();
  const [code] = (await ended) as [number | null];
  await page.close();
  if (code !== 0) throw new Error(`ffmpeg ended with ${String(code)} over ${path}`);
}

/** One WebP of each scene, small enough to lie in the repository: what scripted agents show as thumbnails. */
export async function makeStills(browser: Browser, folder: string): Promise<void> {
  mkdirSync(folder, { recursive: true });
  const page = await browser.newPage();
  for (const scene of RUSH_SCENES) {
    const input = pictureOf(await page.evaluate(drawScene, { scene, at: 0.4 }));
    const grain = ['-vf', 'scale=480:270:flags=bicubic,noise=alls=5:all_seed=1', '-c:v', 'libwebp', '-quality', '70'];
    execFileSync(FFMPEG, ['-v', 'error', '-y', '-f', 'mjpeg', '-i', '-', ...grain, join(folder, `${scene}.webp`)], {
      input,
    });
  }
  await page.close();
}

const pictureOf = (url: string): Buffer => Buffer.from(url.slice(url.indexOf(',') + 1), 'base64');
