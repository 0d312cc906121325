import { basename } from 'node:path';
import { failure, JobFailure } from '../../../shared/failure.ts';
import {
  DEFAULT_TRANSCRIPTION_PROFILE,
  TRANSCRIPTION_PROFILES,
  type TranscriptionProfile,
} from '../../../shared/profiles.ts';
import { Transcript } from '../../../shared/facts.ts';
import { requireSound } from '../media/probe-source.ts';
import { probeOf } from '../media/source-probes.ts';
import { asReader } from '../media/source-readers.ts';
import { unreadSoundWarning } from '../media/unread-streams.ts';
import { openedAsItPlays } from '../media/wav-length.ts';
import { createCliEngine } from '../speech/cli-engine.ts';
import type { SpeechEngine } from '../speech/engine.ts';
import { engineLanguage } from '../speech/languages.ts';
import { createWhisperEngine } from '../speech/whisper-engine.ts';
import type { ExecutionContext, ExecutionSuccess, Executor, ProfileProof, ProofSample, Toolbox } from '../execution.ts';
import { knownProfile } from './known-profile.ts';
import {
  transcribeParts,
  partsOf,
  transcriptOf,
  warningsOf,
  type PartsRequest,
  type TranscribedPart,
} from './transcribe-parts.ts';

type Context = ExecutionContext<'transcribe_audio'>;
type Success = ExecutionSuccess<'transcribe_audio'>;

/** 32,000 bytes of raw sound a second; the smallest sound files (Opus at 6 kb/s) have 750. */
const RAW_BYTES_PER_SOURCE_BYTE = 43;
/** Twelve hours of raw sound: no single recording is longer, however large its pictures make it. */
const LARGEST_RAW_BYTES = 12 * 3600 * 32_000;

/**
 * JOB-TYPES §3.4: what is said in a file, with times. Failures: NO_AUDIO_TRACK, SOURCE_UNREADABLE, UNSUPPORTED_MEDIA,
 * UNKNOWN_PROFILE, INVALID_JOB for a language no engine knows (fatal); ENGINE_UNAVAILABLE, OUT_OF_MEMORY, TIMEOUT,
 * STALLED (retryable).
 */
export function createTranscribeExecutor(engine?: SpeechEngine): Executor<'transcribe_audio'> {
  return {
    jobType: 'transcribe_audio',
    needs: ['ffmpeg', 'ffprobe', 'speech-engine', 'speech-model'],
    estimateBytes: (sourceBytes) => Math.min(sourceBytes * RAW_BYTES_PER_SOURCE_BYTE, LARGEST_RAW_BYTES),
    execute: (context) => execute(context, engine ?? engineOf(context.tools)),
    proof: {
      what: 'Has the speech engine listen to one second of sound with the chosen model.',
      sample: PROOF_SOUND,
      // A given language spares the proof its detection.
      inputs: { language: 'en' },
      check: checkProof,
      profiles: [perTrackProof()],
    },
  };
}

const PROOF_SOUND: ProofSample = {
  fileName: 'proof-speech.wav',
  // Something that is not silence, or the model would not be asked.
  args: ['-f', 'lavfi', '-i', 'sine=f=220:r=16000:d=1', '-c:a', 'pcm_s16le', '-bitexact', '-f', 'wav'],
};

function perTrackProof(): ProfileProof<'transcribe_audio'> {
  const profile = TRANSCRIPTION_PROFILES.speech_per_track_v1;
  return {
    profile: profile.name,
    options: profile,
    samples: [PROOF_SOUND],
    inputs: { language: 'en', transcriptionProfile: profile.name },
    check: checkProof,
  };
}

/** The engine that was found and proved to start. */
function engineOf({ speechEngine }: Toolbox): SpeechEngine {
  return speechEngine?.kind === 'whisper-cli' ? createCliEngine(speechEngine) : createWhisperEngine(speechEngine);
}

async function execute(given: Context, engine: SpeechEngine): Promise<Success> {
  const profile = knownProfile<TranscriptionProfile>(
    TRANSCRIPTION_PROFILES,
    'transcription profile',
    given.job.transcriptionProfile ?? DEFAULT_TRANSCRIPTION_PROFILE,
  );
  const language = requireLanguage(given.job.language);
  const model = requireModel(given.tools.speechModel);
  const onProgress = risingProgress(given.report.progress);
  given.report.stage('probing');
  return asReader(given, async (reader) => {
    const probe = await probeOf(given);
    const context = openedAsItPlays(given, probe);
    const streams = requireSound(probe, basename(context.source.path));
    const request = { context, engine, model, profile, language, probe, reader, onProgress };
    const parts = await transcribeParts(request, partsOf(profile, streams));
    onProgress(1);
    return successOf(parts, { probe, profile, model, language });
  });
}

function successOf(
  parts: readonly TranscribedPart[],
  { probe, profile, model, language }: Pick<PartsRequest, 'probe' | 'profile' | 'model' | 'language'>,
): Success {
  return {
    artifacts: [],
    outputs: { jobType: 'transcribe_audio', transcript: transcriptOf(parts, language) },
    warnings: [...(probe.warnings ?? []), ...warningsOf(parts), unreadSoundWarning(probe)].filter(
      (one) => one !== undefined,
    ),
    metrics: metricsOf(parts, profile, model),
  };
}

function metricsOf(
  parts: readonly TranscribedPart[],
  profile: TranscriptionProfile,
  model: NonNullable<Toolbox['speechModel']>,
): Success['metrics'] {
  const mediaMs = Math.max(...parts.map(({ sound }) => sound.durationMs));
  const heardMs = parts.reduce((sum, { sound }) => sum + sound.durationMs, 0);
  const engineMs = parts.reduce((sum, { answer }) => sum + answer.wallMs, 0);
  const [first] = parts;
  return {
    engine: first?.answer.engine,
    engine_version: first?.answer.engineVersion,
    model_sha256: model.sha256,
    ...(model.detector === undefined ? {} : { detector_sha256: model.detector.sha256 }),
    parameters: { profile: profile.name, ...first?.answer.parameters },
    ...(first?.track === undefined ? {} : { tracks: parts.map(trackOf) }),
    media_ms: Math.round(mediaMs),
    engine_ms: Math.round(engineMs),
    // Below 1 the machine is faster than the speaker.
    real_time_factor: Math.round((engineMs / heardMs) * 1000) / 1000,
  };
}

function trackOf({ track, answer, cleaned }: TranscribedPart): Record<string, unknown> {
  const { heardNothing, language, parameters } = answer;
  return { track, silent: heardNothing, language, segments: cleaned.segments.length, device: parameters['device'] };
}

function requireLanguage(tag: string | undefined): string {
  const language = engineLanguage(tag);
  if (language !== null) return language;
  const message = `The job’s field “inputs.language” is wrong: the speech engine knows no language “${tag ?? ''}”.`;
  throw new JobFailure(failure('INVALID_JOB', message, { subject: 'inputs.language' }));
}

function requireModel(model: Toolbox['speechModel']): NonNullable<Toolbox['speechModel']> {
  if (model !== undefined) return model;
  throw new JobFailure(failure('ENGINE_UNAVAILABLE', 'No speech model is chosen, so nothing can be transcribed here.'));
}

/** Passes on what is higher than before, inside 0..1: the engine's own progress jumps, goes back and passes 100 %. */
function risingProgress(report: (fraction: number) => void): (fraction: number) => void {
  let highest = 0;
  return (fraction) => {
    const clamped = Math.min(1, Math.max(0, fraction));
    if (clamped <= highest) return;
    highest = clamped;
    report(clamped);
  };
}

function checkProof({ outputs, metrics }: Success): string | null {
  const transcript = Transcript.safeParse(outputs.transcript);
  if (!transcript.success) return 'The engine’s transcript is not well formed.';
  if (metrics['media_ms'] !== 1000) return `The sound is ${String(metrics['media_ms'])} ms long instead of 1000 ms.`;
  return outputs.transcript.segments.every(({ end_ms: endMs }) => endMs <= 1000)
    ? null
    : 'A segment ends after the sound.';
}
