import { foldText } from '../../shared/text-search.ts';
import type { Transcript } from '../../shared/facts.ts';

type Segment = Transcript['segments'][number];

/** A place where a word or phrase was found: a segment, and which letters of its text. */
export interface Match {
  readonly segment: number;
  readonly from: number;
  readonly to: number;
}

/** Every place of `wanted` in reading order; white space in it counts as one blank. */
export function findMatches(folded: readonly string[], wanted: string): Match[] {
  const needle = foldText(wanted.normalize('NFC')).replaceAll(/\s+/g, ' ').trim();
  if (needle === '') return [];
  const found: Match[] = [];
  for (const [segment, text] of folded.entries()) {
    for (let from = text.indexOf(needle); from !== -1; from = text.indexOf(needle, from + needle.length)) {
      found.push({ segment, from, to: from + needle.length });
    }
  }
  return found;
}

/** A segment's text as it is shown, and the places of its words in it. */
export interface ShownSegment {
  readonly text: string;
  readonly words: readonly ShownWord[];
}

export interface ShownWord {
  readonly text: string;
  /** Letters of the segment's text. */
  readonly from: number;
  readonly to: number;
  readonly startMs: number;
  readonly endMs: number;
}

/** Words with their times as they are shown, one blank between them; a segment without words is one long word. */
export function shownSegment(segment: Segment): ShownSegment {
  const said = (segment.words ?? []).filter(({ text }) => text.trim() !== '');
  if (said.length === 0) {
    const text = tidy(segment.text);
    return { text, words: [{ text, from: 0, to: text.length, startMs: segment.start_ms, endMs: segment.end_ms }] };
  }
  let text = '';
  const words = said.map(({ text: word, start_ms: startMs, end_ms: endMs }): ShownWord => {
    // Engines write the blank before a word, and none before a sign or in scripts without blanks.
    const blank = text !== '' && /^\s/.test(word) ? ' ' : '';
    const from = text.length + blank.length;
    text += blank + tidy(word);
    return { text: tidy(word), from, to: text.length, startMs, endMs };
  });
  // Some engines give words without any blanks: the segment's own text then shows that there are some.
  return text.includes(' ') || !/\s/.test(segment.text.trim()) ? { text, words } : joined(words);
}

function joined(words: readonly ShownWord[]): ShownSegment {
  let text = '';
  const shown = words.map((word): ShownWord => {
    const from = text === '' ? 0 : text.length + 1;
    text = text === '' ? word.text : `${text} ${word.text}`;
    return { ...word, from, to: text.length };
  });
  return { text, words: shown };
}

function tidy(text: string): string {
  return text.replaceAll(/\s+/g, ' ').trim().normalize('NFC');
}

/** Index of the last entry that begins at or before `ms`; −1 before the first. Entries are in time order. */
export function lastBegun(starts: readonly number[], ms: number): number {
  let [low, high] = [0, starts.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((starts[middle] ?? 0) <= ms) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
