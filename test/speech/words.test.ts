import { array, assert, integer, property, record, string, stringMatching } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createWindowJoiner } from '../../electron/work/speech/join-windows.ts';
import { speechOnly, widened } from '../../electron/work/speech/speech-map.ts';
import { linesOf, mendPieces, wordsOf, type TimedPiece } from '../../electron/work/speech/words.ts';

/** Pieces of 100 ms each. */
const pieces = (...texts: readonly string[]): TimedPiece[] =>
  texts.map((text, at) => ({ startMs: at * 100, endMs: at * 100 + 100, text }));
const lines = (...texts: readonly string[]) => linesOf(wordsOf(pieces(...texts)));

describe('words from tokens', () => {
  it('a space begins a word, punctuation and word parts belong to the word before', () => {
    expect(wordsOf(pieces('', ' Bon', 'jour', ',', ' tout', ' le', ' monde', '.')).map(({ text }) => text)).toEqual([
      'Bonjour,',
      'tout',
      'le',
      'monde.',
    ]);
    expect(wordsOf(pieces(' Bon', 'jour'))[0]).toMatchObject({ startMs: 0, endMs: 200 });
  });

  it('signs of a script without spaces are words of their own, written together', () => {
    const [line] = lines('今', '日', 'は', '。');
    expect(line?.text).toBe('今日は。');
    expect(line?.words?.map(({ text }) => text)).toEqual(['今', '日', 'は。']);
  });

  it('a character cut between two tokens is taken from the whole text', () => {
    const mended = mendPieces(
      pieces(' caf', '\uFFFD', '\uFFFD', ' noir', ' \uFFFD', '\uFFFD\uFFFD!'),
      ' café noir 🎬!',
    );
    expect(mended.map(({ text }) => text)).toEqual([' caf', 'é', ' noir', ' 🎬!']);
    expect(mended[1]).toMatchObject({ startMs: 100, endMs: 300 });
  });

  it('lines end with sentences, at pauses and before they grow too long', () => {
    expect(lines(' Mr.', ' Smith', ' left.', ' She', ' stayed.').map(({ text }) => text)).toEqual([
      'Mr. Smith left.',
      'She stayed.',
    ]);
    const paused = [
      { startMs: 0, endMs: 500, text: ' so' },
      { startMs: 1500, endMs: 2000, text: ' yes' },
    ];
    expect(linesOf(wordsOf(paused))).toHaveLength(2);
    const long = lines(...Array.from({ length: 100 }, () => ' word'));
    expect(long.length).toBeGreaterThan(1);
    expect(Math.max(...long.map(({ text }) => text.length))).toBeLessThanOrEqual(210);
  });

  it('no word is lost or invented', () => {
    assert(
      property(array(stringMatching(/^ ?[a-zé.,?]{1,6}$/), { maxLength: 40 }), (texts) => {
        const said = texts.join('').replaceAll(/\s+/g, '');
        expect(
          lines(...texts)
            .map(({ text }) => text)
            .join('')
            .replaceAll(/\s+/g, ''),
        ).toBe(said);
      }),
    );
  });
});

describe('windows joined', () => {
  const line = (startMs: number, endMs: number, text: string) => ({ startMs, endMs, text });
  const timed = (startMs: number, text: string) =>
    linesOf(
      wordsOf(
        text
          .split(' ')
          .map((word, at) => ({ startMs: startMs + at * 500, endMs: startMs + at * 500 + 500, text: ` ${word}` })),
      ),
    );

  it('words of the shared seconds are told once', () => {
    const joiner = createWindowJoiner();
    joiner.add(timed(296_000, 'alpha beta gamma delta epsilon zeta eta theta'), 0, 0);
    const before = joiner.add(timed(296_050, 'alpha beta gamma delta epsilon zeta eta theta iota'), 296_000, 4000);
    const all = [...before, ...joiner.end()].map(({ text }) => text).join(' ');
    expect(all).toBe('alpha beta gamma delta epsilon zeta eta theta iota');
  });

  it('without word times the repeated words at the seam go', () => {
    const joiner = createWindowJoiner();
    joiner.add([line(290_000, 297_500, 'we cut through this')], 0, 0);
    const before = joiner.add([line(297_000, 303_000, 'cut through this very word')], 296_000, 4000);
    expect([...before, ...joiner.end()].map(({ text }) => text)).toEqual(['we cut through this', 'very word']);
  });

  it('after a pause nothing is touched', () => {
    const joiner = createWindowJoiner();
    joiner.add([line(0, 1000, 'again')], 0, 0);
    const before = joiner.add([line(1000, 2000, 'again')], 1000, 0);
    expect([...before, ...joiner.end()]).toHaveLength(2);
  });
});

describe('speech only', () => {
  it('times lead back into the stretches, in order, whatever was left out', () => {
    const stretch = record({ from: integer({ min: 0, max: 100_000 }), length: integer({ min: 1, max: 30_000 }) });
    assert(
      property(array(stretch, { minLength: 1, maxLength: 8 }), array(integer({ min: 0, max: 9000 })), (raw, asked) => {
        const window = Int16Array.from({ length: 130_000 }, (_, at) => at % 1000);
        const stretches = widened(
          raw.map(({ from, length }) => ({ from, to: from + length })),
          window.length,
        );
        const { samples, toWindowMs } = speechOnly(window, stretches);
        expect(samples.length).toBeLessThanOrEqual(window.length + 1600 * 8);
        let last = 0;
        for (const ms of asked.toSorted((a, b) => a - b)) {
          const found = toWindowMs(ms);
          expect(found).toBeGreaterThanOrEqual(last);
          if (samples.length < window.length) {
            expect(found).toBeLessThanOrEqual((window.length * 1000) / 16_000);
          }
          last = found;
        }
      }),
      { numRuns: 25 },
    );
  });

  it('the sample at a mapped time is the same sample', () => {
    const window = Int16Array.from({ length: 160_000 }, (_, at) => at % 32_000);
    const stretches = widened(
      [
        { from: 40_000, to: 56_000 },
        { from: 120_000, to: 130_000 },
      ],
      window.length,
    );
    const { samples, toWindowMs } = speechOnly(window, stretches);
    const at = samples.length - 4000;
    expect(samples[at]).toBe(window[Math.round((toWindowMs((at * 1000) / 16_000) * 16_000) / 1000)]);
  });

  it('is not disturbed by any text', () => {
    assert(property(array(string()), (texts) => void lines(...texts)));
  });
});
