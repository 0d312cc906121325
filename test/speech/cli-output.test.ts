import { describe, expect, it } from 'vitest';
import { parseCliOutput } from '../../electron/work/speech/cli-output.ts';

interface Piece {
  readonly text: string;
  readonly from: number;
  readonly to: number;
}

const output = (from: number, to: number, ...pieces: readonly Piece[]): string =>
  JSON.stringify({
    result: { language: 'en' },
    transcription: [
      {
        offsets: { from, to },
        text: pieces.map(({ text }) => text).join(''),
        tokens: [
          { text: '[_BEG_]', offsets: { from: pieces[0]?.from ?? 0, to: pieces[0]?.from ?? 0 }, p: 0.99 },
          ...pieces.map(({ text, ...offsets }) => ({ text, offsets, p: 0.9 })),
          { text: '[_TT_169]', offsets: { from: pieces.at(-1)?.to ?? 0, to: pieces.at(-1)?.to ?? 0 }, p: 0.2 },
        ],
      },
    ],
  });

const WORDS = [
  { text: ' I', from: 0, to: 70 },
  { text: ' want', from: 130, to: 370 },
  { text: ' to', from: 370, to: 3380 },
];
const startsOf = (text: string, detected: boolean): number[] | undefined =>
  parseCliOutput(text, detected)?.segments[0]?.words?.map(({ startMs }) => startMs);

describe('what whisper-cli writes', () => {
  it('with a detector, words are put back to where their line is', () => {
    expect(startsOf(output(4480, 7860, ...WORDS), true)).toEqual([4480, 4610, 4850]);
  });

  it('where silence was left out inside the line nobody knows where, so there are no words', () => {
    const parsed = parseCliOutput(output(4480, 12_000, ...WORDS), true);
    expect(parsed?.segments).toEqual([{ startMs: 4480, endMs: 12_000, text: ' I want to' }]);
    expect(parsed?.probabilities).toHaveLength(3);
  });

  it('a version that puts words back by itself is left alone, and so is one without a detector', () => {
    const right = WORDS.map(({ text, from, to }) => ({ text, from: from + 4480, to: to + 4480 }));
    expect(startsOf(output(4480, 7860, ...right), true)).toEqual([4480, 4610, 4850]);
    expect(startsOf(output(0, 3380, ...WORDS), false)).toEqual([0, 130, 370]);
  });

  it('anything else is no transcript', () => {
    for (const text of ['', '{', '[]', '{"transcription":[{"text":"a"}]}']) expect(parseCliOutput(text)).toBeNull();
  });
});
