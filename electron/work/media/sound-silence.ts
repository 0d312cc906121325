import type { Found } from './parity-found.ts';

/**
 * Whether all that is heard in the mix is heard in the finished file at the same moment: an end at the right time does
 * not tell that there is sound before it. ffmpeg's silencedetect listens to both, with room for what AAC takes away.
 */

/** Seconds from the beginning; the end of what lasts to the end of the file is Infinity. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

export interface SilenceSpans {
  /** Where the mix was silent, on its way to the encoder. */
  readonly mix: readonly Span[];
  /** Where the finished file is. */
  readonly proxy: readonly Span[];
}

/** Between these lies the noise that an encoder may leave out. */
const MIX_SILENCE = '-50dB';
const PROXY_SILENCE = '-75dB';
const SHORTEST_SILENCE = 1;

const detector = (level: string): string => `silencedetect=n=${level}:d=${SHORTEST_SILENCE}`;

/** A filter behind the mix; it passes on what it gets. */
export const MIX_SILENCE_FILTER = detector(MIX_SILENCE);

/** The same of the finished file. */
export const PROXY_SILENCE_FILTER = detector(PROXY_SILENCE);

/** `[silencedetect @ 0x…]`, of ffmpeg 9 `[Parsed_silencedetect_0 @ 0x…]`. */
const EDGE = /\[(?:Parsed_)?silencedetect\S* @ [^\]]*\].* silence_(start|end): (-?[\d.]+)/;

/** Takes ffmpeg's stderr line by line. */
export function createSilenceReader(): { line(text: string): void; spans(): readonly Span[] } {
  const spans: Span[] = [];
  let start: number | undefined;
  return {
    line(text) {
      const [, edge, seconds] = EDGE.exec(text) ?? [];
      if (edge === 'start') start = Number(seconds);
      if (edge === 'end') spans.push({ start: start ?? 0, end: Number(seconds) });
      if (edge === 'end') start = undefined;
    },
    spans: () => (start === undefined ? spans : [...spans, { start, end: Number.POSITIVE_INFINITY }]),
  };
}

/** Two blocks of AAC to either side are no loss; half a second in all is. */
const MOST_LOST_SECONDS = 0.5;

export function checkSilence({ mix, proxy }: SilenceSpans): Found {
  const lost = proxy.flatMap((silence) => without(silence, mix)).filter(({ start, end }) => end - start > 0.06);
  const seconds = lost.reduce((sum, { start, end }) => sum + end - start, 0);
  const [first] = lost;
  if (first === undefined || seconds < MOST_LOST_SECONDS) return null;
  return { expected: `sound at ${first.start.toFixed(1)} s`, actual: 'silence' };
}

/** What is left of a span when others are taken away. */
function without(span: Span, others: readonly Span[]): readonly Span[] {
  return others.reduce<readonly Span[]>(
    (left, other) =>
      left.flatMap(({ start, end }) =>
        [
          { start, end: Math.min(end, other.start) },
          { start: Math.max(start, other.end), end },
        ].filter((part) => part.end > part.start),
      ),
    [span],
  );
}
