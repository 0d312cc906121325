/** What ffmpeg's `signalstats,metadata=print` says about one frame. */
export interface FrameStats {
  /** Seconds from the beginning of the media. */
  readonly time: number;
  /** 10th and 90th percentile of luma, 8-bit limited range (16 is black, 235 white). */
  readonly low: number;
  readonly high: number;
}

/**
 * Reads the lines of `metadata=print:file=-`.
 * @param offset seconds that the input's seek took away from the timestamps.
 */
export function parseFrameStats(text: string, offset: number): FrameStats[] {
  const frames: FrameStats[] = [];
  for (const block of text.split(/^(?=frame:)/m)) {
    const time = value(block, /^frame:.*pts_time:(\S+)/);
    const low = value(block, /^lavfi\.signalstats\.YLOW=(\S+)/m);
    const high = value(block, /^lavfi\.signalstats\.YHIGH=(\S+)/m);
    if (time !== undefined && low !== undefined && high !== undefined) frames.push({ time: offset + time, low, high });
  }
  return frames;
}

/** Times of all frames, from the integer timestamps: `pts_time` has six digits only, too few after 1,000 s. */
export function parseFrameTimes(text: string, timeBase: { readonly num: number; readonly den: number }): number[] {
  const times = Array.from(text.matchAll(/^frame:\d+\s+pts:(-?\d+)/gm), (match) => Number(match[1]));
  return times.map((pts) => (pts * timeBase.num) / timeBase.den);
}

function value(block: string, pattern: RegExp): number | undefined {
  const text = pattern.exec(block)?.[1];
  const number = text === undefined ? Number.NaN : Number(text);
  return Number.isFinite(number) ? number : undefined;
}

/**
 * The same where several inputs print side by side, each with its number: of each the time of its first frame. Later
 * ones were on their way when ffmpeg had what it was asked for.
 */
export function parseSeekTimes(
  text: string,
  timeBase: { readonly num: number; readonly den: number },
): ReadonlyMap<number, number> {
  const times = new Map<number, number>();
  for (const [, pts, seek] of text.matchAll(/^frame:\d+\s+pts:(-?\d+)[^\n]*\nseek=(\d+)/gm)) {
    const number = Number(seek);
    if (!times.has(number)) times.set(number, (Number(pts) * timeBase.num) / timeBase.den);
  }
  return times;
}
