import { assertNever } from './assert-never.ts';
import { cuesOf, SUBTITLE_RULES, type Cue } from './transcript-cues.ts';
import type { Transcript } from './facts.ts';

/** A transcript as a file: exports from the result, not further outputs of the job. Pure. */

export const TRANSCRIPT_FORMATS = ['srt', 'vtt', 'txt', 'json'] as const;
export type TranscriptFormat = (typeof TRANSCRIPT_FORMATS)[number];

export const TRANSCRIPT_CONTENT_TYPES: Readonly<Record<TranscriptFormat, string>> = {
  srt: 'application/x-subrip',
  vtt: 'text/vtt',
  txt: 'text/plain',
  json: 'application/json',
};

/** @param mediaMs length of the media, where it is known: no subtitle stays longer */
export function formatTranscript(transcript: Transcript, format: TranscriptFormat, mediaMs?: number): string {
  switch (format) {
    case 'srt':
      return toSrt(cuesOf(transcript, mediaMs, rulesFor(transcript)));
    case 'vtt':
      return toVtt(cuesOf(transcript, mediaMs));
    case 'txt':
      return toText(transcript);
    case 'json':
      return `${JSON.stringify(transcript, null, 2)}\n`;
    default:
      return assertNever(format);
  }
}

/** Room for “[8] ”: SubRip knows no speakers, so a cue of one of several tracks says in its text whose it is. */
const LABEL_CHARACTERS = 4;

const rulesFor = ({ segments }: Transcript): typeof SUBTITLE_RULES =>
  segments.every(({ track }) => track === undefined)
    ? SUBTITLE_RULES
    : { ...SUBTITLE_RULES, charactersPerLine: SUBTITLE_RULES.charactersPerLine - LABEL_CHARACTERS };

const label = (track: number | undefined): string => (track === undefined ? '' : `[${String(track + 1)}] `);

/** SubRip: numbered cues, a comma before the milliseconds, no header. */
function toSrt(cues: readonly Cue[]): string {
  const blocks = cues.map(({ startMs, endMs, lines, track }, index) => {
    const times = `${timestamp(startMs, ',')} --> ${timestamp(endMs, ',')}`;
    return `${String(index + 1)}\n${times}\n${label(track)}${lines.map(harmless).join('\n')}\n`;
  });
  return blocks.join('\n');
}

/** WebVTT (W3C): header, a dot before the milliseconds; `&`, `<` and `>` are escaped; a track is a voice. */
function toVtt(cues: readonly Cue[]): string {
  const blocks = cues.map(({ startMs, endMs, lines, track }) => {
    const voice = track === undefined ? '' : `<v Track ${String(track + 1)}>`;
    const text = lines.map((line) =>
      harmless(line).replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;'),
    );
    return `${timestamp(startMs, '.')} --> ${timestamp(endMs, '.')}\n${voice}${text.join('\n')}\n`;
  });
  return ['WEBVTT\n', ...blocks].join('\n');
}

/** An arrow in the text would be read as times. */
const harmless = (line: string): string => line.replaceAll('-->', '→');

/** One line for each segment; with its track where each was transcribed by itself. */
function toText({ segments }: Transcript): string {
  const lines = segments.map(({ text, track }) => `${label(track)}${text}`);
  return lines.length === 0 ? '' : `${lines.join('\n')}\n`;
}

/** HH:MM:SS and three digits; hours go on beyond 99. */
export function timestamp(ms: number, point: ',' | '.'): string {
  const whole = Math.max(0, Math.round(ms));
  const two = (value: number): string => String(Math.floor(value)).padStart(2, '0');
  const rest = String(whole % 1000).padStart(3, '0');
  return `${two(whole / 3_600_000)}:${two((whole / 60_000) % 60)}:${two((whole / 1000) % 60)}${point}${rest}`;
}
