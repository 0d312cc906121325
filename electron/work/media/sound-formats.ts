import { speakersOf } from './mix.ts';
import type { AudioStream } from './probe.ts';

/**
 * Sound that changes its channels or rate within a file: broadcasts, streams, joined recordings. ffmpeg then rebuilds
 * the filter graph, and whatever a graph does once at its beginning it does again: silence from 0 is put in front of the
 * change, and channels that were named by number are others.
 */

/** Containers tell once and for all what these are; every other codec says it anew in each packet. */
const CONSTANT = /^(pcm_|adpcm_|alac$|dvaudio$|s302m$)/;

export function mayChangeFormat(streams: readonly AudioStream[]): boolean {
  return streams.some(({ codec }) => codec !== undefined && !CONSTANT.test(codec));
}

/** Layouts as ffmpeg names them (`stereo`, `5.1(side)`, `10 channels`), by stream index, in the order they came. */
export type SoundFormats = ReadonlyMap<number, readonly string[]>;

interface FormatWatch {
  /** Takes ffmpeg's stderr line by line, at `ffmpegStart('verbose')`. */
  line(text: string): void;
  /** A graph was built a second time. */
  readonly rebuilt: boolean;
  readonly formats: SoundFormats;
}

/**
 * The line of each graph's input, once per building: `[graph_0_in_0_1 @ …]` in 5.1, `[graph_-1_in_0:1 @ …]` in 7 and
 * later (libavfilter/buffersrc.c). Only 7 and later say besides that they rebuild.
 */
const BUILT = /\[graph_-?\d+_in_\d+[_:](\d+) @ [^\]]*\] \[verbose\] tb:\S+ samplefmt:\S+ samplerate:\d+ chlayout:(.+)$/;

export function createFormatWatch(): FormatWatch {
  const formats = new Map<number, readonly string[]>();
  const built = new Set<number>();
  let rebuilt = false;
  return {
    line(text) {
      const [, index, layout] = BUILT.exec(text) ?? [];
      if (index === undefined || layout === undefined) return;
      const stream = Number(index);
      rebuilt ||= built.has(stream);
      built.add(stream);
      const known = formats.get(stream) ?? [];
      if (!known.includes(layout)) formats.set(stream, [...known, layout]);
    },
    get rebuilt() {
      return rebuilt;
    },
    formats,
  };
}

/** Thrown out of a run whose graph was rebuilt: what it made is wrong behind that moment. */
export class SoundChanges extends Error {
  readonly formats: SoundFormats;

  constructor(formats: SoundFormats) {
    super('The sound changes its format within the file.');
    this.name = 'SoundChanges';
    this.formats = formats;
  }
}

/** One layout that can hold all of a stream. */
export interface CommonLayout {
  /** ffmpeg's name; undefined where the channels have no places. */
  readonly name: string | undefined;
  readonly channels: number;
  /** A `pan` filter that takes every layout of the stream into it. */
  readonly pan: string;
}

/**
 * @param layouts those a stream has, at least one
 * @param wanted the layout to bring them into; absent: the widest of them
 */
export function commonLayout(
  layouts: readonly string[],
  wanted: string = layouts.reduce((one, other) => (channelCount(other) > channelCount(one) ? other : one)),
): CommonLayout {
  const channels = channelCount(wanted);
  const speakers = speakersOf(wanted);
  if (speakers === undefined || layouts.some((layout) => speakersOf(layout) === undefined)) {
    const same = Array.from({ length: channels }, (_, at) => `c${at}=c${at}`);
    return { name: undefined, channels, pan: `pan=${channels}c|${same.join('|')}` };
  }
  const terms = new Map(speakers.map((speaker) => [speaker, [speaker]]));
  for (const stranger of SPEAKERS.filter((speaker) => !speakers.includes(speaker))) {
    for (const [speaker, gain] of placeOf(stranger, speakers)) {
      terms.get(speaker)?.push(gain === 1 ? stranger : `${gain}*${stranger}`);
    }
  }
  // By name, not by number: `pan` leaves out the names that the layout of the moment does not have.
  const channelsOf = [...terms].map(([speaker, sources]) => `${speaker}=${sources.join('+')}`);
  return { name: wanted, channels, pan: `pan=${wanted}|${channelsOf.join('|')}` };
}

function channelCount(layout: string): number {
  return speakersOf(layout)?.length ?? Number(/^(\d+) channels/.exec(layout)?.[1] ?? layout.split('+').length);
}

const SPEAKERS = ['FL', 'FR', 'FC', 'BL', 'BR', 'SL', 'SR', 'BC'] as const;
type Speaker = (typeof SPEAKERS)[number];

/** Where a speaker is heard that a layout does not have, best first (ITU-R BS.775); the LFE is left out. */
const PLACES: Readonly<Record<Speaker, readonly (readonly (readonly [string, number])[])[]>> = {
  FL: [[['FC', 0.7071]]],
  FR: [[['FC', 0.7071]]],
  FC: [
    [
      ['FL', 1],
      ['FR', 1],
    ],
  ],
  BL: [[['SL', 1]], [['FL', 0.7071]]],
  BR: [[['SR', 1]], [['FR', 0.7071]]],
  SL: [[['BL', 1]], [['FL', 0.7071]]],
  SR: [[['BR', 1]], [['FR', 0.7071]]],
  BC: [
    [
      ['BL', 0.7071],
      ['BR', 0.7071],
    ],
    [
      ['SL', 0.7071],
      ['SR', 0.7071],
    ],
    [
      ['FL', 0.5],
      ['FR', 0.5],
    ],
  ],
};

function placeOf(stranger: Speaker, speakers: readonly string[]): readonly (readonly [string, number])[] {
  return PLACES[stranger].find((place) => place.every(([speaker]) => speakers.includes(speaker))) ?? [];
}
