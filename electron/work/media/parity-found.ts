import type { VideoStream } from './probe.ts';
import { ticksToSeconds, type ReadBack } from './proxy-readback.ts';

/** What was wanted and what was read back; null where they are the same. */
export type Found = { readonly expected: string; readonly actual: string } | null;

export function equal(expected: string | number | boolean, actual: string | number | boolean): Found {
  return expected === actual ? null : { expected: String(expected), actual: String(actual) };
}

/** Key frames lie at most `maxSeconds` apart, or every picture is one. */
export function checkKeyFrames(video: VideoStream | undefined, proxy: ReadBack, maxSeconds: number): Found {
  const { packets } = proxy;
  const base = video?.timeBase;
  if (packets === undefined || base === undefined) return { expected: 'pictures', actual: 'none' };
  if (!packets.startsWithKey) return { expected: 'a key frame first', actual: 'another frame' };
  // In whole ticks: 2.000 s is allowed, a tick more is not.
  if (packets.keys === packets.count) return null;
  if (packets.longestKeyDistance * base.num <= maxSeconds * base.den) return null;
  return {
    expected: `at most ${maxSeconds.toFixed(3)} s`,
    actual: `${ticksToSeconds(packets.longestKeyDistance, base).toFixed(3)} s`,
  };
}

/** Each stream must decode at its beginning and at its end; the picture up to its very last packet. */
export function checkFrames(video: VideoStream | undefined, proxy: ReadBack): Found {
  for (const stream of proxy.probe.streams) {
    if (stream.type !== 'video' && stream.type !== 'audio') continue;
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
