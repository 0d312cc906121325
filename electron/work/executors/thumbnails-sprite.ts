import { open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { ThumbnailProfile } from '../../../shared/profiles.ts';
import { countedFrom, listArgs, seekLeads, seekTo, type PictureSize } from '../media/thumbnail-args.ts';
import { rawPictureBytes, sheetArgs, spriteSeekArgs, spriteSweepArgs } from '../media/thumbnail-sprite-args.ts';
import {
  assign,
  fillTiles,
  missingMoments,
  planSprite,
  seeksAreCheaper,
  tileSize,
  type Shot,
  type SpritePlan,
} from '../media/thumbnail-sprite.ts';
import { parseFrameTimes, parseSeekTimes } from '../media/thumbnail-stats.ts';
import type { RenderedPicture, Tile } from './thumbnails-rendered.ts';
import type { Clip } from './thumbnails-clip.ts';

type Sprite = Extract<ThumbnailProfile, { layout: 'sprite' }>;

/** Sheets of a recording (media.md, `scrub_sprite_v1`), in time order; none when no frame could be decoded. */
export async function renderSprite(source: Clip, profile: Sprite): Promise<readonly RenderedPicture[]> {
  const clip: Clip = { ...source, size: tileSize(source.size) };
  const plan = planSprite(profile, clip.duration ?? (await measure(clip)));
  const shots = await shoot(clip, plan);
  const tiles = fillTiles(plan, assign(plan, shots));
  const sheets: RenderedPicture[] = [];
  const perSheet = profile.columns * profile.rows;
  for (let at = 0; at < tiles.length; at += perSheet) {
    sheets.push(await assemble(clip, profile, tiles.slice(at, at + perSheet), `sheet-${sheets.length}.part`));
    clip.progress(SHOT + ((1 - SHOT) * Math.min(tiles.length, at + perSheet)) / tiles.length);
  }
  for (const file of new Set(shots.map((shot) => shot.file))) await rm(join(clip.workspace, file), { force: true });
  return sheets;
}

/** Share of the work that is done when all pictures are there. */
const SHOT = 0.85;
/** Up to this length one decode of everything is cheap, whatever its key frames. */
const DECODE_SECONDS = 90;
/** Every frame is a key frame: skipping to those would skip nothing. */
const INTRA_ONLY = new Set(['prores', 'dnxhd', 'mjpeg', 'cfhd', 'dvvideo', 'rawvideo', 'v210', 'ffv1']);
/** AVC-Intra and XAVC Intra say so in their profile: “High 4:2:2 Intra”. */
const isIntraOnly = ({ codec, profile }: Clip['stream']): boolean =>
  (codec !== undefined && INTRA_ONLY.has(codec)) || /\bintra\b/i.test(profile ?? '');
/** For them an own seek is cheaper than decoding what lies between, from this many frames on. */
const SEEK_FRAMES = 20;

/** The pictures, by whichever way decodes least: key frames and seeks for what they leave out, or everything. */
async function shoot(clip: Clip, plan: SpritePlan): Promise<readonly Shot[]> {
  const duration = plan.step * plan.count;
  if (duration <= DECODE_SECONDS) return sweep(clip, plan, 'all');
  const rate = clip.stream.averageRate;
  if (isIntraOnly(clip.stream)) {
    const between = rate === undefined ? 0 : (plan.step * rate.num) / rate.den;
    if (between < SEEK_FRAMES) return sweep(clip, plan, 'all');
    return seekMissing(clip, plan, []);
  }
  const keys = await sweep(clip, plan, 'key');
  const missing = missingMoments(plan, assign(plan, keys));
  if (missing.length === 0) return keys;
  const times = keys.map((shot) => shot.time);
  if (!seeksAreCheaper(missing, times, duration)) {
    await rm(join(clip.workspace, 'sweep-key.part'), { force: true });
    return sweep(clip, plan, 'all');
  }
  return seekMissing(clip, plan, keys);
}

/** Those that are there, and a seek for each tile that has none; in a file without an index again from farther back. */
async function seekMissing(clip: Clip, plan: SpritePlan, known: readonly Shot[]): Promise<readonly Shot[]> {
  const shots = [...known];
  for (const lead of seekLeads(clip.probe.format.name)) {
    const missing = missingMoments(plan, assign(plan, shots));
    if (missing.length > 0) shots.push(...(await seekEach(clip, missing, lead)));
  }
  return shots;
}

async function sweep(clip: Clip, plan: SpritePlan, frames: 'all' | 'key'): Promise<readonly Shot[]> {
  const file = `sweep-${frames}.part`;
  const onFrame = (seen: number): void => clip.progress((SHOT * Math.min(seen, plan.count)) / plan.count);
  const text = await clip.tool.run(spriteSweepArgs({ ...clip, pattern: file }, frames, plan.step), onFrame);
  return parseFrameTimes(text, timeBaseOf(clip)).map((time, number) => ({
    time: countedFrom(clip, 0) + time,
    file,
    number,
  }));
}

/** Inputs of one run: starting the tool costs as much as several seeks, open decoders of 4K cost 200 MB each. */
const seeksAtOnce = ({ stream }: Clip): number => (stream.width * stream.height > 1920 * 1088 ? 3 : 8);

async function seekEach(clip: Clip, moments: readonly number[], lead: number): Promise<readonly Shot[]> {
  const shots: Shot[] = [];
  const atOnce = seeksAtOnce(clip);
  for (let first = 0; first < moments.length; first += atOnce) {
    const seeks = moments.slice(first, first + atOnce).map((moment) => seekTo(moment, lead));
    const fileOf = (i: number): string => `seek-${lead}-${first + i}.part`;
    const text = await clip.tool.run(spriteSeekArgs({ ...clip, pattern: '' }, seeks, fileOf));
    for (const [seek, time] of parseSeekTimes(text, timeBaseOf(clip))) {
      shots.push({ time: countedFrom(clip, seeks[seek]?.from ?? 0) + time, file: fileOf(seek), number: 0 });
    }
    clip.progress(SHOT * Math.min(1, (first + atOnce) / moments.length));
  }
  return shots;
}

async function assemble(
  clip: Clip,
  profile: Sprite,
  tiles: readonly Shot[],
  temporary: string,
): Promise<RenderedPicture> {
  const columns = Math.min(profile.columns, tiles.length);
  const rows = Math.ceil(tiles.length / profile.columns);
  const { width: w, height: h } = clip.size;
  const pixels = await readShots(clip, tiles, clip.size);
  await clip.tool.run(sheetArgs(profile.image, clip.size, { columns, rows }, temporary), undefined, pixels);
  const placed = tiles.map(({ time }, i): Tile => {
    const column = i % profile.columns;
    return { time, x: column * w, y: ((i - column) / profile.columns) * h, w, h };
  });
  return { temporary, size: { width: columns * w, height: rows * h }, time: tiles[0]?.time ?? 0, tiles: placed };
}

/** The raw pictures of one sheet, one behind the other: 27 MB for a hundred upright ones. */
async function readShots(clip: Clip, tiles: readonly Shot[], size: PictureSize): Promise<Uint8Array> {
  const bytes = rawPictureBytes(size);
  const all = Buffer.alloc(bytes * tiles.length);
  for (const [i, { file, number }] of tiles.entries()) {
    const handle = await open(join(clip.workspace, file), 'r');
    try {
      const { bytesRead } = await handle.read(all, i * bytes, bytes, number * bytes);
      if (bytesRead < bytes) throw new Error(`The raw picture ${number} of ${file} is incomplete.`);
    } finally {
      await handle.close();
    }
  }
  return all;
}

/** Of a recording whose container does not know: the time of its last frame. */
async function measure(clip: Clip): Promise<number> {
  const list = await clip.tool.run(listArgs({ ...clip, pattern: '' }));
  return countedFrom(clip, 0) + (parseFrameTimes(list, timeBaseOf(clip)).at(-1) ?? 0);
}

function timeBaseOf({ stream }: Clip): { readonly num: number; readonly den: number } {
  return stream.timeBase ?? { num: 1, den: 1 };
}
