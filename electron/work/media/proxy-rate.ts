import type { Ratio, VideoStream } from './probe.ts';
import { isNear, ratioValue, reduceRatio } from './rational.ts';

/** `variable`: frames have no common distance; `rate` is then their average. */
export interface FrameRate {
  readonly kind: 'constant' | 'variable';
  readonly rate: Ratio;
}

const STANDARD_RATES: readonly Ratio[] = [
  { num: 24000, den: 1001 },
  { num: 24, den: 1 },
  { num: 25, den: 1 },
  { num: 30000, den: 1001 },
  { num: 30, den: 1 },
  { num: 48, den: 1 },
  { num: 50, den: 1 },
  { num: 60000, den: 1001 },
  { num: 60, den: 1 },
  { num: 100, den: 1 },
  { num: 120_000, den: 1001 },
  { num: 120, den: 1 },
];

/** Containers with millisecond clocks round 23.976 to within this. */
const SAME_RATE = 0.002;
const INTERLACED = new Set(['tt', 'bb', 'tb', 'bt']);

export function isInterlaced(stream: VideoStream): boolean {
  return stream.fieldOrder !== undefined && INTERLACED.has(stream.fieldOrder);
}

/** What the frame rate of a source is, in frames (not fields) per second; undefined when the file does not tell. */
export function frameRate(stream: VideoStream): FrameRate | undefined {
  const { realRate: real, averageRate: average } = stream;
  if (real === undefined || average === undefined) {
    const only = real ?? average;
    return only === undefined ? undefined : { kind: 'constant', rate: reduceRatio(only) };
  }
  if (isNear(average, real, SAME_RATE)) return { kind: 'constant', rate: exactOf(average, real) };
  // H.264 and MPEG-2 count fields: 50 "frames" a second of 25 interlaced pictures.
  const halved = { num: real.num, den: real.den * 2 };
  if (isInterlaced(stream) && isNear(average, halved, SAME_RATE))
    return { kind: 'constant', rate: reduceRatio(halved) };
  return { kind: 'variable', rate: standardOr(average) };
}

/** Millisecond clocks give 19001/317 for 59.94: within a ten-thousandth of a standard rate it is that rate. */
const ROUNDED_RATE = 0.0001;

/** ffmpeg's guess at the rate knows no 119.88 and says 120; the container's own fraction then decides. */
function exactOf(average: Ratio, real: Ratio): Ratio {
  const [told, guessed] = [reduceRatio(average), reduceRatio(real)];
  const isTold = STANDARD_RATES.some((rate) => rate.num === told.num && rate.den === told.den);
  if (isTold) return told;
  return STANDARD_RATES.find((standard) => isNear(guessed, standard, ROUNDED_RATE)) ?? guessed;
}

/** Above this, a rate that no two frames agree on says more about the clock than about the pictures. */
const FASTEST_COMMON_CLOCK = 60.01;
const FASTEST = 240;
/** Key frames 2 s apart need at least one frame a second to be made from. */
const SLOWEST = 1;

/**
 * The constant rate of a review proxy. A constant source keeps its own; a variable one gets the rate that times all
 * its frames exactly (`r_frame_rate`), or 60 where that is no rate at all (600, 90000). Frames are repeated, so the
 * picture stays in step with the sound over the whole length, and key frames can be placed by counting.
 */
export function steadyRate(stream: VideoStream): Ratio {
  const judged = frameRate(stream);
  if (judged === undefined) return { num: 30, den: 1 };
  if (judged.kind === 'constant') return withinBounds(judged.rate);
  const real = stream.realRate ?? judged.rate;
  if (ratioValue(real) <= FASTEST_COMMON_CLOCK && ratioValue(real) >= ratioValue(judged.rate))
    return withinBounds(real);
  if (ratioValue(real) > FASTEST_COMMON_CLOCK) return { num: 60, den: 1 };
  return withinBounds(STANDARD_RATES.find((rate) => ratioValue(rate) >= ratioValue(judged.rate)) ?? judged.rate);
}

/**
 * Option of the `fps` filter, beginning with a colon, or empty: a last picture that is stated to be shown for less than
 * half of its place is in the proxy all the same. Not where a clock cannot write the rate's places exactly: what its
 * rounding adds to the end would become one picture too many.
 */
export function lastPictureKept(stream: VideoStream, rate: Ratio): string {
  const { timeBase } = stream;
  const ticks = timeBase === undefined ? Number.NaN : (timeBase.den * rate.den) / (timeBase.num * rate.num);
  return Number.isInteger(ticks) || frameRate(stream)?.kind === 'variable' ? ':eof_action=pass' : '';
}

/** Largest number of frames from one key frame to the next that never takes longer than `seconds`: 47 at 23.976 and 2 s. */
export function keyFrameInterval(rate: Ratio, seconds: number): number {
  return Math.max(1, Math.floor((seconds * rate.num) / rate.den));
}

function withinBounds(rate: Ratio): Ratio {
  const value = ratioValue(rate);
  if (value < SLOWEST) return reduceRatio({ num: rate.num * Math.ceil(SLOWEST / value), den: rate.den });
  if (value > FASTEST) return reduceRatio({ num: rate.num, den: rate.den * Math.ceil(value / FASTEST) });
  return reduceRatio(rate);
}

function standardOr(rate: Ratio): Ratio {
  return STANDARD_RATES.find((standard) => isNear(rate, standard, 0.0005)) ?? reduceRatio(rate);
}
