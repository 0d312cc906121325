import type { RawSegment, RawWord } from './clean-segments.ts';

/** Tokens with times, as engines give them, made into words and lines. Pure. */

export interface TimedPiece {
  readonly startMs: number;
  readonly endMs: number;
  /** Begins with a space where a word begins; empty at the start of a stretch the engine decoded in one go. */
  readonly text: string;
  /** Probability 0..1, where the engine gives it. */
  readonly p?: number;
}

/** What a string becomes where bytes of it are no whole character. */
const BROKEN = '\uFFFD';

/**
 * Tokens are cut between bytes, so a character of two or three bytes may lie in two of them and is lost in both. The
 * text of all of them together is whole: broken neighbours are joined and take their text from there.
 */
export function mendPieces(pieces: readonly TimedPiece[], whole: string): readonly TimedPiece[] {
  const mended: TimedPiece[] = [];
  let at = 0;
  for (let index = 0; index < pieces.length;) {
    const piece = pieces[index];
    if (piece === undefined) break;
    let last = index;
    while (pieces[last]?.text.includes(BROKEN) === true && pieces[last + 1]?.text.includes(BROKEN) === true) last += 1;
    const run = pieces.slice(index, last + 1);
    const text = run.map((entry) => entry.text).join('');
    const next = pieces.slice(last + 1).find((entry) => entry.text !== '')?.text;
    const spoken = text.includes(BROKEN) ? wholeText(text, whole.slice(at), next) : text;
    at += spoken.length;
    mended.push({ ...piece, endMs: run.at(-1)?.endMs ?? piece.endMs, text: spoken, ...meanP(run) });
    index = last + 1;
  }
  return mended;
}

function wholeText(broken: string, rest: string, next: string | undefined): string {
  const parts = broken.split(new RegExp(`${BROKEN}+`)).map(escaped);
  const end = next === undefined ? '$' : `(?=${escaped(next)})`;
  const found = new RegExp(`^(${parts.join('[^]{0,8}?')})${end}`, 'u').exec(rest);
  return found?.[1] ?? broken.replaceAll(BROKEN, '');
}

const escaped = (text: string): string => text.replaceAll(/[\\^$.*+?()[\]{}|/-]/g, String.raw`\$&`);

function meanP(pieces: readonly TimedPiece[]): { readonly p?: number } {
  const known = pieces.flatMap(({ p }) => (p === undefined ? [] : [p]));
  return known.length === 0 ? {} : { p: known.reduce((sum, p) => sum + p, 0) / known.length };
}

/** A space begins a word; so does every sign of a script that is written without spaces. */
const WRITTEN_WITHOUT_SPACES =
  /^[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]/u;

/** Words in order, trimmed; punctuation belongs to the word before it. `glued`: written without a space before it. */
export function wordsOf(pieces: readonly TimedPiece[]): readonly GluedWord[] {
  const words: GluedWord[] = [];
  for (const piece of pieces) {
    const text = piece.text.trim();
    if (text === '') continue;
    const spaced = /^\s/.test(piece.text);
    const begins = spaced || words.length === 0 || (WRITTEN_WITHOUT_SPACES.test(text) && /[\p{L}\p{N}]/u.test(text));
    const last = words.at(-1);
    if (begins || last === undefined) words.push({ ...piece, text, glued: !spaced && words.length > 0 });
    else words[words.length - 1] = { ...last, ...joined(last, piece), text: `${last.text}${text}` };
  }
  return words;
}

interface GluedWord extends RawWord {
  readonly glued: boolean;
}

/** Probability of a word of several tokens: that of the least sure one is what a reader is warned by. */
function joined(word: RawWord, piece: TimedPiece): Partial<RawWord> {
  const p = [word.p, piece.p].filter((value) => value !== undefined);
  return { endMs: Math.max(word.endMs, piece.endMs), ...(p.length === 0 ? {} : { p: Math.min(...p) }) };
}

/** A line longer than this is cut at its next comma, or a little later anywhere: the text of two subtitles. */
const LONG_LINE_CHARACTERS = 120;
const LONGEST_LINE_CHARACTERS = 200;
/** Speakers take a breath of this length between thoughts. */
const LINE_PAUSE_MS = 700;
const SENTENCE_END = /[.!?…。！？]["'»”’)\]]*$/u;
const CLAUSE_END = /[,;:，、；：]["'»”’)\]]*$/u;
/** “Mr.”, “Dr.”, “J.” end no sentence. */
const ABBREVIATED = /^(?:\p{Lu}|mr|mrs|ms|dr|st|prof|vs|etc|m|mme|mlle|no|nr|z\.b|e\.g|i\.e)\.$/iu;

/** Words grouped into lines: by sentence, by pause, and by length where a sentence does not end. */
export function linesOf(words: readonly GluedWord[]): readonly RawSegment[] {
  const lines: RawSegment[] = [];
  let line: GluedWord[] = [];
  const close = (): void => {
    if (line.length > 0) lines.push(lineOf(line));
    line = [];
  };
  for (const [index, word] of words.entries()) {
    line.push(word);
    const next = words[index + 1];
    const length = line.reduce((sum, { text, glued }) => sum + text.length + (glued ? 0 : 1), 0);
    if (next === undefined || next.startMs - word.endMs >= LINE_PAUSE_MS || endsLine(word.text, length)) close();
  }
  close();
  return lines;
}

function endsLine(word: string, length: number): boolean {
  if (SENTENCE_END.test(word) && !ABBREVIATED.test(word)) return true;
  return (length >= LONG_LINE_CHARACTERS && CLAUSE_END.test(word)) || length >= LONGEST_LINE_CHARACTERS;
}

export function lineOf(words: readonly GluedWord[]): RawSegment {
  const text = words.map((word, at) => (word.glued || at === 0 ? word.text : ` ${word.text}`)).join('');
  const plain = words.map(({ startMs, endMs, text: said, p }) => ({
    startMs,
    endMs,
    text: said,
    ...(p === undefined ? {} : { p }),
  }));
  return { startMs: words[0]?.startMs ?? 0, endMs: words.at(-1)?.endMs ?? 0, text, words: plain };
}
