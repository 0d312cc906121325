/** How long sound is cut for the engine, so that memory does not grow with its length. Pure: works on s16 samples. */

export const SAMPLE_RATE = 16_000;
export const BYTES_PER_SAMPLE = 2;

/** Ten of the model's own 30 s: 9.6 MB of samples, and few enough cuts. */
export const WINDOW_SAMPLES = 300 * SAMPLE_RATE;
/** A cut is looked for in the last 30 s of a window. */
const SEARCH_SAMPLES = 30 * SAMPLE_RATE;
/** A pause worth cutting at lasts longer than a plosive. */
const PAUSE_SAMPLES = SAMPLE_RATE / 5;
/** 20 dB below what is around it: breath and room noise are, unstressed syllables are not. */
const PAUSE_POWER = 0.01;
/** What two windows share where a cut went through speech: a long word and a second to each side. */
export const OVERLAP_SAMPLES = 4 * SAMPLE_RATE;

/**
 * Loudest value that is digital silence: lossy codecs decode zeros to one or two steps, and nothing spoken is
 * quieter than 4 steps of 32,768 (−78 dBFS).
 */
const SILENCE_PEAK = 4;

export function isDigitalSilence(samples: Int16Array): boolean {
  return samples.every((sample) => sample <= SILENCE_PEAK && sample >= -SILENCE_PEAK);
}

export interface Cut {
  /** Where the window ends, in samples from its start. */
  readonly at: number;
  /** So many samples before `at` the next window begins: 0 at a pause, more where the cut goes through sound. */
  readonly overlap: number;
}

/**
 * Where to end a full window: the middle of the quietest 0.2 s of its last 30 s, if that is a pause; otherwise its end,
 * shared with the next window. Never before `samples.length - 30 s`, so a window always advances.
 */
export function cutWindow(samples: Int16Array): Cut {
  const from = Math.max(0, samples.length - SEARCH_SAMPLES);
  const step = PAUSE_SAMPLES / 2;
  let quietest = Number.POSITIVE_INFINITY;
  let at = samples.length;
  let total = 0;
  let counted = 0;
  for (let start = from; start + PAUSE_SAMPLES <= samples.length; start += step) {
    const energy = energyOf(samples, start, PAUSE_SAMPLES);
    total += energy;
    counted += 1;
    if (energy <= quietest) {
      quietest = energy;
      at = start + step;
    }
  }
  const isPause =
    counted > 0 && quietest <= Math.max((total / counted) * PAUSE_POWER, PAUSE_SAMPLES * SILENCE_PEAK ** 2);
  // A window that is hardly longer than what it shares would not advance.
  if (isPause || samples.length <= 2 * OVERLAP_SAMPLES) return { at, overlap: 0 };
  return { at: samples.length, overlap: OVERLAP_SAMPLES };
}

function energyOf(samples: Int16Array, start: number, length: number): number {
  let energy = 0;
  for (let index = start; index < start + length; index += 1) energy += (samples[index] ?? 0) ** 2;
  return energy;
}

export const samplesToMs = (samples: number): number => (samples * 1000) / SAMPLE_RATE;
