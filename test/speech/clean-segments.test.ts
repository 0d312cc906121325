import { array, assert, constantFrom, double, integer, oneof, property, record, string } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cleanSegments, type RawSegment } from '../../electron/work/speech/clean-segments.ts';

const line = (startMs: number, endMs: number, text: string): RawSegment => ({ startMs, endMs, text });
/** Lines of two seconds each, one after the other. */
const lines = (...texts: readonly string[]): RawSegment[] =>
  texts.map((text, at) => line(at * 2000, at * 2000 + 2000, text));
const textsOf = (raw: readonly RawSegment[]) => cleanSegments(raw, 600_000).segments.map(({ text }) => text);

describe('cleanSegments', () => {
  it('orders, trims, and keeps times apart and inside the media', () => {
    const { segments } = cleanSegments(
      [line(4000.4, 9000, ' third  line '), line(-20, 2100, ' First.'), line(2000, 4100, 'Second.')],
      8000,
    );
    expect(segments).toEqual([
      { start_ms: 0, end_ms: 2100, text: 'First.' },
      { start_ms: 2100, end_ms: 4100, text: 'Second.' },
      { start_ms: 4100, end_ms: 8000, text: 'third line' },
    ]);
  });

  it('drops what is no speech: empty lines, dots, marks for silence', () => {
    expect(textsOf(lines(' ', '...', ' [BLANK_AUDIO]', '(Silence)', '♪', 'Bonjour.', '[ Silence ]'))).toEqual([
      'Bonjour.',
    ]);
  });

  it('keeps words without a time of their own', () => {
    const { segments } = cleanSegments([line(0, 1000, 'Hello'), line(1000, 1000, 'there')], 5000);
    expect(segments).toEqual([{ start_ms: 0, end_ms: 1000, text: 'Hello there' }]);
  });

  it('cuts a line that repeats four times, not one that repeats three times', () => {
    expect(textsOf(lines('No.', 'no', 'No!', 'Stop.'))).toEqual(['No.', 'no', 'No!', 'Stop.']);
    const { segments, loops } = cleanSegments(
      lines('Start.', 'Thank you.', 'Thank you.', 'thank you', 'Thank you.', 'Bye.'),
      60_000,
    );
    expect(segments.map(({ text }) => text)).toEqual(['Start.', 'Thank you.', 'Bye.']);
    expect(loops).toBe(3);
  });

  it('cuts a verse that goes round three times', () => {
    expect(textsOf(lines('a b', 'c d', 'a b', 'c d', 'a b', 'c d', 'end'))).toEqual(['a b', 'c d', 'end']);
    expect(textsOf(lines('a b', 'c d', 'a b', 'c d', 'end'))).toEqual(['a b', 'c d', 'a b', 'c d', 'end']);
  });

  it('cuts a phrase that goes round inside one segment', () => {
    const { segments, loops } = cleanSegments(lines(`So ${'and then we '.repeat(12)}left.`), 60_000);
    expect(segments[0]?.text).toBe('So and then we left.');
    expect(loops).toBe(1);
    expect(textsOf(lines('no no no no no, I said.'))).toEqual(['no no no no no, I said.']);
  });

  it('whatever an engine says: ordered, apart, inside, not empty', () => {
    const segment = record({
      startMs: double({ min: -5000, max: 50_000, noNaN: true }),
      endMs: double({ min: -5000, max: 50_000, noNaN: true }),
      text: oneof(constantFrom('a', 'b c', ' ', '[BLANK_AUDIO]'), string()),
    });
    assert(
      property(array(segment, { maxLength: 30 }), integer({ min: 0, max: 40_000 }), (raw, mediaMs) => {
        let last = 0;
        for (const { start_ms: start, end_ms: end, text } of cleanSegments(raw, mediaMs).segments) {
          expect(start).toBeGreaterThanOrEqual(last);
          expect(end).toBeGreaterThan(start);
          expect(end).toBeLessThanOrEqual(mediaMs);
          expect(text.trim()).not.toBe('');
          last = end;
        }
      }),
    );
  });
});
