import { z } from 'zod';
import type { Warning } from '../../../shared/facts.ts';
import { seenLines } from './blanking.ts';
import { inputArgs } from './input.ts';

/** What ffprobe says about a file, typed. Unknown is `undefined`, never a guess. Times are seconds unless named `Ms`. */
export interface Probe {
  readonly format: {
    /** ffmpeg's demuxer names, such as `mov,mp4,m4a,3gp,3g2,mj2`. */
    readonly name: string;
    readonly startTime: number | undefined;
    readonly duration: number | undefined;
    readonly bitRate: number | undefined;
    readonly tags: Tags;
  };
  readonly streams: readonly Stream[];
  /** How often the clock starts again or jumps within the file; absent: never, as far as is known (played-length.ts). */
  readonly clockJumps?: number;
  /** What is odd about the file as such; told with whatever is made of it. */
  readonly warnings?: readonly Warning[];
  /** What tools open instead of `source.input`, where the file's own words would mislead them (wav-length.ts). */
  readonly input?: string;
  /** A crash ended the recording within one of its pieces (broken-off.ts). */
  readonly isBrokenOff?: true;
  /** Streams that ffmpeg or its list of decoders cannot read (unread-streams.ts); absent: none. */
  readonly unread?: readonly UnreadStream[];
  /** Decoders that ffprobe has to open for those. */
  readonly openOnly?: readonly string[];
}

export interface UnreadStream {
  readonly type: 'video' | 'audio';
  /** ffmpeg's name of the codec, else its four-character tag; undefined where there is neither. */
  readonly codec: string | undefined;
  /** Players take it without being asked. */
  readonly isDefault: boolean;
}

export type Tags = Readonly<Record<string, string>>;
export type Stream = VideoStream | AudioStream | OtherStream;

interface StreamBase {
  readonly index: number;
  /** Absent for codecs ffmpeg does not know (BRAW, Canon RAW); `codecTag` then names them. */
  readonly codec: string | undefined;
  readonly codecTag: string | undefined;
  readonly profile: string | undefined;
  readonly timeBase: Ratio | undefined;
  readonly startTime: number | undefined;
  readonly duration: number | undefined;
  readonly bitRate: number | undefined;
  readonly disposition: Readonly<Record<string, boolean>>;
  readonly tags: Tags;
}

export interface VideoStream extends StreamBase {
  readonly type: 'video';
  /** Coded size, before rotation and pixel aspect. */
  readonly width: number;
  readonly height: number;
  readonly sampleAspect: Ratio | undefined;
  readonly displayAspect: Ratio | undefined;
  readonly pixelFormat: string | undefined;
  readonly level: number | undefined;
  readonly bitsPerRawSample: number | undefined;
  /** ffprobe's word: progressive, tt, bb, tb, bt; `unknown` becomes undefined. */
  readonly fieldOrder: string | undefined;
  readonly colorRange: string | undefined;
  readonly colorSpace: string | undefined;
  readonly colorTransfer: string | undefined;
  readonly colorPrimaries: string | undefined;
  /** Lowest rate that can time all frames exactly (`r_frame_rate`). */
  readonly realRate: Ratio | undefined;
  readonly averageRate: Ratio | undefined;
  /** From the container's index, where it has one. */
  readonly frameCount: number | undefined;
  /** Clockwise degrees to turn the picture for display: 0, 90, 180 or 270. */
  readonly rotation: number;
  /** Also shown as in a mirror (selfie cameras, mirror rigs). */
  readonly mirrored?: true;
  /** Which part of the picture the file calls clean, from its middle or not; told where it is known (clean-aperture.ts). */
  readonly cleanAperture?: { readonly width: number; readonly height: number };
  /** Coded lines above those that are seen; `height` does not count them (blanking.ts). */
  readonly blankingLines?: number;
  readonly isAttachedPicture: boolean;
  /** The picture has several sizes, of which this is the largest (executors/picture-sizes.ts). */
  readonly sizesVary?: true;
}

export interface AudioStream extends StreamBase {
  readonly type: 'audio';
  readonly channels: number;
  readonly channelLayout: string | undefined;
  readonly sampleRate: number;
  readonly sampleFormat: string | undefined;
  readonly bitsPerSample: number | undefined;
}

interface OtherStream extends StreamBase {
  readonly type: 'data' | 'subtitle' | 'attachment' | 'unknown';
}

export interface Ratio {
  readonly num: number;
  readonly den: number;
}

/** ffprobe arguments for one source; its stdout is JSON for `parseProbe`. */
export function probeArgs(input: string, openOnly?: readonly string[]): string[] {
  const what = ['-hide_banner', '-loglevel', 'repeat+level+warning', '-of', 'json', '-show_format', '-show_streams'];
  return [...what, ...inputArgs(input, { tool: 'ffprobe', openOnly })];
}

/** Reads ffprobe's JSON. Throws where it is not ffprobe's: callers map that to a failure. */
export function parseProbe(json: string): Probe {
  const raw = RawProbe.parse(JSON.parse(json));
  return {
    format: {
      name: raw.format.format_name,
      startTime: number(raw.format.start_time),
      duration: number(raw.format.duration),
      bitRate: number(raw.format.bit_rate),
      tags: raw.format.tags,
    },
    streams: raw.streams.map(toStream),
  };
}

/**
 * Without lengths and bit rates: for streams without an index (ADTS, MP3 without a header of its own) ffprobe divides
 * the file's size by the bit rate of its first packets, and may be off by any factor. Unknown is better.
 */
export function withoutEstimates(probe: Probe): Probe {
  const nothing = { duration: undefined, bitRate: undefined };
  return {
    format: { ...probe.format, ...nothing },
    streams: probe.streams.map((stream) => ({ ...stream, ...nothing })),
  };
}

/**
 * The picture of a source: the default video stream, else the first; cover art and preview pictures are none.
 * undefined: the source has no picture, or none with a size.
 */
export function videoStream(probe: Probe): VideoStream | undefined {
  const pictures = probe.streams.filter((s): s is VideoStream => s.type === 'video' && !s.isAttachedPicture);
  return pictures.find((s) => s.disposition['default'] === true) ?? pictures[0];
}

/** All audio streams with a known codec and at least one channel, in file order. */
export function audioStreams(probe: Probe): readonly AudioStream[] {
  return probe.streams.filter((s): s is AudioStream => s.type === 'audio' && s.codec !== undefined && s.channels > 0);
}

/** Duration of the whole file in whole ms, from the container or else the longest stream; undefined when unknown. */
export function durationMs(probe: Probe): number | undefined {
  const longest = Math.max(0, ...probe.streams.map((stream) => stream.duration ?? 0));
  const seconds = probe.format.duration ?? (longest > 0 ? longest : undefined);
  return seconds === undefined ? undefined : Math.round(seconds * 1000);
}

/** Size as a person sees it: turned, with square pixels (the width is stretched, as players do), not rounded to even. */
export function displaySize(stream: VideoStream): { readonly width: number; readonly height: number } {
  const aspect = stream.sampleAspect ?? { num: 1, den: 1 };
  const width = Math.max(1, Math.round((stream.width * aspect.num) / aspect.den));
  const turned = stream.rotation === 90 || stream.rotation === 270;
  return turned ? { width: stream.height, height: width } : { width, height: stream.height };
}

/** `num/den` or `num:den`; undefined for `0/0`, `0:1` and anything that is no ratio. */
export function parseRatio(text: string | undefined): Ratio | undefined {
  const match = /^(\d+)[/:](\d+)$/.exec(text ?? '');
  if (match === null) return undefined;
  const ratio = { num: Number(match[1]), den: Number(match[2]) };
  return ratio.num > 0 && ratio.den > 0 ? ratio : undefined;
}

const text = z.string().optional();
const tags = z.record(z.string(), z.coerce.string()).default({});

const count = z.number().optional();

const SideData = z.looseObject({
  rotation: z.number().optional(),
  displaymatrix: text,
  crop_top: count,
  crop_bottom: count,
  crop_left: count,
  crop_right: count,
});

const RawStream = z.looseObject({
  index: z.number(),
  codec_type: text,
  codec_name: text,
  codec_tag_string: text,
  profile: text,
  time_base: text,
  start_time: text,
  duration: text,
  bit_rate: text,
  width: count,
  height: count,
  sample_aspect_ratio: text,
  display_aspect_ratio: text,
  pix_fmt: text,
  level: count,
  bits_per_raw_sample: text,
  field_order: text,
  color_range: text,
  color_space: text,
  color_transfer: text,
  color_primaries: text,
  r_frame_rate: text,
  avg_frame_rate: text,
  nb_frames: text,
  channels: count,
  channel_layout: text,
  sample_rate: text,
  sample_fmt: text,
  bits_per_sample: count,
  disposition: z.record(z.string(), z.number()).default({}),
  tags,
  side_data_list: z.array(SideData).default([]),
});
type RawStream = z.infer<typeof RawStream>;

const RawProbe = z.looseObject({
  format: z.looseObject({ format_name: z.string(), start_time: text, duration: text, bit_rate: text, tags }),
  streams: z.array(RawStream).default([]),
});

function toStream(raw: RawStream): Stream {
  const base: StreamBase = {
    index: raw.index,
    codec: known(raw.codec_name),
    codecTag: tag(raw.codec_tag_string),
    profile: known(raw.profile),
    timeBase: parseRatio(raw.time_base),
    startTime: number(raw.start_time),
    duration: number(raw.duration),
    bitRate: number(raw.bit_rate),
    disposition: Object.fromEntries(Object.entries(raw.disposition).map(([name, value]) => [name, value === 1])),
    tags: raw.tags,
  };
  switch (raw.codec_type) {
    case 'video':
      return { ...base, ...toVideo(raw) };
    case 'audio':
      return {
        ...base,
        type: 'audio',
        channels: raw.channels ?? 0,
        channelLayout: known(raw.channel_layout),
        sampleRate: number(raw.sample_rate) ?? 0,
        sampleFormat: known(raw.sample_fmt),
        bitsPerSample: positive(number(raw.bits_per_raw_sample)) ?? positive(raw.bits_per_sample),
      };
    case 'data':
    case 'subtitle':
    case 'attachment':
      return { ...base, type: raw.codec_type };
    default:
      return { ...base, type: 'unknown' };
  }
}

function toVideo(raw: RawStream): Omit<VideoStream, keyof StreamBase> {
  const isPreview = raw.disposition['attached_pic'] === 1 || raw.disposition['timed_thumbnails'] === 1;
  return {
    type: 'video',
    width: raw.width ?? 0,
    ...seenLines(raw.codec_name, {
      width: raw.width ?? 0,
      height: raw.height ?? 0,
      sampleAspect: parseRatio(raw.sample_aspect_ratio),
    }),
    displayAspect: parseRatio(raw.display_aspect_ratio),
    pixelFormat: known(raw.pix_fmt),
    level: positive(raw.level),
    bitsPerRawSample: positive(number(raw.bits_per_raw_sample)),
    fieldOrder: known(raw.field_order),
    colorRange: known(raw.color_range),
    colorSpace: known(raw.color_space),
    colorTransfer: known(raw.color_transfer),
    colorPrimaries: known(raw.color_primaries),
    realRate: parseRatio(raw.r_frame_rate),
    averageRate: parseRatio(raw.avg_frame_rate),
    frameCount: positive(number(raw.nb_frames)),
    ...turn(raw.side_data_list.find((data) => data.rotation !== undefined)),
    ...aperture(raw),
    isAttachedPicture: isPreview,
  };
}

/**
 * ffprobe takes the angle from the matrix's first row alone. Where the matrix mirrors, too, a picture flipped sideways reads
 * as turned by 180°; its first column, the second row's first word, tells them apart.
 */
function turn(data: z.infer<typeof SideData> | undefined): Pick<VideoStream, 'rotation' | 'mirrored'> {
  const rotation = clockwise(data?.rotation ?? 0);
  const [a = 1, b = 0, c = 0, d = 1] = [...(data?.displaymatrix ?? '').matchAll(/^\d+:\s+(-?\d+)\s+(-?\d+)/gm)]
    .slice(0, 2)
    .flatMap(([, one, other]) => [Number(one), Number(other)]);
  if (a * d - b * c >= 0) return { rotation };
  return { rotation: rotation === 180 ? 0 : rotation, mirrored: true };
}

/** ffprobe from 7.1 on tells what ffmpeg would then crop. */
function aperture({ width = 0, height = 0, side_data_list: list }: RawStream): Pick<VideoStream, 'cleanAperture'> {
  const crop = list.find((data) => data.crop_left !== undefined);
  if (crop === undefined) return {};
  const { crop_left: left = 0, crop_right: right = 0, crop_top: top = 0, crop_bottom: bottom = 0 } = crop;
  return { cleanAperture: { width: width - left - right, height: height - top - bottom } };
}

/** ffprobe gives the display matrix's angle counter-clockwise, in -180..180; players turn by right angles only. */
function clockwise(angle: number): number {
  return (((Math.round(-angle / 90) * 90) % 360) + 360) % 360;
}

function number(value: string | undefined): number | undefined {
  const parsed = value === undefined ? Number.NaN : Number(value);
  return Number.isFinite(parsed) ? parsed : undefined;
}

function positive(value: number | undefined): number | undefined {
  return value !== undefined && value > 0 ? value : undefined;
}

function known(value: string | undefined): string | undefined {
  return value === undefined || value === '' || value === 'unknown' || value === 'unspecified' ? undefined : value;
}

/** A four-character code; ffprobe writes `[0][0][0][0]` for none. */
function tag(value: string | undefined): string | undefined {
  return value === undefined || value.startsWith('[0]') ? undefined : value;
}
