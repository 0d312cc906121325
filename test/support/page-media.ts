import { readFile } from 'node:fs/promises';
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
const SCENES = [
  'gradients=size=480x270:seed=7:speed=0.02:c0=0x1d2b3a:c1=0xc9b08a:c2=0x6b7f86:c3=0x2b2620:n=4',
  'mandelbrot=size=480x270:start_scale=0.6:end_scale=0.02:inner=black',
  'cellauto=size=480x270:rule=110:seed=3',
  'smptehdbars=size=480x270',
];

export async function makePageMedia(): Promise<PageMedia> {
  const thumbs = await Promise.all(Array.from({ length: 10 }, (_, index) => still(index, '480x270')));
  const sound = ['-f', 'lavfi', '-i', `sine=frequency=330:duration=${SECONDS}`];
  const aac = ['-c:a', 'aac', '-b:a', '64k'];
  const picture = ['-f', 'lavfi', '-i', `testsrc2=size=640x360:rate=25:duration=${SECONDS}`];
  const x264 = ['-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p'];
  const video = await made('page.mp4', [...picture, ...sound, ...x264, ...aac, '-movflags', '+faststart']);
  const audio = await made('page.m4a', [...sound, ...aac]);
  const peaks = Array.from(
    { length: 1200 },
    (_, index) => Math.abs(Math.sin(index / 37) * Math.sin(index / 7.3)) ** 0.8 * (index % 400 > 360 ? 0.02 : 0.9),
  );
  return {
    thumbs,
    portrait: await still(0, '270x480'),
    video: { contentType: 'video/mp4', bytes: new Uint8Array(await readFile(video)) },
    audio: { contentType: 'audio/mp4', bytes: new Uint8Array(await readFile(audio)) },
    waveform: { contentType: 'application/octet-stream', bytes: waveformDat(peaks, SECONDS / peaks.length) },
  };
}

async function still(index: number, size: string): Promise<DerivedFile> {
  const scene = (SCENES[index % SCENES.length] ?? '').replace('480x270', size);
  const output = ['-frames:v', '1', '-c:v', 'libwebp', '-quality', '80'];
  const input = ['-f', 'lavfi', '-i', scene, '-ss', String(0.2 + index * 0.4)];
  const path = await made(`still-${index}-${size}.webp`, [...input, ...output]);
  return { contentType: 'image/webp', bytes: new Uint8Array(await readFile(path)) };
}
