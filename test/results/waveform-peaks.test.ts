import WaveformData from 'waveform-data';
import { describe, expect, it } from 'vitest';
import { buildPeaks, extremes, type Peaks } from '../../renderer/results/waveform-peaks.ts';
import { waveformDat } from '../support/waveform-dat.ts';

const none = async (): Promise<void> => undefined;

async function peaksOf(levels: readonly number[], secondsPerPixel: number): Promise<Peaks> {
  const data = WaveformData.create(waveformDat(levels, secondsPerPixel).buffer);
  const peaks = await buildPeaks(data, new AbortController().signal, none);
  if (peaks === null) throw new Error('nothing was built');
  return peaks;
}

describe('peaks', () => {
  it('never lose a peak, whatever is visible', async () => {
    const levels = Array.from({ length: 50_000 }, () => 0.1);
    levels[31_234] = 1;
    const peaks = await peaksOf(levels, 0.01);
    expect(peaks.levels.length).toBeGreaterThan(2);
    for (const span of [0.02, 1, 10, 100, 500]) {
      const [low, high] = extremes(peaks, 312.34 - span / 2, 312.34 + span / 2 + 0.001);
      expect(high, `over ${span} s`).toBeCloseTo(127 / 128, 5);
      expect(low).toBeCloseTo(-127 / 128, 5);
    }
    expect(extremes(peaks, 0, 10)[1]).toBeCloseTo(13 / 128, 5);
  });

  it('read a bounded number of values for one column, whatever the length', async () => {
    const peaks = await peaksOf(
      Array.from({ length: 200_000 }, () => 0.5),
      256 / 48_000,
    );
    const span = peaks.seconds / 1400;
    const level = peaks.levels.findLast(({ scale }) => scale <= span / peaks.secondsPerPixel);
    expect(span / (peaks.secondsPerPixel * (level?.scale ?? 1))).toBeLessThanOrEqual(4);
  });

  it('stop when nobody wants them any more', async () => {
    const data = WaveformData.create(waveformDat([0.5, 0.5], 0.01).buffer);
    expect(await buildPeaks(data, AbortSignal.abort(), none)).toBeNull();
  });
});
