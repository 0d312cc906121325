import type { RawSegment, RawWord } from './clean-segments.ts';

/**
 * Puts windows together whose cut went through speech: both heard the seconds they share. Words before the middle of
 * what is shared are the first window's, words after it the second's; what was still said twice is left out once. Pure.
 */
interface WindowJoiner {
  /** @param sharedMs so much of the window's start was also in the one before. Answers what is settled. */
  add(segments: readonly RawSegment[], startMs: number, sharedMs: number): readonly RawSegment[];
  end(): readonly RawSegment[];
}

export function createWindowJoiner(): WindowJoiner {
  let held: readonly RawSegment[] = [];
  return {
    add(segments, startMs, sharedMs) {
      if (sharedMs <= 0) {
        const settled = held;
        held = segments;
        return settled;
      }
      const seam = startMs + sharedMs / 2;
      const before = held.flatMap((segment) => partOf(segment, (mid) => mid < seam));
      const after = segments.flatMap((segment) => partOf(segment, (mid) => mid >= seam));
      held = withoutRepetition(before, after, seam, sharedMs);
      return before;
    },
    end() {
      const settled = held;
      held = [];
      return settled;
    },
  };
}

const middle = ({ startMs, endMs }: { readonly startMs: number; readonly endMs: number }): number =>
  (startMs + endMs) / 2;

function partOf(segment: RawSegment, keep: (mid: number) => boolean): readonly RawSegment[] {
  const { words } = segment;
  if (words === undefined || words.length === 0) return keep(middle(segment)) ? [segment] : [];
  const kept = words.filter((word) => keep(middle(word)));
  if (kept.length === words.length) return [segment];
  return kept.length === 0 ? [] : [shortened(segment, kept)];
}

/** The text keeps its own spacing, so it is cut by the words' places in it. */
function shortened(segment: RawSegment, kept: readonly RawWord[]): RawSegment {
  const [first, last] = [kept[0], kept.at(-1)];
  if (first === undefined || last === undefined) return segment;
  const words = segment.words ?? [];
  let at = 0;
  const places = words.map((word) => {
    const from = segment.text.indexOf(word.text, at);
    at = from < 0 ? at : from + word.text.length;
    return { word, from: Math.max(0, from), to: at };
  });
  const from = places.find(({ word }) => word === first)?.from ?? 0;
  const to = places.find(({ word }) => word === last)?.to ?? segment.text.length;
  return { startMs: first.startMs, endMs: last.endMs, text: segment.text.slice(from, to).trim(), words: kept };
}

/** So many words may be said twice at a seam of a few seconds. */
const LONGEST_REPETITION = 16;

function withoutRepetition(
  before: readonly RawSegment[],
  after: readonly RawSegment[],
  seam: number,
  sharedMs: number,
): readonly RawSegment[] {
  const tail = before
    .flatMap(spokenIn)
    .filter(({ endMs }) => endMs > seam - sharedMs)
    .slice(-LONGEST_REPETITION);
  const [head, ...rest] = after;
  if (head === undefined || tail.length === 0) return after;
  const words = spokenIn(head);
  // The longest repetition counts; a single word only where it lies at the seam itself.
  for (let count = Math.min(tail.length, words.length); count > 0; count -= 1) {
    const same = words.slice(0, count).every((word, at) => word.key === tail[tail.length - count + at]?.key);
    const near = Math.abs((words[0]?.startMs ?? 0) - (tail[tail.length - count]?.startMs ?? 0)) <= sharedMs / 4;
    if (!same || (count === 1 && !near)) continue;
    if (count === words.length) return rest;
    return [shortenedBy(head, count), ...rest];
  }
  return after;
}

function shortenedBy(segment: RawSegment, count: number): RawSegment {
  if (segment.words !== undefined) return shortened(segment, segment.words.slice(count));
  return { ...segment, text: segment.text.trim().split(/\s+/).slice(count).join(' ') };
}

interface Spoken {
  readonly key: string;
  readonly startMs: number;
  readonly endMs: number;
}

function spokenIn(segment: RawSegment): readonly Spoken[] {
  const key = (text: string): string => text.toLowerCase().replaceAll(/[^\p{L}\p{N}]+/gu, '');
  if (segment.words !== undefined) return segment.words.map((word) => ({ ...word, key: key(word.text) }));
  const { startMs, endMs } = segment;
  return segment.text
    .trim()
    .split(/\s+/)
    .map((text) => ({ key: key(text), startMs, endMs }));
}
