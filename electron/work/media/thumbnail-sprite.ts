import type { ThumbnailProfile } from '../../../shared/profiles.ts';
import type { PictureSize } from './thumbnail-args.ts';

/** Which moments a scrub sprite shows and how they are found. Pure; times are seconds from the beginning of the media. */

type Sprite = Extract<ThumbnailProfile, { layout: 'sprite' }>;

export interface SpritePlan {
  /** Seconds from one tile to the next; tile `i` stands for the moment `i × step`. */
  readonly step: number;
  readonly count: number;
}

/** media.md, `scrub_sprite_v1`: one tile per max(1 s, duration ÷ 1000), at least one. */
export function planSprite({ interval }: Sprite, duration: number): SpritePlan {
  const step = Math.max(interval.atLeastSeconds, duration / interval.atMostTiles);
  // A rounding error of the division must not make a tile of nothing.
  return { step, count: Math.min(interval.atMostTiles, Math.max(1, Math.ceil(duration / step - 1e-6))) };
}

/** WebP ends at 16,383 pixels, and a sheet is ten tiles high. */
const MAX_TILE_HEIGHT = 1_636;

/** Even in both directions: half a chroma sample cannot be placed on a sheet. */
export function tileSize({ width, height }: PictureSize): PictureSize {
  const even = (pixels: number): number => Math.max(2, Math.round(pixels / 2) * 2);
  if (height <= MAX_TILE_HEIGHT) return { width: even(width), height: even(height) };
  return { width: even((width * MAX_TILE_HEIGHT) / height), height: MAX_TILE_HEIGHT };
}

/** One decoded frame: its time and where its picture lies. */
export interface Shot {
  readonly time: number;
  /** File of raw pictures in the workspace, and which of them. */
  readonly file: string;
  readonly number: number;
}

/** A picture belongs to the tile whose moment is at most half an interval away. */
export function assign(plan: SpritePlan, shots: readonly Shot[]): ReadonlyMap<number, Shot> {
  const tiles = new Map<number, Shot>();
  const distance = (tile: number, shot: Shot): number => Math.abs(shot.time - tile * plan.step);
  for (const shot of shots) {
    const tile = Math.round(shot.time / plan.step);
    const known = tiles.get(tile);
    if (tile >= plan.count || (known !== undefined && distance(tile, known) <= distance(tile, shot))) continue;
    tiles.set(tile, shot);
  }
  return tiles;
}

/**
 * Where to look for the tiles that have no picture yet: the earliest moment each may show, which is the least to decode
 * from the key frame before it.
 */
export function missingMoments(plan: SpritePlan, tiles: ReadonlyMap<number, Shot>): readonly number[] {
  const missing: number[] = [];
  for (let tile = 0; tile < plan.count; tile++) {
    // A tenth behind the edge, so that a frame there does not fall to its neighbour.
    if (!tiles.has(tile)) missing.push(Math.max(0, (tile - 0.4) * plan.step));
  }
  return missing;
}

/** Opening the file once more takes about as long as decoding two seconds of it. */
const SEEK_SECONDS = 2;

/** Whether seeking to `moments` decodes much less than the whole recording does. */
export function seeksAreCheaper(moments: readonly number[], keyFrames: readonly number[], duration: number): boolean {
  let seconds = 0;
  let at = 0;
  for (const moment of moments) {
    while ((keyFrames[at + 1] ?? Infinity) <= moment) at++;
    seconds += SEEK_SECONDS + Math.max(0, moment - (keyFrames[at] ?? 0));
  }
  return seconds < duration * 0.6;
}

/** What each tile shows: its own picture, or, where the recording has no frame there, the one still on the screen. */
export function fillTiles(plan: SpritePlan, tiles: ReadonlyMap<number, Shot>): readonly Shot[] {
  const first = tiles.values().next().value;
  const filled: Shot[] = [];
  let last = tiles.get(0) ?? first;
  for (let tile = 0; tile < plan.count && last !== undefined; tile++) {
    const own = tiles.get(tile);
    last = own ?? last;
    filled.push(own ?? { ...last, time: tile * plan.step });
  }
  return filled;
}
