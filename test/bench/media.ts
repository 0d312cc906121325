import { execFileSync } from 'node:child_process';
import { rmSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { FFMPEG } from '../support/made-media.ts';

/** Sources of the measurements, made by ffmpeg. Long ones repeat a short one without encoding it again. */
const lavfi = (graph: string): string[] => ['-f', 'lavfi', '-i', graph];
const words = (text: string): string[] => text.split(' ');
const noise = (seconds: number): string[] =>
  lavfi(`anoisesrc=color=pink:amplitude=0.2:duration=${seconds}:sample_rate=48000:seed=1`);
const clip = (size: string, seconds: number, more = ''): string[] => [
  ...lavfi(`testsrc2=size=${size}:rate=25:duration=${seconds}`),
  ...noise(seconds),
  ...words('-c:v libx264 -preset ultrafast -crf 23 -pix_fmt yuv420p -c:a aac'),
  ...more.split(' ').filter(Boolean),
];
/** x264's default: a key frame every ten seconds, B frames between. */
const LONG_GOP = '-preset veryfast -crf 34 -g 250 -keyint_min 250 -sc_threshold 0 -bf 3';

const halfHour = [
  ...lavfi('anoisesrc=color=pink:amplitude=0.3:duration=1800:sample_rate=48000:seed=2'),
  ...words('-ac 2'),
];

interface Recipe {
  readonly args: readonly string[];
  /** Made of another one, this many times. */
  readonly repeat?: { readonly of: string; readonly times: number };
}

const RECIPES: Readonly<Record<string, Recipe>> = {
  'minute-1080p.mp4': { args: clip('1920x1080', 60) },
  // Enough to do for an encoder that its rate cap has a say.
  'restless-1080p.mp4': {
    args: [
      ...lavfi('mandelbrot=s=1920x1080:r=25:start_scale=0.5:end_scale=0.01:end_pts=400,noise=alls=4:allf=t'),
      ...noise(10),
      ...words('-t 10 -c:v libx264 -preset ultrafast -crf 20 -pix_fmt yuv420p -c:a aac'),
    ],
  },
  'second-1080p.mp4': { args: clip('1920x1080', 1) },
  'half-hour-16.wav': { args: [...halfHour, '-c:a', 'pcm_s16le'] },
  'half-hour-24.wav': { args: [...halfHour, '-c:a', 'pcm_s24le'] },
  'minute.mp4': { args: clip('640x360', 60, '-g 50') },
  'ten-minutes.mp4': { args: [], repeat: { of: 'minute.mp4', times: 10 } },
  'hour.mp4': { args: [], repeat: { of: 'minute.mp4', times: 60 } },
  'long-gop-minute.mp4': { args: clip('1280x720', 60, LONG_GOP) },
  'long-gop-two-hours.mp4': { args: [], repeat: { of: 'long-gop-minute.mp4', times: 120 } },
};

/** Makes the named files in `folder`, and leaves nothing else there. */
export function makeMedia(folder: string, names: readonly string[]): void {
  const bases = names.flatMap((name) => RECIPES[name]?.repeat?.of ?? []);
  const all = [...new Set([...bases, ...names])];
  for (const name of all) {
    const recipe = RECIPES[name];
    if (recipe === undefined) throw new Error(`the bench has no recipe for ${name}`);
    const path = join(folder, name);
    const { repeat, args } = recipe;
    const input =
      repeat === undefined
        ? args
        : ['-stream_loop', String(repeat.times - 1), '-i', join(folder, repeat.of), '-map', '0', '-c', 'copy'];
    execFileSync(FFMPEG, ['-v', 'error', '-y', ...input, path], { stdio: 'inherit' });
    // Long finished: the agent need not wait to see whether it still grows.
    const hourAgo = new Date(Date.now() - 3_600_000);
    utimesSync(path, hourAgo, hourAgo);
  }
  for (const name of all) if (!names.includes(name)) rmSync(join(folder, name));
}
