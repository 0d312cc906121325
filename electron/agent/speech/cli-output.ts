import { z } from 'zod';
import type { RawSegment } from './clean-segments.ts';
import { lineOf, wordsOf, type TimedPiece } from './words.ts';

/** What `whisper-cli --output-json-full` writes (whisper.cpp, examples/cli, `output_json`). Times in milliseconds. */
const Offsets = z.object({ from: z.number(), to: z.number() });
const CliOutput = z.object({
  result: z.object({ language: z.string().optional() }).optional(),
  transcription: z.array(
    z.object({
      offsets: Offsets,
      text: z.string(),
      tokens: z.array(z.object({ text: z.string(), offsets: Offsets.optional(), p: z.number() })).optional(),
    }),
  ),
});

export interface CliTranscript {
  readonly language?: string;
  readonly segments: readonly RawSegment[];
  /** Probability of every token that is text. */
  readonly probabilities: readonly number[];
}

/** Marks such as `[_BEG_]` and `[_TT_150]` stand for times. */
const MARK = /^\[_.*\]$/;

/** null when the text is not such a file. */
export function parseCliOutput(text: string): CliTranscript | null {
  const parsed = parseJson(text);
  const output = CliOutput.safeParse(parsed);
  if (!output.success) return null;
  const probabilities: number[] = [];
  const segments = output.data.transcription.map(({ offsets, text: said, tokens = [] }): RawSegment => {
    const spoken = tokens.filter((token) => !MARK.test(token.text));
    probabilities.push(...spoken.map(({ p }) => p));
    const times = { startMs: offsets.from, endMs: offsets.to };
    // A token without times means that this build gives none: lines still have theirs.
    const pieces = spoken.flatMap((token): TimedPiece[] =>
      token.offsets === undefined
        ? []
        : [{ startMs: token.offsets.from, endMs: token.offsets.to, text: token.text, p: token.p }],
    );
    const words = pieces.length === spoken.length ? (lineOf(wordsOf(pieces)).words ?? []) : [];
    return { ...times, text: said, ...(words.length === 0 ? {} : { words }) };
  });
  const language = output.data.result?.language;
  return { segments, probabilities, ...(language === undefined || language === '' ? {} : { language }) };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** 0..1 from `whisper_print_progress_callback: progress =  35%`; null for another line. */
export function cliProgress(line: string): number | null {
  const percent = /progress\s*=\s*(\d+)%/.exec(line)?.[1];
  return percent === undefined ? null : Number(percent) / 100;
}
