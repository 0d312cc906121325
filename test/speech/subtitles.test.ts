import { array, assert, constantFrom, integer, property, record } from 'fast-check';
import { parseSync, type NodeCue } from 'subtitle';
import { describe, expect, it } from 'vitest';
import { parseSubtitleFormats } from '../../electron/headless/process/job-names.ts';
import { cuesOf, SUBTITLE_RULES, widthOf, wrap } from '../../shared/transcript-cues.ts';
import { formatTranscript } from '../../shared/transcript-formats.ts';
import { Transcript } from '../../shared/facts.ts';

const isCue = (node: { readonly type: string }): node is NodeCue => node.type === 'cue';
const parsed = (text: string) =>
  parseSync(text)
    .filter(isCue)
    .map(({ data }) => data);

/** One segment whose words share its time evenly. */
function segment(start: number, end: number, text: string, track?: number): Transcript['segments'][number] {
  const parts = text.split(' ');
  const at = (index: number): number => Math.round(start + ((end - start) * index) / parts.length);
  const words = parts.map((part, index) => ({ start_ms: at(index), end_ms: at(index + 1), text: part }));
  return { start_ms: start, end_ms: end, text, words, ...(track === undefined ? {} : { track }) };
}
const transcriptOf = (...segments: Transcript['segments']): Transcript => ({
  text: segments.map(({ text }) => text).join(' '),
  language: 'en',
  segments,
});

const SPEECH = transcriptOf(
  segment(
    1000,
    9500,
    'The interview took place on a windy hill above the harbour, where nobody could hear a word of it.',
  ),
  segment(9600, 9900, 'Really?'),
  segment(12_000, 13_000, 'Tom & Jerry <laugh> --> "fin" 5 > 4'),
  { start_ms: 3_599_000, end_ms: 3_601_500, text: '今日はとても良い天気ですね、みんなで一緒に海へ行きましょう。' },
);

describe('subtitles', () => {
  it.each(['srt', 'vtt'] as const)('%s says the same when a library reads it back', (format) => {
    const cues = cuesOf(SPEECH);
    const read = parsed(formatTranscript(SPEECH, format));
    expect(read.map(({ start, end }) => [start, end])).toEqual(cues.map(({ startMs, endMs }) => [startMs, endMs]));
    const unescaped = (text: string): string =>
      format === 'vtt' ? text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&') : text;
    expect(read.map(({ text }) => unescaped(text))).toEqual(
      cues.map(({ lines }) => lines.join('\n').replaceAll('-->', '→')),
    );
    const said = read
      .map(({ text }) => unescaped(text))
      .join(' ')
      .replaceAll(/\s+/g, '');
    expect(said).toBe(SPEECH.text.replaceAll('-->', '→').replaceAll(/\s+/g, ''));
  });

  it('lines, times and gaps keep the conventions', () => {
    const cues = cuesOf(SPEECH);
    for (const [index, { startMs, endMs, lines }] of cues.entries()) {
      expect(lines.length).toBeLessThanOrEqual(2);
      for (const line of lines) expect(widthOf(line)).toBeLessThanOrEqual(42);
      expect(endMs - startMs).toBeLessThanOrEqual(SUBTITLE_RULES.maxMs);
      const next = cues[index + 1];
      if (next !== undefined) expect(next.startMs - endMs).toBeGreaterThanOrEqual(SUBTITLE_RULES.gapMs);
    }
    // “Really?” was said in 0.3 s and there is room behind it: it stays for the shortest time.
    const short = cues.find(({ lines }) => lines[0] === 'Really?');
    expect((short?.endMs ?? 0) - (short?.startMs ?? 0)).toBe(SUBTITLE_RULES.minMs);
    // 28 wide signs are 4 s of reading at 20 narrow ones a second, where the next cue leaves them.
    expect(cues.at(-1)?.endMs).toBeGreaterThan(3_601_500);
    expect(cuesOf(SPEECH, 3_601_600).at(-1)?.endMs).toBe(3_601_600);
  });

  it('the command line takes formats by name and says which ones there are', () => {
    expect(parseSubtitleFormats('srt, VTT,txt')).toEqual(['srt', 'vtt', 'txt']);
    expect(() => parseSubtitleFormats('srt,docx')).toThrow('“docx” is not a format of subtitles.');
  });

  it('quick words are shown together, the last ones with what was before', () => {
    const quick = transcriptOf(segment(0, 300, 'No.'), segment(300, 600, 'Yes.'), segment(600, 2000, 'Well, well.'));
    expect(cuesOf(quick).map(({ startMs, lines }) => [startMs, lines])).toEqual([[0, ['No. Yes. Well, well.']]]);
    const end = transcriptOf(segment(0, 2000, 'That is all.'), segment(2000, 2300, 'Bye.'));
    expect(cuesOf(end, 2400)).toEqual([{ startMs: 0, endMs: 2300, lines: ['That is all. Bye.'] }]);
    expect(cuesOf(end, 9000)).toHaveLength(2);
  });

  it('breaks two lines evenly, rather behind a comma', () => {
    expect(wrap('on a windy hill above the harbour, where nobody heard it')).toEqual([
      'on a windy hill above the harbour,',
      'where nobody heard it',
    ]);
    expect(wrap('short')).toEqual(['short']);
    expect(wrap('  ')).toEqual([]);
  });

  it('tracks are told apart, and cues of one track never overlap', () => {
    const both = transcriptOf(segment(0, 3000, 'First microphone here.', 0), segment(500, 2500, 'Second one too.', 1));
    expect(cuesOf(both).map(({ track }) => track)).toEqual([0, 1]);
    expect(formatTranscript(both, 'txt')).toBe('[1] First microphone here.\n[2] Second one too.\n');
    expect(parsed(formatTranscript(both, 'srt')).map(({ text }) => text)).toEqual([
      '[1] First microphone here.',
      '[2] Second one too.',
    ]);
    expect(formatTranscript(both, 'vtt')).toContain('\n<v Track 2>Second one too.\n');
    const wordy = transcriptOf(segment(0, 6000, 'this many words take more than one line of a subtitle', 9));
    const lines = parsed(formatTranscript(wordy, 'srt')).flatMap(({ text }) => text.split('\n'));
    expect(lines).toHaveLength(2);
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(43);
  });

  it('JSON is the transcript with its words; nothing said is an empty file of its format', () => {
    expect(Transcript.parse(JSON.parse(formatTranscript(SPEECH, 'json')))).toEqual(SPEECH);
    const nothing = transcriptOf();
    expect(formatTranscript(nothing, 'srt')).toBe('');
    expect(formatTranscript(nothing, 'vtt')).toBe('WEBVTT\n');
    expect(formatTranscript(nothing, 'txt')).toBe('');
  });

  it('whatever is said: no word lost, no line too long, no overlap, inside the media', () => {
    const word = constantFrom('a', 'it', 'word', 'longer', 'Donaudampfschifffahrt', 'so,', 'end.', 'why?');
    const spoken = record({
      words: array(word, { minLength: 1, maxLength: 40 }),
      ms: integer({ min: 50, max: 30_000 }),
    });
    assert(
      property(array(spoken, { maxLength: 6 }), (said) => {
        let at = 0;
        const segments = said.map(({ words, ms }) => {
          at += ms;
          return segment(at - ms, at, words.join(' '));
        });
        const transcript = transcriptOf(...segments);
        const cues = cuesOf(transcript, at);
        expect(cues.flatMap(({ lines }) => lines).join(' ')).toBe(transcript.text);
        let last = 0;
        for (const [index, { startMs, endMs, lines }] of cues.entries()) {
          const next = cues[index + 1];
          // Gone before it is seen only where it and the next one are too much for one.
          if (next !== undefined && endMs - startMs < SUBTITLE_RULES.minMs) {
            const both = wrap([...lines, ...next.lines].join(' ')).length;
            // Its words may go on until the cue behind it begins.
            const spokenUntil = next.endMs + SUBTITLE_RULES.gapMs + 1;
            expect(both > 2 || spokenUntil - startMs > SUBTITLE_RULES.maxMs).toBe(true);
          }
          expect(startMs).toBeGreaterThanOrEqual(last);
          expect(endMs).toBeGreaterThan(startMs);
          expect(endMs).toBeLessThanOrEqual(at);
          expect(lines.length).toBeLessThanOrEqual(2);
          for (const line of lines) expect(widthOf(line)).toBeLessThanOrEqual(42);
          last = endMs;
        }
      }),
    );
  });
});
