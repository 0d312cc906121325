import { audioStreams, videoStream, type AudioStream, type Probe } from './probe.ts';

/** Formats of which ffmpeg counts from the first of the streams it uses (AVFMT_TS_DISCONT), not from the file's beginning. */
const COUNTED_FROM_USED = /^mpeg(ts)?$/;

/**
 * A second output where sound is read without its picture: that of the stream which begins before it, copied to nowhere.
 * ffmpeg then counts from there, as it does for a proxy, and the sound lies under its picture. (`-itsoffset` would do
 * in 7 and later; 5.1 takes it twice.) Empty where nothing begins earlier. Inputs must not say `-vn` beside it.
 */
export function earlierStream(probe: Probe, streams: readonly AudioStream[]): readonly string[] {
  if (!COUNTED_FROM_USED.test(probe.format.name)) return [];
  const picture = videoStream(probe);
  const begins = Math.min(...streams.map(({ startTime }) => startTime ?? Number.POSITIVE_INFINITY));
  const [earliest] = [...audioStreams(probe), ...(picture === undefined ? [] : [picture])]
    .filter(({ startTime }) => startTime !== undefined && startTime < begins)
    .sort((one, other) => (one.startTime ?? 0) - (other.startTime ?? 0));
  return earliest === undefined ? [] : ['-map', `0:${earliest.index}`, '-c', 'copy', '-f', 'null', '-'];
}

/** What is not read at all of an input whose sound alone is decoded. */
export function unusedKinds(earlier: readonly string[]): readonly string[] {
  return [...(earlier.length === 0 ? ['-vn'] : []), '-sn', '-dn'];
}
