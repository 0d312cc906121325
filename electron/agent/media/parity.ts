import { assertNever } from '../../../shared/assert-never.ts';
import type { ParityField, ReviewProxyProfile } from '../../../shared/profiles.ts';
import { audioStreams, displaySize, videoStream, type Probe, type VideoStream } from './probe.ts';
import type { ProxyPlan } from './proxy-args.ts';
import { ticksToSeconds, type ReadBack } from './proxy-readback.ts';
import { ratioValue } from './rational.ts';

/** One field in which a proxy is not what its profile promises for this source. */
export interface Difference {
  readonly field: ParityField;
  readonly expected: string;
  readonly actual: string;
}

/**
 * Compares a finished proxy with its source, field by field (media.md, "Attach guarantee"). Pure: everything was read
 * before. Empty: the proxy may be delivered.
 */
export function compare(
  source: Probe,
  plan: ProxyPlan,
  proxy: ReadBack,
  profile: ReviewProxyProfile,
): readonly Difference[] {
  const fields = plan.kind === 'picture' ? profile.compared : profile.compared.filter((field) => !ofPicture(field));
  return fields.flatMap((field) => {
    const found = check(field, source, plan, proxy, profile);
    return found === null ? [] : [{ field, ...found }];
  });
}

type Found = Omit<Difference, 'field'> | null;

function ofPicture(field: ParityField): boolean {
  const fields: readonly ParityField[] = ['video_codec', 'pixel_format', 'dimensions', 'display_aspect'];
  return field === 'key_frame_distance' || fields.includes(field);
}

function check(
  field: ParityField,
  source: Probe,
  plan: ProxyPlan,
  proxy: ReadBack,
  profile: ReviewProxyProfile,
): Found {
  const video = videoStream(proxy.probe);
  const audio = audioStreams(proxy.probe);
  switch (field) {
    case 'duration':
      return checkDuration(source, plan, proxy);
    case 'has_video':
      return equal(plan.kind === 'picture', video !== undefined);
    case 'has_audio':
      return equal(plan.sound === undefined ? 0 : 1, audio.length);
    case 'video_codec':
      return equal('h264 High', `${video?.codec} ${video?.profile}`);
    case 'pixel_format':
      return equal(
        [profile.video.pixelFormat, 'tv', 'bt709', 'bt709', 'bt709'].join(' '),
        [video?.pixelFormat, video?.colorRange, video?.colorSpace, video?.colorTransfer, video?.colorPrimaries].join(
          ' ',
        ),
      );
    case 'dimensions':
      return plan.kind === 'picture'
        ? equal(`${plan.size.width}×${plan.size.height}, upright`, `${video?.width}×${video?.height}${turned(video)}`)
        : null;
    case 'display_aspect':
      return plan.kind === 'picture' ? checkAspect(plan.video, video) : null;
    case 'audio_channels':
      return equal(plan.sound?.channels ?? 0, audio[0]?.channels ?? 0);
    case 'key_frame_distance':
      return checkKeyFrames(video, proxy, profile.video.maxKeyFrameDistanceSeconds);
    case 'first_and_last_frame':
      return checkFrames(video, proxy);
    default:
      return assertNever(field);
  }
}

function equal(expected: string | number | boolean, actual: string | number | boolean): Found {
  return expected === actual ? null : { expected: String(expected), actual: String(actual) };
}

function turned(video: VideoStream | undefined): string {
  return video?.rotation === 0 ? ', upright' : `, turned by ${video?.rotation}°`;
}

/** Even sizes move each side by up to a pixel; more than that is a wrong aspect. */
function checkAspect(source: VideoStream, video: VideoStream | undefined): Found {
  if (video === undefined) return { expected: 'a picture', actual: 'none' };
  const shown = displaySize(source);
  const expected = shown.width / shown.height;
  const actual = displaySize(video).width / displaySize(video).height;
  const tolerance = 1 / Math.min(video.width, video.height) + 1 / Math.max(video.width, video.height);
  const square = video.sampleAspect === undefined || ratioValue(video.sampleAspect) === 1;
  if (square && Math.abs(actual / expected - 1) <= tolerance) return null;
  return {
    expected: `${expected.toFixed(4)}, square pixels`,
    actual: `${actual.toFixed(4)}${square ? ', square pixels' : ''}`,
  };
}

function checkKeyFrames(video: VideoStream | undefined, proxy: ReadBack, maxSeconds: number): Found {
  const { packets } = proxy;
  const base = video?.timeBase;
  if (packets === undefined || base === undefined) return { expected: 'pictures', actual: 'none' };
  if (!packets.startsWithKey) return { expected: 'a key frame first', actual: 'another frame' };
  // In whole ticks: 2.000 s is allowed, a tick more is not.
  if (packets.longestKeyDistance * base.num <= maxSeconds * base.den) return null;
  return {
    expected: `at most ${maxSeconds.toFixed(3)} s`,
    actual: `${ticksToSeconds(packets.longestKeyDistance, base).toFixed(3)} s`,
  };
}

/** Each stream must decode at its beginning and at its end; the picture up to its very last packet. */
function checkFrames(video: VideoStream | undefined, proxy: ReadBack): Found {
  for (const stream of proxy.probe.streams) {
    const times = proxy.frames.filter((frame) => frame.stream === stream.index).map((frame) => frame.time);
    if (times.length === 0) return { expected: `${stream.type} that decodes`, actual: 'nothing' };
  }
  const { packets } = proxy;
  const base = video?.timeBase;
  if (video === undefined || packets === undefined || base === undefined) return null;
  const times = proxy.frames.filter((frame) => frame.stream === video.index).map((frame) => frame.time);
  const wanted = [ticksToSeconds(packets.first, base), ticksToSeconds(packets.last, base)].map((time) =>
    time.toFixed(3),
  );
  const decoded = [Math.min(...times), Math.max(...times)].map((time) => time.toFixed(3));
  return equal(`frames at ${wanted.join(' and ')} s`, `frames at ${decoded.join(' and ')} s`);
}

/** Two frames and never under a tenth of a second: AAC pads its last block, and a header's clock may be coarse. */
const DURATION_SLACK_SECONDS = 0.1;
/** Of these ffmpeg estimates the length from the bit rate or the first and last timestamps. */
const ESTIMATED: readonly { readonly format: string; readonly share: number }[] = [
  { format: 'aac', share: 0.3 },
  { format: 'mp3', share: 0.02 },
  { format: 'mpeg', share: 0.02 },
  { format: 'mpegts', share: 0.02 },
];

/** How far the end of a proxy may be from the end of its source, in seconds. */
export function durationSlack(source: Probe, plan: ProxyPlan, seconds: number): number {
  const frames = plan.kind === 'picture' ? 2 / ratioValue(plan.rate) + 1 / (averageRate(plan.video) ?? 25) : 0;
  const estimated = ESTIMATED.find(({ format }) => format === source.format.name);
  const share = estimated === undefined ? 0 : Math.max(0.5, seconds * estimated.share);
  return Math.max(DURATION_SLACK_SECONDS, frames) + share;
}

function checkDuration(source: Probe, plan: ProxyPlan, proxy: ReadBack): Found {
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
  const origin = source.format.startTime ?? 0;
  const endOf = (stream: Probe['streams'][number]): number | undefined => {
    const duration = stream.duration ?? taggedDuration(stream.tags);
    return duration === undefined ? undefined : (stream.startTime ?? origin) - origin + duration;
  };
  const picture = plan.kind === 'picture' ? endOf(plan.video) : undefined;
  const sounds = plan.audio.map(endOf);
  const known = sounds.filter((end) => end !== undefined);
  const sound = sounds.length > 0 && known.length === sounds.length ? Math.max(...known) : undefined;
  if (picture === undefined && sound === undefined) {
    return source.format.duration === undefined ? {} : { whole: source.format.duration };
  }
  return { ...(picture === undefined ? {} : { picture }), ...(sound === undefined ? {} : { sound }) };
}

export function proxyEnds(proxy: ReadBack): Ends {
  const video = videoStream(proxy.probe);
  const audio = audioStreams(proxy.probe)[0];
  const base = video?.timeBase;
  const picture =
    proxy.packets === undefined || base === undefined ? undefined : ticksToSeconds(proxy.packets.end, base);
  const sound = audio?.duration === undefined ? undefined : (audio.startTime ?? 0) + audio.duration;
  return { ...(picture === undefined ? {} : { picture }), ...(sound === undefined ? {} : { sound }) };
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
