import { overBlack } from './alpha.ts';
import { withoutBlanking } from './blanking.ts';
import type { ThumbnailProfile } from '../../../shared/profiles.ts';
import { ffmpegStart, inputArgs } from './input.ts';
import { displaySize, type Probe, type VideoStream } from './probe.ts';
import { colourPath, swscaleMatrix, zscaleInput } from './proxy-picture.ts';

/** ffmpeg arguments for thumbnails. Pure; times are seconds from the beginning of the media. */

export interface PictureSize {
  readonly width: number;
  readonly height: number;
}

/** Upright, square pixels, `width` wide at most; never upscaled (media.md). */
export function thumbnailSize(stream: VideoStream, width: number): PictureSize {
  const shown = displaySize(stream);
  if (shown.width <= width) return shown;
  return { width, height: Math.max(1, Math.round((shown.height * width) / shown.width)) };
}

export interface Seek {
  /** Where the input is opened; timestamps count from here. */
  readonly from: number;
  /** First frame wanted, ≥ `from`. */
  readonly at: number;
}

/**
 * How many seconds before its moment a file is opened, from cheap to dear. Transport and programme streams have no
 * index: a seek lands anywhere, and decoding begins at the next key frame. Broadcast GOPs last up to 1 s, AVCHD's up to
 * 2 s, those of capture programs 10 s and more; what comes too early is dropped.
 */
export function seekLeads(formatName: string): readonly number[] {
  return /^mpeg(ts)?$/.test(formatName) ? [3, 12, 60] : [0];
}

export function seekTo(at: number, lead: number): Seek {
  return { from: Math.max(0, at - lead), at };
}

export interface Grab {
  readonly input: string;
  readonly stream: VideoStream;
  /** What the file's own clock shows at the beginning of the media; undefined: ffmpeg counts from there by itself. */
  readonly zero: number | undefined;
  readonly image: ThumbnailProfile['image'];
  /** Of the picture, upright and with square pixels. */
  readonly size: PictureSize;
  /** Name with one `%03d`, inside the working directory of the command. */
  readonly pattern: string;
}

/**
 * The clock of a container in which it may begin anywhere. Without it ffmpeg counts from the first stream that is used,
 * here the picture alone, and after a seek each version from somewhere else; what plays begins with the earliest stream.
 */
export function clockZero({ format, clockJumps }: Probe): number | undefined {
  return MAY_BEGIN_ANYWHERE.test(format.name) && clockJumps === undefined ? format.startTime : undefined;
}

/** Seconds of the media at which its picture begins. */
export function pictureBegins(probe: Probe, { startTime = 0 }: VideoStream): number {
  const zero = clockZero(probe);
  return zero === undefined ? 0 : Math.max(0, startTime - zero);
}

const MAY_BEGIN_ANYWHERE = /^mpeg(ts)?$/;

/** What the times of frames have to be added to, after opening the input at `from`, to be the media's. */
export function countedFrom({ zero }: Pick<Grab, 'zero'>, from: number): number {
  return zero === undefined ? from : -zero;
}

/** Global options that keep the file's own clock. */
export function ownClock({ zero }: Pick<Grab, 'zero'>): readonly string[] {
  return zero === undefined ? [] : ['-copyts'];
}

/** One picture: the first frame at or after `seek.at`. Its time and luma are printed on stdout. */
export function grabArgs(grab: Grab, seek: Seek): string[] {
  // Half a millisecond of tolerance: `-ss` and timestamps are rounded differently.
  const counted = countedFrom(grab, seek.from);
  const early = seek.at > seek.from ? [`select='gte(t,${fixed(seek.at - counted - 0.0005)})'`] : [];
  const chain = [...deinterlace(grab.stream), ...early];
  return [...open(grab, seek.from, []), ...filtered(grab, chain), '-frames:v', '1', ...written(grab)];
}

/** All moments in one decode from the beginning: for each the first frame at or after it. `moments` are evenly spaced. */
export function sweepArgs(grab: Grab, moments: readonly number[]): string[] {
  const first = (moments[0] ?? 0) - countedFrom(grab, 0);
  const step = moments.length > 1 ? (moments[1] ?? 0) - (moments[0] ?? 0) : 1;
  const slot = (t: string): string => `floor((${t}-${fixed(first - 0.0005)})/${fixed(step)})`;
  const select = `select='gte(t,${fixed(first - 0.0005)})*(isnan(prev_selected_t)+gt(${slot('t')},${slot('prev_selected_t')}))'`;
  const count = ['-fps_mode', 'passthrough', '-frames:v', String(moments.length)];
  const chain = [...deinterlace(grab.stream), select];
  return [...open(grab, 0, []), ...filtered(grab, chain), ...count, ...written(grab)];
}

export interface Window {
  readonly from: number;
  readonly seconds: number;
  /** Key frames only are many times cheaper; otherwise one frame every quarter of a second. */
  readonly frames: 'key' | 'quarter-second';
}

/** Luma of the frames around a moment, printed on stdout; nothing is written. */
export function surveyArgs(grab: Grab, window: Window): string[] {
  const options = [...(window.frames === 'key' ? ['-skip_frame', 'nokey'] : []), '-t', fixed(window.seconds)];
  const thin = window.frames === 'key' ? [] : [`select='isnan(prev_selected_t)+gte(t-prev_selected_t,0.25)'`];
  const chain = [...oneField(grab.stream), ...thin];
  return [...open(grab, window.from, options), ...filtered(grab, chain), ...toNowhere()];
}

/** The integer timestamp of every frame, printed on stdout. */
export function listArgs(grab: Grab): string[] {
  const tag = 'metadata=add:key=frame:value=1,metadata=print:file=-';
  return [...open(grab, 0, []), '-map', `0:${grab.stream.index}`, '-vf', tag, ...toNowhere()];
}

const PRINT_STATS = 'signalstats,metadata=print:file=-';

function open(grab: Grab, from: number, options: readonly string[]): string[] {
  const seek = from > 0 ? ['-ss', fixed(from)] : [];
  return [
    ...ffmpegStart(),
    ...ownClock(grab),
    ...inputArgs(grab.input, { before: ['-an', '-sn', '-dn', ...seek, ...options] }),
  ];
}

function filtered(grab: Grab, before: readonly string[]): string[] {
  const chain = [...withoutBlanking(grab.stream), ...before, ...scaled(grab), PRINT_STATS];
  return ['-map', `0:${grab.stream.index}`, '-vf', chain.join(',')];
}

function toNowhere(): string[] {
  return ['-fps_mode', 'passthrough', '-f', 'null', '-'];
}

function written(grab: Grab): string[] {
  const { codec, quality, effort } = grab.image;
  const encode = ['-c:v', codec, '-quality', String(quality), '-compression_level', String(effort)];
  const exact = ['-map_metadata', '-1', '-fflags', '+bitexact', '-flags:v', '+bitexact'];
  return [...encode, ...exact, '-f', 'image2', '-start_number', '0', '-y', grab.pattern];
}

/**
 * Only frames that say they are interlaced are touched, and each keeps its own time. bwdif passes on a lone or last
 * frame combed, for want of a next one: the clone is that.
 */
function deinterlace(stream: VideoStream): string[] {
  if (stream.fieldOrder === 'progressive') return [];
  const next = stream.fieldOrder === undefined ? [] : ['tpad=stop=1:stop_mode=clone'];
  return [...next, 'bwdif=mode=send_frame:deint=interlaced'];
}

/** For statistics one field is enough, and combing would count as contrast. */
export function oneField(stream: VideoStream): string[] {
  return stream.fieldOrder === 'progressive' || stream.fieldOrder === undefined ? [] : ['field=type=top'];
}

const EXACT = 'flags=bicubic+accurate_rnd+full_chroma_int+bitexact';

/**
 * To a picture's size and WebP's own colours, which are BT.601 in limited range (RFC 6386 §9.2); any other matrix would
 * tint it. Which colours the source has is judged as for a proxy.
 */
export function scaled(grab: Grab): string[] {
  return [...overBlack(grab.stream), ...toWebpColours(grab)];
}

function toWebpColours(grab: Grab): string[] {
  const { stream } = grab;
  const size = `scale=${grab.size.width}:${grab.size.height}`;
  const path = colourPath(stream);
  if (path !== 'standard') return [...converted(stream, path, size), 'setsar=1', 'format=yuv420p'];
  const matrix = swscaleMatrix(stream);
  const from = matrix === undefined ? '' : `:in_color_matrix=${matrix}`;
  return [`${size}${from}:out_color_matrix=bt601:out_range=tv:${EXACT}`, 'setsar=1', 'format=yuv420p'];
}

/**
 * Scaled first: tone mapping works in 32-bit float, and costs by the pixel. In 4:4:4 until the end: zscale refuses odd
 * sides in 4:2:0, and the small picture of a phone held upright is 853 high.
 */
function converted(stream: VideoStream, path: 'hdr' | 'wide-gamut', size: string): string[] {
  const full = stream.colorSpace === 'gbr' ? 'gbrp16le' : 'yuv444p16le';
  const input = `zscale=${zscaleInput(stream, path)}`;
  const toSdr = [`${input}:t=linear:npl=100`, 'format=gbrpf32le', 'tonemap=tonemap=hable:desat=0', 'zscale=p=709'];
  const toWebp = 't=709:m=170m:r=tv';
  return [
    `${size}:${EXACT}`,
    `format=${full}`,
    ...(path === 'hdr' ? [`${toSdr.join(',')}:${toWebp}`] : [`${input}:p=709:${toWebp}`]),
    'format=yuv444p',
    `scale=${EXACT}`,
  ];
}

export function fixed(seconds: number): string {
  return Math.max(0, seconds).toFixed(6);
}
