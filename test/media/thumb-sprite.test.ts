import { join } from 'node:path';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createThumbnailExecutor } from '../../electron/work/executors/thumbnails.ts';
import {
  assign,
  fillTiles,
  missingMoments,
  planSprite,
  seeksAreCheaper,
  tileSize,
} from '../../electron/work/media/thumbnail-sprite.ts';
import { THUMBNAIL_PROFILES } from '../../shared/profiles.ts';
import type { ThumbFacts } from '../../shared/facts.ts';
import * as media from '../support/made-media.ts';
import { rigFor } from './probe-context.ts';

const PROFILE = THUMBNAIL_PROFILES.scrub_sprite_v1;
const split = (text: string): string[] => text.split(' ');

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rushcatalog-sprites-'));
});
afterAll(() => rm(folder, { recursive: true }));

interface Shown {
  readonly facts: ThumbFacts;
  readonly artifact: number;
  /** Grey of the tile's middle, 0..255. */
  readonly grey: number;
}

async function sprite(path: string) {
  const rig = await rigFor('generate_thumbnails', path, { thumbnailProfile: PROFILE.name });
  try {
    const success = await createThumbnailExecutor().execute(rig.context);
    const sheets = await Promise.all(
      success.artifacts.map(({ file }) =>
        sharp(join(rig.context.workspace, file)).greyscale().raw().toBuffer({ resolveWithObject: true }),
      ),
    );
    const shown = success.outputs.thumbs.map(({ artifact, facts }): Shown => {
      const sheet = sheets[artifact];
      const { tile } = facts;
      if (sheet === undefined || tile === undefined) throw new Error('a tile without its sheet');
      expect([sheet.info.width, sheet.info.height]).toEqual([facts.width, facts.height]);
      const middle = (tile.y + (tile.h >> 1)) * facts.width + tile.x + (tile.w >> 1);
      return { facts, artifact, grey: sheet.data[middle] ?? -1 };
    });
    const left = await readdir(rig.context.workspace);
    expect(left.toSorted()).toEqual(success.artifacts.map((artifact) => artifact.file));
    return { shown, success };
  } finally {
    await rig.remove();
  }
}

/** One flat grey a second, which repeats after 48 s; 5 frames a second, one key frame in `gop` frames. */
function greySeconds(name: string, seconds: number, gop: number, more: readonly string[] = []): Promise<string> {
  const grey = `geq=lum='${media.greyOfFrame(0)}+mod(floor(N/5),48)*4':cb=128:cr=128,${media.TAGGED}`;
  return media.made(name, [
    ...['-f', 'lavfi', '-i', `color=black:s=64x36:r=5:d=${seconds},format=yuv420p,${grey}`],
    ...split(`-c:v libx264 -preset veryfast -bf 3 -g ${gop} -keyint_min ${gop} -sc_threshold 0 -crf 10 -threads 1`),
    ...split('-color_range tv -colorspace bt709 -color_primaries bt709 -color_trc bt709'),
    ...more,
  ]);
}

/** The second of the recording that a picture was taken from, modulo 48; a second is two of `frameOfGrey`'s steps. */
const secondIn = (tile: Shown): number => Math.round((tile.grey * 219) / 255 / 4 - 4);

function expectTrue(shown: readonly Shown[], step: number): void {
  for (const [i, tile] of shown.entries()) {
    const ms = tile.facts.time_ms;
    // The picture is that of its time, and its time is within half an interval of its moment.
    expect([tile.facts.index, Math.floor(ms / 1000) % 48]).toEqual([i, secondIn(tile)]);
    expect(Math.abs(ms - i * step * 1000)).toBeLessThanOrEqual(step * 500 + 1);
  }
}

describe.skipIf(media.NO_FFMPEG !== null)(`scrub sprites ${media.NO_FFMPEG ?? ''}`, () => {
  it('puts one tile a second on sheets of 10 × 10, the last one cut to its rows', async () => {
    const { shown, success } = await sprite(await greySeconds('sprite.mp4', 123, 50));
    expect(success.artifacts.map((artifact) => artifact.file)).toEqual(['sheet_000.webp', 'sheet_001.webp']);
    expect(shown).toHaveLength(123);
    expectTrue(shown, 1);
    expect(shown[0]?.facts).toEqual({
      index: 0,
      time_ms: 0,
      width: 640,
      height: 360,
      tile: { x: 0, y: 0, w: 64, h: 36 },
    });
    expect(shown[99]?.facts.tile).toEqual({ x: 576, y: 324, w: 64, h: 36 });
    expect(shown[122]).toMatchObject({ artifact: 1, facts: { height: 108, tile: { x: 128, y: 72 } } });
  });

  it('makes a single small sheet of a short clip, 320 px a tile', async () => {
    const { shown, success } = await sprite(await media.h264Clip({ name: 'sprite-short.mp4', seconds: 3 }));
    expect(success.artifacts).toHaveLength(1);
    expect(shown.map(({ facts }) => [facts.time_ms, facts.width, facts.height, facts.tile?.x])).toEqual([
      [0, 960, 180, 0],
      [1000, 960, 180, 320],
      [2000, 960, 180, 640],
    ]);
    expect((await sprite(await media.greyFramesClip({ frames: 1 }))).shown).toHaveLength(1);
  });

  it('takes key frames where there are enough, without decoding the rest', async () => {
    const { shown, success } = await sprite(await greySeconds('sprite-keys.mp4', 200, 5));
    expect(shown).toHaveLength(200);
    expectTrue(shown, 1);
    // One look at the key frames, two sheets.
    expect(success.metrics['tool_runs']).toBe(3);
  });

  it('seeks for what lies between key frames of an hour', { tags: ['slow'] }, async () => {
    // 3.6 s a tile, a key frame every 5 s: a good quarter of the tiles has none.
    const { shown, success } = await sprite(await greySeconds('sprite-hour.mkv', 3600, 25));
    expect(shown).toHaveLength(1000);
    expectTrue(shown, 3.6);
    expect(success.metrics['tool_runs']).toBeGreaterThan(20);
    expect(success.metrics['tool_runs']).toBeLessThan(60);
  });

  it('seeks in a source that does not start at 0 and has no index', { tags: ['slow'] }, async () => {
    const path = await greySeconds('sprite-late.mts', 1500, 8, ['-output_ts_offset', '100']);
    const { shown } = await sprite(path);
    expect(shown).toHaveLength(1000);
    expectTrue(shown, 1.5);
  });

  it('makes the same bytes twice', async () => {
    const path = await greySeconds('sprite.mp4', 123, 50);
    const hashes = async () => (await sprite(path)).success.artifacts.map((artifact) => artifact.sha256);
    expect(await hashes()).toEqual(await hashes());
  });
});

describe('which moments', () => {
  const shot = (time: number) => ({ time, file: 'a', number: 0 });

  it('is one tile per max(1 s, duration ÷ 1000)', () => {
    expect(planSprite(PROFILE, 0)).toEqual({ step: 1, count: 1 });
    expect(planSprite(PROFILE, 59.96)).toEqual({ step: 1, count: 60 });
    expect(planSprite(PROFILE, 1000)).toEqual({ step: 1, count: 1000 });
    expect(planSprite(PROFILE, 7200)).toEqual({ step: 7.2, count: 1000 });
  });

  it('keeps tiles even and sheets within WebP', () => {
    expect(tileSize({ width: 320, height: 569 })).toEqual({ width: 320, height: 570 });
    expect(tileSize({ width: 320, height: 3200 })).toEqual({ width: 164, height: 1636 });
  });

  it('gives a tile the picture nearest to it, and holds the last where there is none', () => {
    const plan = { step: 2, count: 4 };
    const tiles = assign(plan, [shot(0), shot(0.9), shot(1.5), shot(2.1), shot(9)]);
    expect([...tiles].map(([tile, { time }]) => [tile, time])).toEqual([
      [0, 0],
      [1, 2.1],
    ]);
    expect(missingMoments(plan, tiles)).toEqual([3.2, 5.2]);
    expect(fillTiles(plan, tiles).map(({ time }) => time)).toEqual([0, 2.1, 4, 6]);
    expect(fillTiles(plan, new Map())).toEqual([]);
  });

  it('decodes everything when seeks would decode most of it anyway', () => {
    const keys = Array.from({ length: 60 }, (_, i) => i * 10);
    const everySecond = Array.from({ length: 540 }, (_, i) => i + Math.floor(i / 9) + 1);
    expect(seeksAreCheaper(everySecond, keys, 600)).toBe(false);
    expect(seeksAreCheaper([15, 115, 215], keys, 600)).toBe(true);
  });
});
