import { SAMPLE_RATE } from './windows.ts';

/**
 * Only what the detector calls speech is given to the engine, put together with short silences between; the map leads
 * from a time in that to the time in the window. Pure.
 */

interface Stretch {
  /** Samples from the start of the window; `to` is not part of it. */
  readonly from: number;
  readonly to: number;
}

/** Between two stretches, so that the engine does not run their words together (whisper.cpp uses 0.1 s). */
const GAP_SAMPLES = SAMPLE_RATE / 10;
/** The detector cuts tight: consonants begin before the voice, vowels die away after it. */
const MARGIN_SAMPLES = SAMPLE_RATE / 5;
/** Above this share nothing is gained by leaving the rest out. */
const NEARLY_ALL = 0.9;

/** Stretches with their margins, in order and apart; those that touch are one. */
export function widened(stretches: readonly Stretch[], length: number): readonly Stretch[] {
  const result: Stretch[] = [];
  for (const { from, to } of stretches.toSorted((a, b) => a.from - b.from)) {
    const start = Math.max(0, from - MARGIN_SAMPLES);
    const end = Math.min(length, to + MARGIN_SAMPLES);
    const last = result.at(-1);
    if (end <= start) continue;
    if (last !== undefined && start <= last.to + GAP_SAMPLES) {
      result[result.length - 1] = { from: last.from, to: Math.max(last.to, end) };
    } else result.push({ from: start, to: end });
  }
  return result;
}

export interface SpeechOnly {
  readonly samples: Int16Array<ArrayBuffer>;
  /** Milliseconds in `samples` → milliseconds in the window; never falls. */
  readonly toWindowMs: (ms: number) => number;
}

/** @param stretches as `widened` gives them */
export function speechOnly(window: Int16Array<ArrayBuffer>, stretches: readonly Stretch[]): SpeechOnly {
  const speech = stretches.reduce((sum, { from, to }) => sum + to - from, 0);
  if (speech >= window.length * NEARLY_ALL) return { samples: window, toWindowMs: (ms) => ms };
  const samples = new Int16Array(speech + GAP_SAMPLES * Math.max(0, stretches.length - 1));
  const places: { readonly at: number; readonly from: number; readonly length: number }[] = [];
  let at = 0;
  for (const { from, to } of stretches) {
    samples.set(window.subarray(from, to), at);
    places.push({ at, from, length: to - from });
    at += to - from + GAP_SAMPLES;
  }
  const toWindowMs = (ms: number): number => {
    const sample = (ms * SAMPLE_RATE) / 1000;
    const place = places.findLast((entry) => entry.at <= sample) ?? places[0];
    if (place === undefined) return 0;
    return ((place.from + Math.min(place.length, Math.max(0, sample - place.at))) * 1000) / SAMPLE_RATE;
  };
  return { samples, toWindowMs };
}
