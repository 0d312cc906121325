import type { Transcript } from './facts.ts';

/** A transcript cut into subtitles. Pure: what a page shows, saves and the command line writes. */

export interface Cue {
  readonly startMs: number;
  readonly endMs: number;
  /** One or two, not empty. */
  readonly lines: readonly string[];
  /** Number of the audio track, where each was transcribed by itself. */
  readonly track?: number;
}

interface SubtitleRules {
  readonly charactersPerLine: number;
  readonly linesPerCue: number;
  readonly charactersPerSecond: number;
  readonly minMs: number;
  readonly maxMs: number;
  /** Two cues never touch: the eye must see that the text changed. */
  readonly gapMs: number;
}

/**
 * Netflix Timed Text Style Guide, general requirements and English template: 42 characters a line, two lines, at most
 * 20 characters a second (adult programmes), at least 5/6 of a second and at most 7 s on screen, two frames (here of
 * 24 a second) between cues; 16 characters a line for Chinese and Korean. SubRip and WebVTT themselves set no limits.
 */
export const SUBTITLE_RULES: SubtitleRules = {
  charactersPerLine: 42,
  linesPerCue: 2,
  charactersPerSecond: 20,
  minMs: 833,
  maxMs: 7000,
  gapMs: 84,
};

/** A wide sign takes the place of so many others: 16 of them fill a line of 42. */
const WIDE_SIGN = 42 / 16;
const WIDE = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\u3000-\u303F\uFF00-\uFF60]/u;

/** Latin, Greek, Cyrillic, Hebrew, Arabic and their neighbours: no sign is wide, and each is one UTF-16 unit. */
const NARROW = /^[\s -\u10FF]*$/;

/** How much of a line a text takes, in characters of its narrow signs. */
export function widthOf(text: string): number {
  // Hours of speech are measured sign by sign a hundred times over: most of what writing subtitles took.
  if (NARROW.test(text)) return text.length;
  let width = 0;
  for (const sign of text) width += WIDE.test(sign) ? WIDE_SIGN : 1;
  return width;
}

/** A word in its place: `text` keeps the space or lack of one before it. */
interface Unit {
  readonly text: string;
  readonly startMs: number;
  readonly endMs: number;
}

type Segment = Transcript['segments'][number];

/**
 * Cues in order. Those of one track never overlap and lie inside the media.
 * @param mediaMs length of the media; a cue is kept on screen for reading no longer than that
 */
export function cuesOf(
  transcript: Transcript,
  mediaMs = Infinity,
  rules: SubtitleRules = SUBTITLE_RULES,
): readonly Cue[] {
  const tracks = [...new Set(transcript.segments.map(({ track }) => track))];
  return tracks
    .flatMap((track) => {
      const own = transcript.segments.filter((segment) => segment.track === track);
      const cues = own.flatMap((segment) => cutSegment(segment, rules));
      return timed(together(cues, mediaMs, rules), mediaMs, rules);
    })
    .toSorted((a, b) => a.startMs - b.startMs || a.endMs - b.endMs);
}

function cutSegment(segment: Segment, rules: SubtitleRules): readonly Cue[] {
  const cues: Cue[] = [];
  let rest = unitsOf(segment);
  while (rest.length > 0) {
    const count = unitsInCue(rest, rules);
    const taken = rest.slice(0, count);
    const [first, last] = [taken[0], taken.at(-1)];
    if (first === undefined || last === undefined) break;
    const lines = wrap(textOf(taken), rules);
    const track = segment.track === undefined ? {} : { track: segment.track };
    if (lines.length > 0) cues.push({ startMs: first.startMs, endMs: last.endMs, lines, ...track });
    rest = rest.slice(count);
  }
  return cues;
}

const textOf = (units: readonly Unit[]): string =>
  units
    .map(({ text }) => text)
    .join('')
    .trim();

/** Words with their times, or the segment's own time shared out by length where it has no words. */
function unitsOf({ text, start_ms: start, end_ms: end, words }: Segment): readonly Unit[] {
  const placed = words === undefined ? null : wordsInPlace(text, words);
  if (placed !== null) return placed;
  const parts = text.trim().match(/\s*\S+/gu) ?? [];
  const pieces = parts.flatMap((part) => (WIDE.test(part) ? [...part] : [part]));
  const total = pieces.reduce((sum, piece) => sum + piece.length, 0);
  let at = 0;
  return pieces.map((piece) => {
    const from = start + ((end - start) * at) / total;
    at += piece.length;
    return { text: piece, startMs: Math.round(from), endMs: Math.round(start + ((end - start) * at) / total) };
  });
}

/** null when the words are not those of the text, in order. */
function wordsInPlace(text: string, words: NonNullable<Segment['words']>): readonly Unit[] | null {
  const units: Unit[] = [];
  let at = 0;
  for (const word of words) {
    const from = text.indexOf(word.text, at);
    if (from < 0 || text.slice(at, from).trim() !== '') return null;
    units.push({
      text: text.slice(at, from + word.text.length),
      startMs: word.start_ms,
      endMs: word.end_ms,
    });
    at = from + word.text.length;
  }
  return text.slice(at).trim() === '' ? units : null;
}

/** As many as fit, but rather up to the end of a sentence or clause that lies in the second half of what fits. */
function unitsInCue(units: readonly Unit[], rules: SubtitleRules): number {
  const start = units[0]?.startMs ?? 0;
  let fit = 1;
  while (fit < units.length) {
    const next = units[fit];
    if (next === undefined || next.endMs - start > rules.maxMs) break;
    if (wrap(textOf(units.slice(0, fit + 1)), rules).length > rules.linesPerCue) break;
    fit += 1;
  }
  if (fit === units.length) return fit;
  for (const end of [/[.!?…。！？]["'»”’)\]]*$/u, /[,;:，、；：]["'»”’)\]]*$/u]) {
    for (let count = fit; count >= Math.max(1, fit / 2); count -= 1) {
      if (end.test(units[count - 1]?.text ?? '')) return count;
    }
  }
  return fit;
}

/**
 * Lines that fit, as few as possible. Two lines break behind punctuation if that leaves neither too long, otherwise
 * where they are most alike; a word longer than a line stays whole.
 */
export function wrap(text: string, rules: SubtitleRules = SUBTITLE_RULES): readonly string[] {
  const said = text.replaceAll(/\s+/g, ' ').trim();
  if (said === '') return [];
  if (widthOf(said) <= rules.charactersPerLine) return [said];
  const halves = breaksOf(said).flatMap((at) => {
    const [upper, lower] = [said.slice(0, at).trim(), said.slice(at).trim()];
    const fits = Math.max(widthOf(upper), widthOf(lower)) <= rules.charactersPerLine;
    if (!fits || upper === '' || lower === '') return [];
    const unevenness = Math.abs(widthOf(upper) - widthOf(lower));
    // Behind punctuation a break may be this much less even.
    return [{ lines: [upper, lower], cost: unevenness - (/[.!?…,;:。！？，、]$/u.test(upper) ? 16 : 0) }];
  });
  const [best] = halves.toSorted((a, b) => a.cost - b.cost);
  return best?.lines ?? fill(said, rules);
}

/** Where a line may end: at a space, and beside every wide sign. */
function breaksOf(text: string): readonly number[] {
  const places: number[] = [];
  for (const { index } of text.matchAll(/ /g)) places.push(index);
  if (NARROW.test(text)) return places;
  for (const { index } of text.matchAll(new RegExp(WIDE, 'gu'))) places.push(index);
  return places.toSorted((a, b) => a - b);
}

/** More than two lines, each as full as possible: tells a caller that it is too much. */
function fill(text: string, rules: SubtitleRules): readonly string[] {
  const lines: string[] = [];
  let line = '';
  for (const part of text.split(' ')) {
    const longer = line === '' ? part : `${line} ${part}`;
    if (line !== '' && widthOf(longer) > rules.charactersPerLine) {
      lines.push(line);
      line = part;
    } else line = longer;
  }
  return [...lines, line];
}

/** A cue that would be gone before it is seen is shown with the next one, the last with the one before, where both fit. */
function together(cues: readonly Cue[], mediaMs: number, rules: SubtitleRules): readonly Cue[] {
  const result: Cue[] = [];
  for (const [index, cue] of cues.entries()) {
    const last = result.at(-1);
    const isLast = index === cues.length - 1;
    const tooShort =
      last !== undefined &&
      (cue.startMs - rules.gapMs - last.startMs < rules.minMs || (isLast && mediaMs - cue.startMs < rules.minMs));
    const both = last !== undefined && tooShort ? asOne(last, cue, rules) : null;
    if (both === null) result.push(cue);
    else result[result.length - 1] = both;
  }
  return result;
}

/** null where two lines or the longest time on screen are not enough. */
function asOne(first: Cue, second: Cue, rules: SubtitleRules): Cue | null {
  const [before, after] = [first.lines.join(' '), second.lines.join(' ')];
  const isWide = WIDE.test(before.at(-1) ?? '') && WIDE.test(after);
  const lines = wrap(`${before}${isWide ? '' : ' '}${after}`, rules);
  const fits = lines.length <= rules.linesPerCue && second.endMs - first.startMs <= rules.maxMs;
  return fits ? { ...first, endMs: Math.max(first.endMs, second.endMs), lines } : null;
}

/** Long enough to be read where the next cue leaves room; never into the next one, never beyond the media. */
function timed(cues: readonly Cue[], mediaMs: number, rules: SubtitleRules): readonly Cue[] {
  const result: Cue[] = [];
  for (const [index, cue] of cues.entries()) {
    const next = cues[index + 1]?.startMs ?? Infinity;
    const latest = Math.min(mediaMs, next - rules.gapMs);
    const reading = (widthOf(cue.lines.join(' ')) / rules.charactersPerSecond) * 1000;
    const wanted = Math.min(rules.maxMs, Math.max(rules.minMs, reading, cue.endMs - cue.startMs));
    const end = Math.round(Math.min(Math.max(cue.startMs + 1, latest), cue.startMs + wanted));
    if (end > cue.startMs) result.push({ ...cue, endMs: Math.min(end, mediaMs) });
  }
  return result;
}
