import { z } from 'zod';
import { jsonOf } from '../../../shared/json.ts';
import type { RawSegment } from './clean-segments.ts';
import { lineOf, wordsOf, type TimedPiece } from './words.ts';

/** What `whisper-cli --output-json-full` writes (whisper.cpp, examples/cli, `output_json`). Times in milliseconds. */
const Offsets = z.object({ from: z.number(), to: z.number() });
type Offsets = z.infer<typeof Offsets>;
const Token = z.object({ text: z.string(), offsets: Offsets.optional(), p: z.number() });
type Token = z.infer<typeof Token>;
const CliOutput = z.object({
  result: z.object({ language: z.string().optional() }).optional(),
  transcription: z.array(
    z.object({
      offsets: Offsets,
      text: z.string(),
      tokens: z.array(Token).optional(),
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

/**
 * null when the text is not such a file.
 * @param detected the program left out what its detector called no speech: it puts the times of lines back into the
 * whole sound, but not those of tokens (whisper.cpp issue 4046).
 */
export function parseCliOutput(text: string, detected = false): CliTranscript | null {
  const parsed = jsonOf(text);
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
    const known = pieces.length === spoken.length ? pieces : [];
    const placed = detected ? putBack(known, tokens, offsets) : known;
    const words = placed.length === 0 ? [] : (lineOf(wordsOf(placed)).words ?? []);
    return { ...times, text: said, ...(words.length === 0 ? {} : { words }) };
  });
  const language = output.data.result?.language;
  return { segments, probabilities, ...(language === undefined || language === '' ? {} : { language }) };
}

/** Rounding, and the moment by which the detector's own margins differ. */
const SAME_LENGTH_MS = 200;

/** Moved to where their line is; none where something was left out inside the line, so that nobody knows where. */
function putBack(pieces: readonly TimedPiece[], tokens: readonly Token[], line: Offsets): readonly TimedPiece[] {
  const [first, last] = [tokens[0]?.offsets, tokens.at(-1)?.offsets];
  if (first === undefined || last === undefined) return [];
  if (Math.abs(last.to - first.from - (line.to - line.from)) > SAME_LENGTH_MS) return [];
  const by = line.from - first.from;
  return pieces.map((piece) => ({ ...piece, startMs: piece.startMs + by, endMs: piece.endMs + by }));
}

/** 0..1 from `whisper_print_progress_callback: progress =  35%`; null for another line. */
export function cliProgress(line: string): number | null {
  const percent = /progress\s*=\s*(\d+)%/.exec(line)?.[1];
  return percent === undefined ? null : Number(percent) / 100;
}
