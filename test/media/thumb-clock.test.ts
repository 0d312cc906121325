import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { createThumbnailExecutor } from '../../electron/work/executors/thumbnails.ts';
import { pictureBegins } from '../../electron/work/media/thumbnail-args.ts';
import { FFPROBE, hasEncoder, made } from '../support/made-media.ts';
import { COUNTER } from './matrix-sources.ts';
import { rigFor } from './probe-context.ts';
import { beginningCut } from './proxy-sources.ts';
import { audio, probeOf, video } from './proxy-streams.ts';
import { first } from '../support/first.ts';

const run = promisify(execFile);
const RATE = 10;

/** A transport stream with numbered pictures, whose sound begins `lead` seconds before them. */
function numbered(name: string, seconds: number, lead: number): Promise<string> {
  return made(name, [
    ...['-itsoffset', String(lead), '-f', 'lavfi', '-i', `testsrc2=s=320x192:r=${RATE}:d=${seconds}`],
    ...['-f', 'lavfi', '-i', `sine=f=440:r=48000:d=${seconds + lead}`, '-map', '0', '-map', '1', '-vf', COUNTER],
    ...'-c:v libx264 -preset ultrafast -pix_fmt yuv420p -threads 1 -g 15 -bf 2 -c:a mp2'.split(' '),
  ]);
}

async function starts(file: string): Promise<{ readonly media: number; readonly picture: number }> {
  const asked = ['-v', 'error', '-show_entries', 'format=start_time:stream=start_time', '-select_streams', 'v'];
  const { stdout } = await run(FFPROBE, [...asked, '-of', 'json', file]);
  const { format, streams } = JSON.parse(stdout) as { format: Start; streams: Start[] };
  return { media: Number(format.start_time), picture: Number(streams[0]?.start_time) };
}

interface Start {
  readonly start_time: string;
}

interface Shown {
  readonly seconds: number;
  readonly number: number;
}

async function shown(path: string, profile: string): Promise<readonly Shown[]> {
  const rig = await rigFor('generate_thumbnails', path, { thumbnailProfile: profile });
  try {
    const { artifacts, outputs } = await createThumbnailExecutor().execute(rig.context);
    return await Promise.all(
      outputs.thumbs.map(async ({ artifact, facts }) => {
        const { x = 0, y = 0, w = facts.width, h = facts.height } = facts.tile ?? {};
        const file = join(rig.context.workspace, artifacts[artifact]?.file ?? '');
        const fields = { left: x, top: y + Math.round((h * 13) / 16), width: w, height: Math.round(h / 8) };
        const pixels = await sharp(file).extract(fields).greyscale().resize(64, 1, { fit: 'fill' }).raw().toBuffer();
        const number = Array.from({ length: 8 }, (_, bit) => ((pixels[bit * 8 + 4] ?? 0) > 128 ? 2 ** bit : 0));
        return { seconds: facts.time_ms / 1000, number: number.reduce((sum, bit) => sum + bit, 0) };
      }),
    );
  } finally {
    await rig.remove();
  }
}

describe.skipIf(!hasEncoder('libx264'))('pictures of a transport stream', () => {
  first(2).each([
    ['sound first, one decode', 'video_storyboard_v1', 8, 0.6, 0],
    ['sound first, by seeks', 'video_storyboard_v1', 24, 0.6, 0],
    ['sound first, one picture', 'video_representative_v1', 8, 0.6, 0],
    ['sound first, tiles', 'scrub_sprite_v1', 8, 0.6, 0],
    ['cut within a group of pictures, one decode', 'video_storyboard_v1', 12, 0.6, 0.3],
    ['cut within a group of pictures, by seeks', 'video_storyboard_v1', 24, 0.3, 0.4],
    ['cut within a group of pictures, tiles', 'scrub_sprite_v1', 12, 0.6, 0.3],
  ])('lie where they play, on the clock of all streams: %s', async (_, profile, seconds, lead, share) => {
    const whole = await numbered(`clock-${seconds}-${lead}.ts`, seconds, lead);
    const { picture } = await starts(whole);
    const source = share === 0 ? whole : await beginningCut(whole, share);
    const { media } = await starts(source);
    const pictures = await shown(source, profile);
    expect(pictures.length).toBeGreaterThan(0);
    for (const [at, { seconds: told, number }] of pictures.entries()) {
      const plays = picture + number / RATE - media;
      // A tile in which nothing began shows what stands, at its own moment.
      const isHeld = profile === 'scrub_sprite_v1' && told <= 1 && at < 2;
      if (!isHeld)
        expect(Math.abs(told - plays), `${at}: ${number} at ${told} s, plays at ${plays} s`).toBeLessThan(0.02);
    }
    expect(new Set(pictures.map(({ number }) => number)).size).toBeGreaterThanOrEqual(pictures.length - 1);
  });
});

describe('pictureBegins', () => {
  it('is behind the earliest stream where the clock may begin anywhere, and 0 elsewhere', () => {
    const picture = video({ startTime: 2.1 });
    const of = (name: string, more = {}) =>
      Math.round(pictureBegins({ ...probeOf([picture, audio({})], { name, startTime: 1.5 }), ...more }, picture) * 1e6);
    expect(of('mpegts')).toBe(600_000);
    expect(of('mpeg')).toBe(600_000);
    expect(of('matroska,webm')).toBe(0);
    expect(of('mpegts', { clockJumps: 1 })).toBe(0);
  });
});
