/** What an engine says, made into what a transcript may hold. Pure. */

export interface RawWord {
  readonly startMs: number;
  readonly endMs: number;
  readonly text: string;
  /** Probability 0..1, where the engine gives it. */
  readonly p?: number;
}

export interface RawSegment {
  readonly startMs: number;
  readonly endMs: number;
  readonly text: string;
  readonly words?: readonly RawWord[];
}

interface CleanWord {
  readonly start_ms: number;
  readonly end_ms: number;
  readonly text: string;
  readonly p?: number;
}

interface CleanSegment {
  readonly start_ms: number;
  readonly end_ms: number;
  readonly text: string;
  readonly words?: CleanWord[];
}

export interface Cleaned {
  readonly segments: readonly CleanSegment[];
  /** Repetitions that were cut out: segments, and phrases inside a segment. */
  readonly loops: number;
  /** Segments whose times overlapped, ran backwards, had no length or lay outside the media, and were moved. */
  readonly moved: number;
}

/**
 * Segments in order, not overlapping, inside the media, in whole milliseconds, without empty ones and without loops
 * (media.md, "transcribe_audio"). Words lie inside their segment, in order.
 */
export function cleanSegments(raw: readonly RawSegment[], mediaMs: number): Cleaned {
  const heard = raw
    .map((segment) => ({ ...segment, text: spokenText(segment.text) }))
    .filter(({ text }) => text !== '');
  const ordered = heard.toSorted((a, b) => a.startMs - b.startMs);
  const spoken = ordered.map(cutPhraseLoops);
  const kept = cutLoops(spoken);
  const cutPhrases = spoken.filter(({ text }, index) => text !== ordered[index]?.text).length;
  const segments: CleanSegment[] = [];
  const end = Math.max(0, Math.floor(mediaMs));
  let moved = ordered.filter((segment, index) => segment !== heard[index]).length;
  for (const segment of kept) {
    const { startMs, endMs } = segment;
    const earliest = segments.at(-1)?.end_ms ?? 0;
    const start = Math.min(end, Math.max(earliest, Math.round(startMs)));
    const stop = Math.min(end, Math.max(start, Math.round(endMs)));
    if (Math.abs(start - startMs) > ROUNDING_MS || Math.abs(stop - endMs) > ROUNDING_MS) moved += 1;
    if (stop > start) segments.push(cleanSegment(segment, start, stop));
    // The engine sometimes gives words no time of their own; they belong to the segment before.
    else appendTo(segments, segment);
  }
  return { segments, loops: spoken.length - kept.length + cutPhrases, moved };
}

/** Engines count in hundredths of a second, and a last word may end with the sound rounded up. */
const ROUNDING_MS = 20;

function cleanSegment({ text, words }: RawSegment, start: number, stop: number): CleanSegment {
  if (words === undefined) return { start_ms: start, end_ms: stop, text };
  return { start_ms: start, end_ms: stop, text, words: cleanWords(words, start, stop) };
}

function cleanWords(words: readonly RawWord[], start: number, stop: number): CleanWord[] {
  let earliest = start;
  return words.map(({ startMs, endMs, text, p }) => {
    const from = Math.min(stop, Math.max(earliest, Math.round(startMs)));
    const to = Math.min(stop, Math.max(from, Math.round(endMs)));
    earliest = to;
    const word = { start_ms: from, end_ms: to, text: text.trim() };
    return p === undefined ? word : { ...word, p: Math.round(Math.min(1, Math.max(0, p)) * 1000) / 1000 };
  });
}

function appendTo(segments: CleanSegment[], { text, words }: RawSegment): void {
  const last = segments.pop();
  if (last === undefined) return;
  const end = last.end_ms;
  const all = last.words && [...last.words, ...cleanWords(words ?? [], end, end)];
  segments.push({ ...last, text: `${last.text} ${text}`, ...(all === undefined ? {} : { words: all }) });
}

/** Marks whisper was taught for stretches without speech; they are no words. */
const NOT_SPEECH = /^[[(*]\s*(blank[_ ]audio|silence|no speech|inaudible|music|musique|silencio|stille)\s*[\])*]$/i;

function spokenText(text: string): string {
  const trimmed = text.replaceAll(/\s+/g, ' ').trim();
  return NOT_SPEECH.test(trimmed) || !/[\p{L}\p{N}]/u.test(trimmed) ? '' : trimmed;
}

/** People do say a thing three times; a fourth in a row, word for word, is the engine turning in circles. */
const SAME_LINE_LIMIT = 4;
/** A verse of two to four lines is sung twice; three times in a row without a pause is a circle. */
const SAME_VERSE_LIMIT = 3;
const LONGEST_VERSE = 4;

/** Keeps the first round of every loop of one to four lines. */
function cutLoops(segments: readonly RawSegment[]): readonly RawSegment[] {
  const kept: RawSegment[] = [];
  for (let index = 0; index < segments.length;) {
    const loop = loopAt(segments, index);
    kept.push(...segments.slice(index, index + loop.verse));
    index += loop.length;
  }
  return kept;
}

interface Loop {
  /** Lines of one round, and of all rounds together; both 1 where nothing repeats. */
  readonly verse: number;
  readonly length: number;
}

function loopAt(segments: readonly RawSegment[], from: number): Loop {
  for (let verse = 1; verse <= LONGEST_VERSE; verse += 1) {
    const length = repeatedLength(segments.length, from, verse, (a, b) => sameWords(segments[a], segments[b]));
    const rounds = Math.floor(length / verse);
    if (rounds >= (verse === 1 ? SAME_LINE_LIMIT : SAME_VERSE_LIMIT)) return { verse, length: rounds * verse };
  }
  return { verse: 1, length: 1 };
}

function sameWords(a: RawSegment | undefined, b: RawSegment | undefined): boolean {
  return a !== undefined && b !== undefined && wordsOf(a.text) === wordsOf(b.text);
}

function wordsOf(text: string): string {
  return text
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}]+/gu, ' ')
    .trim();
}

/** "No, no, no, no" is speech; nine times the same word, or five times the same phrase, is not. */
const SAME_WORD_LIMIT = 9;
const SAME_PHRASE_LIMIT = 5;
const LONGEST_PHRASE = 10;

/** The same inside one segment: keeps the first round of a phrase of one to ten words. */
function cutPhraseLoops(segment: RawSegment): RawSegment {
  const texts = segment.text.split(' ');
  const kept: number[] = [];
  for (let index = 0; index < texts.length;) {
    const loop = phraseLoopAt(texts, index);
    for (let at = index; at < index + loop.verse; at += 1) kept.push(at);
    index += loop.length;
  }
  if (kept.length === texts.length) return segment;
  const { words, ...rest } = segment;
  const text = kept.map((at) => texts[at]).join(' ');
  // Where words and text do not count alike, words without their text would be worse than none.
  if (words?.length !== texts.length) return { ...rest, text };
  return { ...rest, text, words: words.filter((_, at) => kept.includes(at)) };
}

function phraseLoopAt(words: readonly string[], from: number): Loop {
  for (let verse = 1; verse <= LONGEST_PHRASE; verse += 1) {
    const length = repeatedLength(
      words.length,
      from,
      verse,
      (a, b) => wordsOf(words[a] ?? '') === wordsOf(words[b] ?? ''),
    );
    const rounds = Math.floor(length / verse);
    if (rounds >= (verse === 1 ? SAME_WORD_LIMIT : SAME_PHRASE_LIMIT)) return { verse, length: rounds * verse };
  }
  return { verse: 1, length: 1 };
}

/** How far, from `from`, each entry is the same as the one `verse` places before it; at least `verse`. */
function repeatedLength(count: number, from: number, verse: number, same: (a: number, b: number) => boolean): number {
  let length = verse;
  while (from + length < count && same(from + length, from + length - verse)) length += 1;
  return length;
}
