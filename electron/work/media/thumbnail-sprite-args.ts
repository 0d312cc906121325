import { withoutBlanking } from './blanking.ts';
import type { ThumbnailProfile } from '../../../shared/profiles.ts';
import { ffmpegStart, inputArgs } from './input.ts';
import {
  countedFrom,
  fixed,
  oneField,
  ownClock,
  scaled,
  type Grab,
  type PictureSize,
  type Seek,
} from './thumbnail-args.ts';

/** ffmpeg arguments for scrub sprites. Pictures go through raw files in the workspace; times are printed on stdout. */

/** Raw pictures as written and read back; 3 bytes for 2 pixels. */
const PIXELS = 'yuv420p';

export function rawPictureBytes({ width, height }: PictureSize): number {
  return (width * height * 3) / 2;
}

/**
 * One pass over the whole recording. `all`: of every interval the first frame. `key`: key frames alone, of those within
 * half an interval around a moment the first. (`-discard nokey` would spare reading the rest, but ffmpeg 5.1 then gives
 * MP4 key frames the times of their neighbours.)
 */
export function spriteSweepArgs(grab: Grab, frames: 'all' | 'key', step: number): string[] {
  const early = frames === 'key' ? step / 2 : 0.0005;
  const slot = (t: string): string => `floor((${t}+(${(early + countedFrom(grab, 0)).toFixed(6)}))/${fixed(step)})`;
  const select = `select='isnan(prev_selected_t)+gt(${slot('t')},${slot('prev_selected_t')})'`;
  const only = frames === 'key' ? ['-skip_frame', 'nokey'] : [];
  const open = inputArgs(grab.input, { before: ['-an', '-sn', '-dn', ...only] });
  return [
    ...ffmpegStart(),
    ...ownClock(grab),
    ...open,
    ...picture(grab, 0, [select], 0),
    '-fps_mode',
    'passthrough',
    ...raw(grab.pattern),
  ];
}

/**
 * Several moments in one run of the tool: the first frame from each `seek.at` on, written to `patternOf(i)`. Frames
 * nothing else depends on are left out: a tile may show a neighbour.
 */
export function spriteSeekArgs(grab: Grab, seeks: readonly Seek[], patternOf: (i: number) => string): string[] {
  const opened = seeks.flatMap(({ from }) => {
    const seek = from > 0 ? ['-ss', fixed(from)] : [];
    // One thread each: the inputs are decoded side by side.
    return inputArgs(grab.input, { before: ['-an', '-sn', '-dn', '-threads', '1', '-skip_frame', 'noref', ...seek] });
  });
  const written = seeks.flatMap(({ from, at }, i) => {
    const counted = countedFrom(grab, from);
    const early = at > from ? [`select='gte(t,${fixed(at - counted - 0.0005)})'`] : [];
    return [...picture(grab, i, early, i), '-frames:v', '1', ...raw(patternOf(i))];
  });
  return [...ffmpegStart(), ...ownClock(grab), ...opened, ...written];
}

/** One sheet from raw tiles on stdin. */
export function sheetArgs(
  image: ThumbnailProfile['image'],
  tile: PictureSize,
  grid: { readonly columns: number; readonly rows: number },
  output: string,
): string[] {
  const size = `${tile.width}x${tile.height}`;
  const input = ['-f', 'rawvideo', '-pixel_format', PIXELS, '-video_size', size, '-protocol_whitelist', 'pipe'];
  const encode = ['-c:v', image.codec, '-quality', String(image.quality), '-compression_level', String(image.effort)];
  const exact = ['-map_metadata', '-1', '-fflags', '+bitexact', '-flags:v', '+bitexact'];
  const layout = ['-vf', `tile=${grid.columns}x${grid.rows}`, '-frames:v', '1'];
  return [...ffmpegStart(), ...input, '-i', 'pipe:0', ...layout, ...encode, ...exact, '-f', 'webp', '-y', output];
}

/** For one input: what is kept of it, scaled to a tile, each with its integer timestamp and the input's number. */
function picture(grab: Grab, input: number, before: readonly string[], number: number): string[] {
  const tag = [`metadata=add:key=seek:value=${number}`, 'metadata=print:key=seek:file=-'];
  const chain = [...withoutBlanking(grab.stream), ...oneField(grab.stream), ...before, ...tag, ...scaled(grab)];
  return ['-map', `${input}:${grab.stream.index}`, '-vf', chain.join(',')];
}

function raw(output: string): string[] {
  return ['-c:v', 'rawvideo', '-pix_fmt', PIXELS, '-f', 'rawvideo', '-y', output];
}
