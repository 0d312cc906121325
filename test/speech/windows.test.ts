import { describe, expect, it } from 'vitest';
import { engineLanguage } from '../../electron/work/speech/languages.ts';
import { parseEngineMessage } from '../../electron/work/speech/engine-protocol.ts';
import {
  cutWindow,
  isDigitalSilence,
  OVERLAP_SAMPLES,
  SAMPLE_RATE,
  WINDOW_SAMPLES,
} from '../../electron/work/speech/windows.ts';

const tone = (seconds: number): Int16Array =>
  Int16Array.from({ length: seconds * SAMPLE_RATE }, (_, at) => Math.sin(at / 7) * 8000);

describe('windows', () => {
  it('ends a window in the pause of its last 30 s', () => {
    const samples = tone(300);
    // A longer pause at 100 s must not be taken: the window would waste two thirds of itself.
    samples.fill(0, 100 * SAMPLE_RATE, 105 * SAMPLE_RATE);
    samples.fill(0, 281 * SAMPLE_RATE, 281.4 * SAMPLE_RATE);
    const { at, overlap } = cutWindow(samples);
    expect(at / SAMPLE_RATE).toBeGreaterThan(281);
    expect(at / SAMPLE_RATE).toBeLessThan(281.4);
    expect(overlap).toBe(0);
  });

  it('always goes on, also without a pause', () => {
    expect(cutWindow(tone(300))).toEqual({ at: WINDOW_SAMPLES, overlap: OVERLAP_SAMPLES });
    expect(cutWindow(tone(4))).toMatchObject({ overlap: 0 });
  });

  it('knows digital silence, with the last step of a lossy codec, from a whisper', () => {
    expect(isDigitalSilence(Int16Array.of(0, 1, -1, 2))).toBe(true);
    expect(isDigitalSilence(Int16Array.of(0, 0, 33, 0))).toBe(false);
    expect(isDigitalSilence(Int16Array.of(-32_768))).toBe(false);
  });
});

describe('engineLanguage', () => {
  it.each([
    [undefined, 'auto'],
    ['auto', 'auto'],
    ['fr', 'fr'],
    ['FR-ca', 'fr'],
    ['pt_BR', 'pt'],
    ['nb', 'no'],
    ['yue', 'yue'],
    ['tlh', null],
    ['', null],
  ])('%s → %s', (tag, name) => {
    expect(engineLanguage(tag)).toBe(name);
  });
});

describe('parseEngineMessage', () => {
  it('leaves alone what a library prints', () => {
    expect(parseEngineMessage('whisper_init: loading')).toBeNull();
    expect(parseEngineMessage('{"type":"progress"')).toBeNull();
    expect(parseEngineMessage('{"type":"dance"}')).toBeNull();
    expect(parseEngineMessage('{"type":"progress","fraction":2.72}')).toEqual({ type: 'progress', fraction: 2.72 });
  });
});
