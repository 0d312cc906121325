import type { Found } from './parity-found.ts';
import { audioStreams, videoStream, type Probe, type VideoStream } from './probe.ts';
import type { ProxyPlan } from './proxy-args.ts';
import { ticksToSeconds, type ReadBack } from './proxy-readback.ts';
import { ratioValue } from './rational.ts';

/** When picture and sound end: what a source promises, what its proxy has, and how far these may be apart. */

/** Two frames and never under a tenth of a second: AAC pads its last block, and a header's clock may be coarse. */
const DURATION_SLACK_SECONDS = 0.1;
/** Of these the length is counted in whole packets, or taken from the first and last timestamps. */
const ESTIMATED: readonly { readonly format: string; readonly share: number }[] = [
  { format: 'mp3', share: 0.02 },
  { format: 'mpeg', share: 0.02 },
  { format: 'mpegts', share: 0.02 },
];

/** How far the end of a proxy may be from the end of its source, in seconds. */
export function durationSlack(source: Probe, plan: ProxyPlan, seconds: number): number {
  // A frame of the source lasts no longer than the source, whatever its header makes of its rate.
  const frames =
    plan.kind !== 'sound' ? 2 / ratioValue(plan.rate) + Math.min(seconds, 1 / (averageRate(plan.video) ?? 25)) : 0;
  const estimated = ESTIMATED.find(({ format }) => format === source.format.name);
  const share = estimated === undefined ? 0 : Math.max(0.5, seconds * estimated.share);
  return Math.max(DURATION_SLACK_SECONDS, frames) + share;
}

export function checkDuration(source: Probe, plan: ProxyPlan, proxy: ReadBack): Found {
  const expected = sourceEnds(source, plan);
  const actual = proxyEnds(proxy);
  for (const part of ['picture', 'sound'] as const) {
    const wanted = expected[part];
    const made = actual[part];
    if (wanted === undefined) continue;
    if (made !== undefined && Math.abs(made - wanted) <= durationSlack(source, plan, wanted)) continue;
    return { expected: `${part} until ${wanted.toFixed(2)} s`, actual: `${made?.toFixed(2) ?? 'no'} s` };
  }
  const whole = expected.whole;
  const longest = Math.max(actual.picture ?? 0, actual.sound ?? 0);
  if (whole === undefined || Math.abs(longest - whole) <= durationSlack(source, plan, whole)) return null;
  return { expected: `${whole.toFixed(2)} s`, actual: `${longest.toFixed(2)} s` };
}

/** When picture and sound end, in seconds from the beginning of the file; a part whose end is unknown is absent. */
export interface Ends {
  readonly picture?: number;
  readonly sound?: number;
  /** Where the container gives no end for the streams that are used, but one for the file. */
  readonly whole?: number;
}

/** What the source's header promises. Other streams (timecode, subtitles) may be longer and count for nothing. */
export function sourceEnds(source: Probe, plan: ProxyPlan): Ends {
  const origin = originOf(source, plan);
  const endOf = (stream: Probe['streams'][number]): number | undefined => {
    const duration = stream.duration ?? taggedDuration(stream.tags);
    return duration === undefined ? undefined : Math.max(0, (stream.startTime ?? origin) - origin + duration);
  };
  const picture = plan.kind === 'sound' ? undefined : endOf(plan.video);
  const sounds = plan.audio.map(endOf);
  const known = sounds.filter((end) => end !== undefined);
  const sound = sounds.length > 0 && known.length === sounds.length ? Math.max(...known) : undefined;
  if (picture === undefined && sound === undefined) {
    return source.format.duration === undefined ? {} : { whole: source.format.duration - leadOf(plan) };
  }
  return { ...(picture === undefined ? {} : { picture }), ...(sound === undefined ? {} : { sound }) };
}

export function proxyEnds(proxy: ReadBack): Ends {
  const video = videoStream(proxy.probe);
  const base = video?.timeBase;
  const picture =
    proxy.packets === undefined || base === undefined ? undefined : ticksToSeconds(proxy.packets.end, base);
  const sounds = audioStreams(proxy.probe).flatMap(({ startTime = 0, duration }) =>
    duration === undefined ? [] : [startTime + duration],
  );
  const sound = sounds.length === 0 ? undefined : Math.max(...sounds);
  return { ...(picture === undefined ? {} : { picture }), ...(sound === undefined ? {} : { sound }) };
}

/** The moment of the source at which its proxy begins, in seconds of its own clock. */
export function originOf(source: Probe, plan: ProxyPlan): number {
  return (source.format.startTime ?? 0) + leadOf(plan);
}

function leadOf(plan: ProxyPlan): number {
  return plan.kind === 'edit' ? plan.leadSeconds : 0;
}

/** Matroska keeps a stream's length in a tag: `DURATION=00:01:02.345000000`. */
function taggedDuration(tags: Readonly<Record<string, string>>): number | undefined {
  const match = /^(\d+):(\d{2}):(\d{2}(?:\.\d+)?)$/.exec(tags['DURATION'] ?? '');
  if (match === null) return undefined;
  return Number(match[1]) * 3600 + Number(match[2]) * 60 + Number(match[3]);
}

function averageRate(video: VideoStream): number | undefined {
  return video.averageRate === undefined ? undefined : ratioValue(video.averageRate);
}
