import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { foldText } from '../../shared/text-search.ts';
import { findMatches, lastBegun, shownSegment } from '../../renderer/results/transcript-search.ts';

describe('fold', () => {
  it('takes case and accents away', () => {
    expect(foldText('Élodie à Sète, ÎLE')).toBe('elodie a sete, ile');
  });

  it('keeps the length of any text, so that places stay places', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => void expect(foldText(text)).toHaveLength(text.length)),
    );
  });
});

describe('findMatches', () => {
  const folded = ['We are rolling.', 'Élodie, are you ready? Élodie!'].map(foldText);

  it('finds every place in reading order', () => {
    expect(findMatches(folded, 'ELODIE')).toEqual([
      { segment: 1, from: 0, to: 6 },
      { segment: 1, from: 23, to: 29 },
    ]);
    expect(findMatches(folded, 'are').map(({ segment }) => segment)).toEqual([0, 1]);
  });

  it('takes white space for one blank, and nothing for nothing', () => {
    expect(findMatches(folded, '  are \n rolling ')).toHaveLength(1);
    expect(findMatches(folded, '  ')).toEqual([]);
  });
});

describe('shownSegment', () => {
  const word = (text: string, start: number) => ({ text, start_ms: start, end_ms: start + 100 });

  it('sets words as the engine wrote their blanks', () => {
    const words = [word(' We', 0), word('’re', 100), word(' rolling', 200), word('.', 300)];
    const shown = shownSegment({ start_ms: 0, end_ms: 400, text: ' We’re rolling.', words });
    expect(shown.text).toBe('We’re rolling.');
    expect(shown.words.map(({ from, to }) => shown.text.slice(from, to))).toEqual(['We', '’re', 'rolling', '.']);
  });

  it('puts blanks between words that came without', () => {
    const words = [word('and', 0), word('action', 100)];
    expect(shownSegment({ start_ms: 0, end_ms: 200, text: ' and action', words }).text).toBe('and action');
  });

  it('sets scripts without blanks together', () => {
    const words = [word('今日', 0), word('は', 100)];
    expect(shownSegment({ start_ms: 0, end_ms: 200, text: '今日は', words }).text).toBe('今日は');
  });

  it('is one long word where there are no words', () => {
    expect(shownSegment({ start_ms: 5, end_ms: 9, text: '  And  action. ' })).toEqual({
      text: 'And action.',
      words: [{ text: 'And action.', from: 0, to: 11, startMs: 5, endMs: 9 }],
    });
  });
});

describe('lastBegun', () => {
  it('is the last that begins at or before a moment', () => {
    expect([-1, 0, 99, 100, 250, 9999].map((ms) => lastBegun([0, 100, 200], ms))).toEqual([-1, 0, 0, 1, 2, 2]);
  });
});
