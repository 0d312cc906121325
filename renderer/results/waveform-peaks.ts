import WaveformData from 'waveform-data';

/** Extremes of a stretch of sound; `scale` says how many pixels of the finest level one of these stands for. */
interface Level {
  readonly scale: number;
  readonly low: Int16Array;
  readonly high: Int16Array;
}

/** A clip's level at several resolutions, so that drawing costs what is visible and not what there is. */
export interface Peaks {
  readonly seconds: number;
  /** Full scale of a sample. */
  readonly full: number;
  /** Finest first; each is STEP times coarser than the one before. */
  readonly levels: readonly Level[];
  readonly secondsPerPixel: number;
}

const STEP = 4;
/** Coarser than this nothing is ever drawn. */
const SMALLEST = 2048;
/** Samples that are taken in one go: well below a frame's 16 ms. */
const CHUNK = 200_000;

/** Fetches and reads our `.dat`; null when it cannot be had. Gives the page's thread back in between. */
export async function loadPeaks(url: string, signal: AbortSignal): Promise<Peaks | null> {
  try {
    const response = await fetch(url, { signal });
    if (!response.ok) return null;
    const data = WaveformData.create(await response.arrayBuffer());
    return await buildPeaks(data, signal, breathe);
  } catch {
    return null;
  }
}

type Source = Pick<WaveformData, 'length' | 'channels' | 'channel' | 'bits' | 'duration' | 'seconds_per_pixel'>;

/** @param pause awaited between pieces of work */
export async function buildPeaks(data: Source, signal: AbortSignal, pause: () => Promise<void>): Promise<Peaks | null> {
  const channels = Array.from({ length: data.channels }, (_, index) => data.channel(index));
  const low = new Int16Array(data.length);
  const high = new Int16Array(data.length);
  for (let from = 0; from < data.length; from += CHUNK) {
    const to = Math.min(from + CHUNK, data.length);
    for (const channel of channels) {
      for (let at = from; at < to; at += 1) {
        low[at] = Math.min(low[at] ?? 0, channel.min_sample(at));
        high[at] = Math.max(high[at] ?? 0, channel.max_sample(at));
      }
    }
    await pause();
    if (signal.aborted) return null;
  }
  const levels: Level[] = [{ scale: 1, low, high }];
  for (;;) {
    // It began with one.
    const finer = levels.at(-1) as Level;
    if (finer.low.length <= SMALLEST) break;
    levels.push(coarser(finer));
  }
  return {
    seconds: data.duration,
    full: data.bits === 16 ? 32_768 : 128,
    levels,
    secondsPerPixel: data.seconds_per_pixel,
  };
}

function coarser({ scale, low, high }: Level): Level {
  const length = Math.ceil(low.length / STEP);
  const next = { scale: scale * STEP, low: new Int16Array(length), high: new Int16Array(length) };
  for (let at = 0; at < length; at += 1) {
    let [least, most] = [0, 0];
    for (let inner = at * STEP; inner < Math.min((at + 1) * STEP, low.length); inner += 1) {
      least = Math.min(least, low[inner] ?? 0);
      most = Math.max(most, high[inner] ?? 0);
    }
    next.low[at] = least;
    next.high[at] = most;
  }
  return next;
}

/** Lowest and highest level (−1..1) between two moments, read from the level that fits. */
export function extremes(peaks: Peaks, from: number, to: number): readonly [low: number, high: number] {
  const pixels = (to - from) / peaks.secondsPerPixel;
  const level = peaks.levels.findLast(({ scale }) => scale <= Math.max(1, pixels)) ?? peaks.levels[0];
  if (level === undefined) return [0, 0];
  const per = peaks.secondsPerPixel * level.scale;
  const first = Math.max(0, Math.floor(from / per));
  const last = Math.min(level.low.length - 1, Math.max(first, Math.ceil(to / per) - 1));
  let [low, high] = [0, 0];
  for (let at = first; at <= last; at += 1) {
    low = Math.min(low, level.low[at] ?? 0);
    high = Math.max(high, level.high[at] ?? 0);
  }
  return [low / peaks.full, high / peaks.full];
}

function breathe(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}
