import { z } from 'zod';
import { inputArgs } from './input.ts';
import { parseProbe, type Probe, type Ratio } from './probe.ts';

/** What is read back from a finished proxy before anyone gets to see it. Cheap: packets are listed, two spots decoded. */

/** Video packets of a proxy. Times are in ticks of the stream's time base, so that 2.000 s can be told from 2.002. */
export interface PacketFacts {
  readonly count: number;
  readonly first: number;
  /** Time of the last picture and the moment it ends. */
  readonly last: number;
  readonly end: number;
  readonly lastKey: number;
  readonly lastKeySeconds: number;
  readonly startsWithKey: boolean;
  readonly longestKeyDistance: number;
}

/** Lists the packets of one stream (`v:0`, or an index) as `pts,pts_time,duration,flags` lines; decodes nothing. */
export function packetArgs(input: string, stream: string): string[] {
  const what = ['-hide_banner', '-loglevel', 'repeat+level+warning', '-select_streams', stream];
  const form = ['-of', 'csv=p=0', '-show_entries', 'packet=pts,pts_time,duration,flags'];
  return [...what, ...form, ...inputArgs(input, { tool: 'ffprobe' })];
}

/** Takes those lines one by one (a three-hour proxy has 300,000), in decoding order. */
export function createPacketReader(): { line(text: string): void; facts(): PacketFacts | undefined } {
  let facts: PacketFacts | undefined;
  return {
    line: (text) => {
      const match = /^(-?\d+),(-?[\d.]+),(\d+|N\/A),([A-Z_]+)/.exec(text);
      if (match === null) return;
      const pts = Number(match[1]);
      const end = pts + (match[3] === 'N/A' ? 0 : Number(match[3]));
      const packet = { pts, seconds: Number(match[2]), end, isKey: match[4]?.startsWith('K') === true };
      facts = facts === undefined ? firstPacket(packet) : nextPacket(facts, packet);
    },
    facts: () => facts,
  };
}

interface Packet {
  readonly pts: number;
  readonly seconds: number;
  readonly end: number;
  readonly isKey: boolean;
}

function firstPacket({ pts, seconds, end, isKey }: Packet): PacketFacts {
  const key = { lastKey: pts, lastKeySeconds: seconds, startsWithKey: isKey };
  return { count: 1, first: pts, last: pts, end, ...key, longestKeyDistance: 0 };
}

function nextPacket(facts: PacketFacts, { pts, seconds, end, isKey }: Packet): PacketFacts {
  const next = {
    ...facts,
    count: facts.count + 1,
    first: Math.min(facts.first, pts),
    last: Math.max(facts.last, pts),
    end: Math.max(facts.end, end),
  };
  if (!isKey) return next;
  const distance = Math.max(facts.longestKeyDistance, pts - facts.lastKey);
  return { ...next, lastKey: pts, lastKeySeconds: seconds, longestKeyDistance: distance };
}

export interface DecodedFrame {
  readonly stream: number;
  readonly time: number;
}

export interface ReadBack {
  readonly probe: Probe;
  /** Frames that were decoded at the beginning and at the end, in this order. */
  readonly frames: readonly DecodedFrame[];
  /** Absent where the proxy has no picture. */
  readonly packets?: PacketFacts;
}

/** Describes the proxy and decodes 0.2 s at its beginning and everything from `lastSpot` (seconds) on. */
export function readBackArgs(input: string, lastSpot: number): string[] {
  const what = ['-hide_banner', '-loglevel', 'repeat+level+warning', '-of', 'json', '-show_format', '-show_streams'];
  const frames = ['-show_entries', 'frame=stream_index,pts_time', '-read_intervals', `%+0.2,${lastSpot.toFixed(6)}%`];
  return [...what, ...frames, ...inputArgs(input, { tool: 'ffprobe', before: ['-threads', '2'] })];
}

const RawFrames = z.looseObject({
  frames: z.array(z.looseObject({ stream_index: z.number(), pts_time: z.string().optional() })).default([]),
});

/** Reads ffprobe's JSON of `readBackArgs`; throws where it is none. */
export function parseReadBack(json: string): { readonly probe: Probe; readonly frames: readonly DecodedFrame[] } {
  const raw = RawFrames.parse(JSON.parse(json));
  const frames = raw.frames.map((frame) => ({ stream: frame.stream_index, time: Number(frame.pts_time) }));
  return { probe: parseProbe(json), frames: frames.filter((frame) => Number.isFinite(frame.time)) };
}

export function ticksToSeconds(ticks: number, timeBase: Ratio): number {
  return (ticks * timeBase.num) / timeBase.den;
}
