import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { made } from './made-media.ts';
import type { DerivedFile } from './scripted-agent.ts';
import { waveformDat } from './waveform-dat.ts';

/** Small derived files of every kind, made by the real ffmpeg, as a server would hold them. */
export interface PageMedia {
  readonly thumbs: readonly DerivedFile[];
  readonly portrait: DerivedFile;
  readonly video: DerivedFile;
  readonly audio: DerivedFile;
  readonly waveform: DerivedFile;
}

const SECONDS = 8;
/** Drawn by test/screenshots/rush-scenes.ts. */
const SCENES = ['ridge', 'interview', 'city', 'forest', 'sea', 'field'];

export async function makePageMedia(): Promise<PageMedia> {
  const thumbs = await Promise.all(Array.from({ length: 10 }, async (_, index) => webp(stillPath(index))));
  const sound = ['-f', 'lavfi', '-i', `sine=frequency=330:duration=${SECONDS}`];
  const aac = ['-c:a', 'aac', '-b:a', '64k'];
  const shot = ['-loop', '1', '-framerate', '25', '-t', String(SECONDS), '-i', stillPath(0)];
  const pan = ['-vf', "scale=704:396,crop=640:360:x='8*t':y=18"];
  const x264 = ['-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p'];
  const video = await made('page.mp4', [...shot, ...sound, ...pan, ...x264, ...aac, '-movflags', '+faststart']);
  const audio = await made('page.m4a', [...sound, ...aac]);
  const peaks = Array.from(
    { length: 1200 },
    (_, index) => Math.abs(Math.sin(index / 37) * Math.sin(index / 7.3)) ** 0.8 * (index % 400 > 360 ? 0.02 : 0.9),
  );
  return {
    thumbs,
    portrait: await portrait(),
    video: { contentType: 'video/mp4', bytes: new Uint8Array(await readFile(video)) },
    audio: { contentType: 'audio/mp4', bytes: new Uint8Array(await readFile(audio)) },
    waveform: { contentType: 'application/octet-stream', bytes: waveformDat(peaks, SECONDS / peaks.length) },
  };
}

const stillPath = (index: number): string =>
  fileURLToPath(new URL(`./rushes/${SCENES[index % SCENES.length] ?? ''}.webp`, import.meta.url));

const webp = async (path: string): Promise<DerivedFile> => ({
  contentType: 'image/webp',
  bytes: new Uint8Array(await readFile(path)),
});

async function portrait(): Promise<DerivedFile> {
  const upright = ['-vf', 'crop=ih*9/16:ih,scale=270:480', '-c:v', 'libwebp', '-quality', '80'];
  return webp(await made('portrait.webp', ['-i', stillPath(0), ...upright]));
}
