import { z } from 'zod';
import { ffmpegStart, inputArgs } from './input.ts';
import { parseProbe, type Probe, type Ratio } from './probe.ts';
import type { FrameFlags } from './proxy-scan.ts';
import { PROXY_SILENCE_FILTER, type SilenceSpans } from './sound-silence.ts';

/** What is read back from a finished proxy before anyone gets to see it. Cheap: packets are listed, two spots decoded. */

/** Video packets of a proxy. Times are in ticks of the stream's time base, so that 2.000 s can be told from 2.002. */
export interface PacketFacts {
  readonly count: number;
  readonly first: number;
  /** Time of the one shown after the first; undefined where there is none. */
  readonly second: number | undefined;
  /** Time of the last picture and the moment it ends. */
  readonly last: number;
  readonly end: number;
  readonly lastKey: number;
  readonly lastKeySeconds: number;
  readonly startsWithKey: boolean;
  readonly longestKeyDistance: number;
  readonly keys: number;
  /** Packets without a time stamp (AVI with B frames); they are counted and nothing else. */
  readonly untimed: number;
  /** Every picture lies where the rate given to the reader puts it; false without a rate. */
  readonly onGrid: boolean;
  /** The same for the grid's film rate. */
  readonly onFilm: boolean;
  /** How long the packets say their pictures are shown, in ticks, those without a time stamp included. */
  readonly shown: Shown;
}

export interface Shown {
  readonly total: number;
  readonly shortest: number;
  readonly longest: number;
}

/** The rate that a stream's pictures are expected at, and the clock they are written in. */
export interface Grid {
  readonly rate: Ratio;
  readonly timeBase: Ratio;
  /** The rate of film in pictures of that rate (proxy-film.ts). */
  readonly film?: Ratio;
}

/**
 * Lists a finished proxy's picture packets as ffmpeg's framecrc muxer writes them (`framecrcPacket`), and listens to its
 * sound for silence (`createSilenceReader`), in one run over the file; no picture is decoded.
 */
export function passArgs(file: string, { isSeen, isHeard }: { readonly isSeen: boolean; readonly isHeard: boolean }) {
  const sound = ['-map', '0:a:0', '-af', PROXY_SILENCE_FILTER, '-f', 'null', '-'];
  // -copyinkf: a file that does not begin with a key frame is to be seen as it is.
  const packets = ['-map', '0:v:0', '-c', 'copy', '-copyinkf', '-f', 'framecrc', 'pipe:1'];
  return [
    ...[...ffmpegStart(isHeard ? 'verbose' : 'warning'), '-copyts'],
    ...inputArgs(file, isSeen ? {} : { before: ['-vn'] }),
    ...[...(isSeen ? packets : []), ...(isHeard ? sound : [])],
  ];
}

/** Lists the packets of one stream (`v:0`, or an index) as `pts,pts_time,duration,flags` lines; decodes nothing. */
export function packetArgs(input: string, stream: string, openOnly?: readonly string[]): string[] {
  const what = ['-hide_banner', '-loglevel', 'repeat+level+warning', '-select_streams', stream];
  const form = ['-of', 'csv=p=0', '-show_entries', 'packet=pts,pts_time,duration,flags'];
  return [...what, ...form, ...inputArgs(input, { tool: 'ffprobe', openOnly })];
}

interface ListedPacket {
  /** Ticks; undefined for one without a time stamp. */
  readonly pts: number | undefined;
  readonly seconds: number;
  /** Ticks; 0 where it is not told. */
  readonly duration: number;
  readonly isKey: boolean;
}

/** One line of `packetArgs`. Packets that an edit list hides are none: they are only there to decode others from. */
function ffprobePacket(text: string): ListedPacket | undefined {
  const match = /^(-?\d+|N\/A),(-?[\d.]+|N\/A),(\d+|N\/A),([A-Z_]+)/.exec(text);
  if (match === null || match[4]?.includes('D') === true) return undefined;
  return {
    pts: match[1] === 'N/A' ? undefined : Number(match[1]),
    seconds: Number(match[2]),
    duration: match[3] === 'N/A' ? 0 : Number(match[3]),
    isKey: match[4]?.startsWith('K') === true,
  };
}

/** AV_PKT_FLAG_KEY, AV_PKT_FLAG_DISCARD (libavcodec/packet.h). */
const KEY = 1;
const DISCARD = 4;

/** Takes `passArgs`’s standard output line by line: the clock first, then `stream, dts, pts, duration, size, crc, flags`. */
export function createFramecrcParser(): (text: string) => ListedPacket | undefined {
  let tick = Number.NaN;
  return (text) => {
    const [, num, den] = /^#tb 0: (\d+)\/(\d+)/.exec(text) ?? [];
    if (num !== undefined) tick = Number(num) / Number(den);
    // Flags are left out where the packet is a key frame and nothing else.
    const match = /^0, *-?\d+, *(-?\d+), *(\d+), *\d+, 0x[\da-f]+(?:, F=0x([\dA-F]+))?/.exec(text);
    if (match === null) return undefined;
    const flags = match[3] === undefined ? KEY : Number.parseInt(match[3], 16);
    if ((flags & DISCARD) !== 0) return undefined;
    const pts = Number(match[1]);
    const isTimed = Number.isSafeInteger(pts);
    return {
      pts: isTimed ? pts : undefined,
      seconds: pts * tick,
      duration: Number(match[2]),
      isKey: (flags & KEY) !== 0,
    };
  };
}

/** Takes the lines of a listing one by one (a three-hour proxy has 300,000), in decoding order. */
export function createPacketReader(
  grid?: Grid,
  parse: (text: string) => ListedPacket | undefined = ffprobePacket,
): { line(text: string): void; facts(): PacketFacts | undefined } {
  let facts: PacketFacts | undefined;
  let untimed = 0;
  let shown: Shown = { total: 0, shortest: Number.POSITIVE_INFINITY, longest: 0 };
  return {
    line: (text) => {
      const listed = parse(text);
      if (listed === undefined) return;
      const { pts, seconds, duration, isKey } = listed;
      if (duration > 0) shown = longerShown(shown, duration);
      if (pts === undefined) {
        untimed++;
        return;
      }
      const packet = { pts, seconds, end: pts + duration, isKey };
      facts = facts === undefined ? firstPacket(packet, grid) : nextPacket(facts, packet, grid);
    },
    facts: () => {
      if (facts === undefined && untimed === 0) return undefined;
      const known = facts ?? { ...firstPacket({ pts: 0, seconds: 0, end: 0, isKey: false }), count: 0, keys: 0 };
      return { ...known, untimed, count: known.count + untimed, shown };
    },
  };
}

/** A clock in milliseconds is off by 0.06 of a picture at 120 a second; a picture shown late is off by 1. */
const OFF_GRID = 0.25;

function isOnGrid(ticks: number, timeBase: Ratio, rate: Ratio): boolean {
  const slots = (ticks * timeBase.num * rate.num) / (timeBase.den * rate.den);
  return Math.abs(slots - Math.round(slots)) <= OFF_GRID;
}

interface Packet {
  readonly pts: number;
  readonly seconds: number;
  readonly end: number;
  readonly isKey: boolean;
}

function longerShown({ total, shortest, longest }: Shown, ticks: number): Shown {
  return { total: total + ticks, shortest: Math.min(shortest, ticks), longest: Math.max(longest, ticks) };
}

function firstPacket({ pts, seconds, end, isKey }: Packet, grid?: Grid): PacketFacts {
  const key = { lastKey: pts, lastKeySeconds: seconds, startsWithKey: isKey, keys: isKey ? 1 : 0 };
  const fits = { onGrid: grid !== undefined, onFilm: grid?.film !== undefined };
  const shown = { total: 0, shortest: 0, longest: 0 };
  return {
    count: 1,
    first: pts,
    second: undefined,
    last: pts,
    end,
    ...key,
    longestKeyDistance: 0,
    untimed: 0,
    ...fits,
    shown,
  };
}

function nextPacket(facts: PacketFacts, { pts, seconds, end, isKey }: Packet, grid: Grid | undefined): PacketFacts {
  const fits = (rate: Ratio | undefined): boolean =>
    grid !== undefined && rate !== undefined && isOnGrid(pts - facts.first, grid.timeBase, rate);
  const next = {
    ...facts,
    count: facts.count + 1,
    first: Math.min(facts.first, pts),
    second: pts < facts.first ? facts.first : Math.min(facts.second ?? pts, pts),
    last: Math.max(facts.last, pts),
    end: Math.max(facts.end, end),
    onGrid: facts.onGrid && fits(grid?.rate),
    onFilm: facts.onFilm && fits(grid?.film),
  };
  if (!isKey) return next;
  const distance = Math.max(facts.longestKeyDistance, pts - facts.lastKey);
  return { ...next, lastKey: pts, lastKeySeconds: seconds, longestKeyDistance: distance, keys: facts.keys + 1 };
}

interface DecodedFrame {
  readonly stream: number;
  readonly time: number;
  /** Of pictures only. */
  readonly flags?: FrameFlags;
}

export interface ReadBack {
  readonly probe: Probe;
  /** Frames that were decoded at the beginning and at the end, in this order. */
  readonly frames: readonly DecodedFrame[];
  /** Absent where the proxy has no picture. */
  readonly packets?: PacketFacts;
  /** Absent where the source's sound cannot get lost on its way (pure samples). */
  readonly silence?: SilenceSpans;
}

export const COLOUR_FIELDS = 'color_space,color_transfer,color_primaries';
const FRAME_FIELDS = `frame=stream_index,pts_time,interlaced_frame,top_field_first,${COLOUR_FIELDS}`;

/** Describes the proxy and decodes 0.2 s at its beginning and everything from `lastSpot` (seconds) on. */
export function readBackArgs(input: string, lastSpot: number): string[] {
  const what = ['-hide_banner', '-loglevel', 'repeat+level+warning', '-of', 'json', '-show_format', '-show_streams'];
  const frames = ['-show_entries', FRAME_FIELDS, '-read_intervals', `%+0.2,${lastSpot.toFixed(6)}%`];
  return [...what, ...frames, ...inputArgs(input, { tool: 'ffprobe', before: ['-threads', '2'] })];
}

const RawFrame = z.looseObject({
  stream_index: z.number(),
  pts_time: z.string().optional(),
  interlaced_frame: z.number().optional(),
  top_field_first: z.number().optional(),
  color_space: z.string().optional(),
  color_transfer: z.string().optional(),
  color_primaries: z.string().optional(),
});
type RawFrame = z.infer<typeof RawFrame>;

const RawFrames = z.looseObject({
  frames: z.array(RawFrame).default([]),
});

/** Reads ffprobe's JSON of `readBackArgs`; throws where it is none. */
export function parseReadBack(json: string): { readonly probe: Probe; readonly frames: readonly DecodedFrame[] } {
  const raw = RawFrames.parse(JSON.parse(json));
  const frames = raw.frames.map((frame) => ({
    stream: frame.stream_index,
    time: Number(frame.pts_time),
    ...(frame.interlaced_frame === undefined
      ? {}
      : { flags: { interlaced: frame.interlaced_frame === 1, topFirst: frame.top_field_first === 1 } }),
  }));
  return {
    probe: coloured(parseProbe(json), raw.frames),
    frames: frames.filter((frame) => Number.isFinite(frame.time)),
  };
}

export function ticksToSeconds(ticks: number, timeBase: Ratio): number {
  return (ticks * timeBase.num) / timeBase.den;
}

/** ProRes names its colours in its frames; ffprobe 7 asks the container alone, which is silent where one name is missing. */
function coloured(probe: Probe, frames: readonly RawFrame[]): Probe {
  const streams = probe.streams.map((stream) => {
    const frame = frames.find((one) => one.stream_index === stream.index);
    if (stream.type !== 'video' || frame === undefined) return stream;
    const named = (name: string | undefined): string | undefined => (name === 'unknown' ? undefined : name);
    return {
      ...stream,
      colorSpace: stream.colorSpace ?? named(frame.color_space),
      colorTransfer: stream.colorTransfer ?? named(frame.color_transfer),
      colorPrimaries: stream.colorPrimaries ?? named(frame.color_primaries),
    };
  });
  return { ...probe, streams };
}
