/** How long sound is cut for the engine, so that memory does not grow with its length. Pure: works on s16 samples. */

export const SAMPLE_RATE = 16_000;
export const BYTES_PER_SAMPLE = 2;

/** Ten of the model's own 30 s: 9.6 MB of samples, and few enough cuts. */
export const WINDOW_SAMPLES = 300 * SAMPLE_RATE;
/** A cut is looked for in the last 30 s of a window. */
const SEARCH_SAMPLES = 30 * SAMPLE_RATE;
/** A pause worth cutting at lasts longer than a plosive. */
const PAUSE_SAMPLES = SAMPLE_RATE / 5;

/**
 * Loudest value that is digital silence: lossy codecs decode zeros to one or two steps, and nothing spoken is
 * quieter than 4 steps of 32,768 (−78 dBFS).
 */
const SILENCE_PEAK = 4;

export function isDigitalSilence(samples: Int16Array): boolean {
  return samples.every((sample) => sample <= SILENCE_PEAK && sample >= -SILENCE_PEAK);
}

/**
 * Where to end a full window: the middle of the quietest 0.2 s of its last 30 s, in samples from its start.
 * Never before `samples.length - 30 s`, so a window always advances.
 */
export function cutAtPause(samples: Int16Array): number {
  const from = Math.max(0, samples.length - SEARCH_SAMPLES);
  const step = PAUSE_SAMPLES / 2;
  let quietest = Number.POSITIVE_INFINITY;
  let cut = samples.length;
  for (let start = from; start + PAUSE_SAMPLES <= samples.length; start += step) {
    let energy = 0;
    for (let index = start; index < start + PAUSE_SAMPLES; index += 1) energy += (samples[index] ?? 0) ** 2;
    if (energy <= quietest) {
      quietest = energy;
      cut = start + step;
    }
  }
  return cut;
}

export const samplesToMs = (samples: number): number => (samples * 1000) / SAMPLE_RATE;
