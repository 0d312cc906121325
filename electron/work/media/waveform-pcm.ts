import { WAVEFORM } from '../../../shared/profiles.ts';
import { createExtremes, type SampleRun } from './waveform-extremes.ts';

/**
 * Waveform arithmetic over raw PCM. It runs in the agent and not in the media worker: nothing is parsed here, samples
 * are integers whatever a file contained, and Node offers no pipe from one child to another, so a worker would cost a
 * second copy of every sample (1.3 GB for an hour of 48 kHz stereo). To be reconsidered when the worker must read
 * media for waveforms itself.
 */
export interface Waveform {
  /** Interleaved s16le, cut anywhere. */
  push(chunk: Buffer): void;
  /** How many bytes `takePixels` would give. */
  readonly pendingBytes: number;
  /** Bytes for the .dat body that are ready, and forgets them. */
  takePixels(): Buffer;
  /** Completes the last pixel; to be called once, after the last push. */
  finish(): void;
  /** Samples per channel so far. */
  readonly frames: number;
  readonly pixels: number;
  /** Channels of the .dat: 1 or 2. */
  readonly channels: number;
  /** Peaks of all channels in `count` equal parts of the whole, 0..1 with four decimals. */
  buckets(count: number): number[];
}

/** Fine enough that a bucket of 1/1000 is at most 1/65 too long at its ends; 256 KiB whatever the length. */
const MAX_BINS = 131_072;

/**
 * @param pcmChannels channels of the PCM; more than two become one, the extremes of all of them.
 * @param expectedFrames how long the sound will be, where known: saves work and, unless less than half of it comes,
 *   changes nothing.
 */
export function createWaveform(pcmChannels: number, expectedFrames = 0): Waveform {
  const frameBytes = pcmChannels * 2;
  const channels = pcmChannels === 2 ? 2 : 1;
  const extremes = createExtremes(channels);
  const bins = createPeakBins(expectedFrames / 2);
  const row = createPixelRow(channels, pcmChannels);
  let rest = Buffer.alloc(0);
  let frames = 0;
  return {
    push(chunk) {
      const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
      const count = Math.floor(bytes.length / frameBytes);
      const whole = count * frameBytes;
      rest = whole === bytes.length ? NOTHING : Buffer.from(bytes.subarray(whole));
      const samples = extremes.load(bytes.subarray(0, whole));
      for (let at = 0; at < count;) {
        const step = Math.min(count - at, row.room(), bins.room());
        bins.add(step, row.add(samples, at, at + step));
        at += step;
      }
      frames += count;
    },
    get pendingBytes() {
      return row.pendingBytes();
    },
    takePixels: () => row.take(),
    finish: () => row.finish(),
    get frames() {
      return frames;
    },
    get pixels() {
      return row.count();
    },
    channels,
    buckets: (count) => bins.buckets(count, frames).map((peak) => round(Math.min(1, peak / 32_768))),
  };
}

const NOTHING = Buffer.alloc(0);

/** The .dat's min/max pairs: per pixel, then per channel. */
function createPixelRow(channels: 1 | 2, pcmChannels: number) {
  // Of the pixel so far, and of the latest frames alone.
  const low = new Int32Array(channels).fill(32_767);
  const high = new Int32Array(channels).fill(-32_768);
  const latestLow = new Int32Array(channels);
  const latestHigh = new Int32Array(channels);
  let ready = new Uint8Array(8192);
  let used = 0;
  let filled = 0;
  let count = 0;
  const close = (): void => {
    if (used + 2 * channels > ready.length) {
      const larger = new Uint8Array(ready.length * 2);
      larger.set(ready);
      ready = larger;
    }
    for (let channel = 0; channel < channels; channel++) {
      ready[used++] = toByte(low[channel] ?? 0);
      ready[used++] = toByte(high[channel] ?? 0);
    }
    low.fill(32_767);
    high.fill(-32_768);
    filled = 0;
    count++;
  };
  return {
    count: (): number => count,
    pendingBytes: (): number => used,
    /** Frames until the current pixel is full. */
    room: (): number => WAVEFORM.samplesPerPixel - filled,
    /** Takes in frames [from, to), no more than there is room for; answers the highest level among them. */
    add(samples: SampleRun, from: number, to: number): number {
      latestLow.fill(32_767);
      latestHigh.fill(-32_768);
      samples.widen(from * pcmChannels, to * pcmChannels, latestLow, latestHigh);
      let peak = 0;
      for (let channel = 0; channel < channels; channel++) {
        const min = latestLow[channel] ?? 0;
        const max = latestHigh[channel] ?? 0;
        if (min < (low[channel] ?? 0)) low[channel] = min;
        if (max > (high[channel] ?? 0)) high[channel] = max;
        peak = Math.max(peak, -min, max);
      }
      filled += to - from;
      if (filled === WAVEFORM.samplesPerPixel) close();
      return peak;
    },
    finish: (): void => {
      if (filled > 0) close();
    },
    take(): Buffer {
      const bytes = Buffer.from(ready.subarray(0, used));
      used = 0;
      return bytes;
    },
  };
}

/** Header of a BBC audiowaveform .dat, version 2 (24 bytes, little-endian; flag 1: 8 bits). */
export function datHeader(sampleRate: number, waveform: Pick<Waveform, 'pixels' | 'channels'>): Buffer {
  const header = Buffer.alloc(DAT_HEADER_BYTES);
  const fields = [WAVEFORM.datVersion, 1, sampleRate, WAVEFORM.samplesPerPixel, waveform.pixels, waveform.channels];
  for (const [i, field] of fields.entries()) header.writeUInt32LE(field, i * 4);
  return header;
}

export const DAT_HEADER_BYTES = 24;

/**
 * Peaks of equal stretches of time. When they run out, neighbours are joined and each covers twice the time.
 * @param atLeast frames that will come: bins that would be joined on the way there are not made in the first place.
 */
function createPeakBins(atLeast: number) {
  const peaks = new Uint16Array(MAX_BINS);
  let size = 1;
  while (size * MAX_BINS <= atLeast) size *= 2;
  let used = 0;
  let filled = 0;
  return {
    /** Frames until the current bin is full. */
    room: (): number => size - filled,
    add(count: number, peak: number): void {
      peaks[used] = Math.max(peaks[used] ?? 0, peak);
      filled += count;
      if (filled < size) return;
      filled = 0;
      used++;
      if (used < MAX_BINS) return;
      for (let i = 0; i < MAX_BINS / 2; i++) peaks[i] = Math.max(peaks[2 * i] ?? 0, peaks[2 * i + 1] ?? 0);
      peaks.fill(0, MAX_BINS / 2);
      used = MAX_BINS / 2;
      size *= 2;
    },
    buckets(count: number, frames: number): number[] {
      return Array.from({ length: count }, (_, i) => {
        const from = Math.floor((i * frames) / count);
        const to = Math.max(from + 1, Math.floor(((i + 1) * frames) / count));
        let peak = 0;
        for (let bin = Math.floor(from / size); bin * size < to; bin++) peak = Math.max(peak, peaks[bin] ?? 0);
        return peak;
      });
    },
  };
}

/** As audiowaveform does it: integer division, which cuts towards zero. */
function toByte(sample: number): number {
  return Math.trunc(sample / 256) & 0xff;
}

function round(value: number): number {
  const scale = 10 ** WAVEFORM.decimals;
  return Math.round(value * scale) / scale;
}
