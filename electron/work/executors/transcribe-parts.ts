import { rm } from 'node:fs/promises';
import type { TranscriptionProfile } from '../../../shared/profiles.ts';
import type { Transcript, Warning } from '../../../shared/facts.ts';
import type { AudioStream, Probe } from '../media/probe.ts';
import type { SourceReader } from '../media/source-readers.ts';
import { cleanSegments, type Cleaned } from '../speech/clean-segments.ts';
import type { SpeechAnswer, SpeechEngine } from '../speech/engine.ts';
import type { ExecutionContext, Toolbox } from '../execution.ts';
import { decodeSound, type DecodedSound } from './transcribe-sound.ts';

/** One sound that is transcribed in one go: the mix of all tracks, or one track. */
export interface Part {
  readonly streams: readonly AudioStream[];
  /** Number of the audio track, from 0; absent for the mix. */
  readonly track?: number;
}

export function partsOf({ tracks }: TranscriptionProfile, streams: readonly AudioStream[]): readonly Part[] {
  return tracks === 'mix' ? [{ streams }] : streams.map((stream, track) => ({ streams: [stream], track }));
}

export interface TranscribedPart {
  readonly track?: number;
  readonly answer: SpeechAnswer;
  readonly cleaned: Cleaned;
  readonly sound: DecodedSound;
}

export interface PartsRequest {
  readonly context: ExecutionContext<'transcribe_audio'>;
  readonly engine: SpeechEngine;
  readonly model: NonNullable<Toolbox['speechModel']>;
  readonly profile: TranscriptionProfile;
  /** The engine's own name, or `auto`. */
  readonly language: string;
  readonly probe: Probe;
  /** Left once the sound of all parts is decoded. */
  readonly reader: SourceReader;
  /** 0..1 over all parts. */
  readonly onProgress: (fraction: number) => void;
}

/** Decoding sound is 50 to 500 times faster than hearing what is said in it. */
const DECODING_SHARE = 0.1;

/** One after the other: the raw sound of one part is on the disk at a time, the model in memory once. */
export async function transcribeParts(
  request: PartsRequest,
  parts: readonly Part[],
): Promise<readonly TranscribedPart[]> {
  const heard: TranscribedPart[] = [];
  for (const [at, part] of parts.entries()) {
    const onProgress = (fraction: number): void => request.onProgress((at + fraction) / parts.length);
    heard.push(await transcribePart({ ...request, onProgress }, part, at === parts.length - 1));
  }
  return heard;
}

async function transcribePart(
  request: PartsRequest,
  { streams, track }: Part,
  isLast: boolean,
): Promise<TranscribedPart> {
  const { context, engine, model, profile, language, probe, reader, onProgress } = request;
  context.report.stage('decoding');
  const decoding = { reader, onProgress: (fraction: number) => onProgress(fraction * DECODING_SHARE) };
  const sound = await decodeSound(context, probe, streams, decoding);
  if (isLast) reader.leave();
  context.report.stage('transcribing');
  const answer = await engine.transcribe(
    {
      processes: context.processes,
      modelPath: model.path,
      ...(model.detector === undefined ? {} : { detectorPath: model.detector.path }),
      pcmPath: sound.pcmPath,
      folder: context.workspace,
      language,
      threads: profile.threads,
      temperature: profile.temperature,
      temperatureStep: profile.temperatureStep,
      candidates: profile.candidates,
      noSpeechThreshold: profile.noSpeechThreshold,
      gpu: context.encoder === 'auto',
    },
    { onProgress: (fraction) => onProgress(DECODING_SHARE + Math.min(1, fraction) * (1 - DECODING_SHARE)) },
  );
  await rm(sound.pcmPath, { force: true });
  const cleaned = cleanSegments(answer.segments, sound.durationMs);
  return { ...(track === undefined ? {} : { track }), answer, cleaned, sound };
}

/** ISO 639-2: nothing was said, so there is no language. */
const UNDETERMINED = 'und';

/** All parts as one transcript, in time order; tracks may speak at the same time, a track never over itself. */
export function transcriptOf(parts: readonly TranscribedPart[], given: string): Transcript {
  const segments = parts
    .flatMap(({ cleaned, track }) =>
      cleaned.segments.map((segment) => (track === undefined ? segment : { ...segment, track })),
    )
    .toSorted((a, b) => a.start_ms - b.start_ms || a.end_ms - b.end_ms);
  const confidence = confidenceOf(parts);
  return {
    text: segments.map(({ text }) => text).join(' '),
    language: languageOf(parts) ?? (given === 'auto' ? UNDETERMINED : given),
    ...(confidence === undefined ? {} : { confidence }),
    segments,
  };
}

const spokenLength = ({ cleaned }: TranscribedPart): number =>
  cleaned.segments.reduce((sum, { text }) => sum + text.length, 0);

/** That of the track on which most was said. */
function languageOf(parts: readonly TranscribedPart[]): string | undefined {
  return parts.toSorted((a, b) => spokenLength(b) - spokenLength(a)).find(({ answer }) => answer.language !== undefined)
    ?.answer.language;
}

/** Weighted by what was said; absent as soon as a part that speaks has none. */
function confidenceOf(parts: readonly TranscribedPart[]): number | undefined {
  const speaking = parts.filter((part) => spokenLength(part) > 0);
  let weight = 0;
  let sum = 0;
  for (const part of speaking) {
    if (part.answer.confidence === undefined) return undefined;
    weight += spokenLength(part);
    sum += spokenLength(part) * part.answer.confidence;
  }
  return weight === 0 ? undefined : Math.round((sum / weight) * 10_000) / 10_000;
}

export function warningsOf(parts: readonly TranscribedPart[]): readonly Warning[] {
  const total = (count: (part: TranscribedPart) => number): number => parts.reduce((sum, part) => sum + count(part), 0);
  const warnings: Warning[] = [];
  const warn = (code: string, message: string, count: number): void => {
    if (count > 0) warnings.push({ code, message, count });
  };
  warn(
    'SOURCE_DAMAGED',
    'Parts of the sound are damaged; words may be missing there.',
    total(({ sound }) => sound.decodeErrors),
  );
  warn(
    'LOOP_REMOVED',
    'The engine repeated itself; the repetitions were removed.',
    total(({ cleaned }) => cleaned.loops),
  );
  warn(
    'TIMES_CORRECTED',
    'The engine’s times overlapped, ran backwards or lay outside the media; those segments were moved.',
    total(({ cleaned }) => cleaned.moved),
  );
  for (const { answer, sound } of parts) {
    for (const said of [...answer.warnings, ...(sound.changes === undefined ? [] : [sound.changes])]) {
      if (!warnings.some(({ code, message }) => code === said.code && message === said.message)) warnings.push(said);
    }
  }
  if (parts.every(({ answer }) => answer.heardNothing)) {
    warnings.push({ code: 'SILENCE', message: 'The sound is digital silence; there is nothing to transcribe.' });
  } else if (parts.every(({ cleaned }) => cleaned.segments.length === 0)) {
    warnings.push({ code: 'NO_SPEECH', message: 'There is sound, but the engine heard no words in it.' });
  }
  return warnings;
}
