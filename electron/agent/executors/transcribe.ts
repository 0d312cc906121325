import { rm } from 'node:fs/promises';
import { basename } from 'node:path';
import { failure, JobFailure } from '../../../shared/failure.ts';
import {
  DEFAULT_TRANSCRIPTION_PROFILE,
  findProfile,
  TRANSCRIPTION_PROFILES,
  type TranscriptionProfile,
} from '../../../shared/profiles.ts';
import { Transcript, type Warning } from '../../../shared/wire.ts';
import { probeSource } from '../media/probe-source.ts';
import { audioStreams } from '../media/probe.ts';
import { cleanSegments, type Cleaned } from '../speech/clean-segments.ts';
import type { SpeechAnswer, SpeechEngine } from '../speech/engine.ts';
import { engineLanguage, UNDETERMINED } from '../speech/languages.ts';
import { createWhisperEngine } from '../speech/whisper-engine.ts';
import type { ExecutionContext, ExecutionSuccess, Executor, Toolbox } from './executor.ts';
import { decodeSound, type DecodedSound } from './transcribe-sound.ts';

type Context = ExecutionContext<'transcribe_audio'>;
type Success = ExecutionSuccess<'transcribe_audio'>;

/** Decoding sound is 50 to 500 times faster than hearing what is said in it. */
const DECODING_SHARE = 0.1;
/** 32,000 bytes of raw sound a second; the smallest sound files (Opus at 6 kb/s) have 750. */
const RAW_BYTES_PER_SOURCE_BYTE = 43;
/** Twelve hours of raw sound: no single recording is longer, however large its pictures make it. */
const LARGEST_RAW_BYTES = 12 * 3600 * 32_000;

/**
 * JOB-TYPES §3.4: what is said in a file, with times. Failures: NO_AUDIO_TRACK, SOURCE_UNREADABLE, UNSUPPORTED_MEDIA,
 * UNKNOWN_PROFILE, INVALID_JOB for a language no engine knows (fatal); ENGINE_UNAVAILABLE, OUT_OF_MEMORY, TIMEOUT,
 * STALLED (retryable).
 */
export function createTranscribeExecutor(engine: SpeechEngine = createWhisperEngine()): Executor<'transcribe_audio'> {
  return {
    jobType: 'transcribe_audio',
    estimateBytes: (sourceBytes) => Math.min(sourceBytes * RAW_BYTES_PER_SOURCE_BYTE, LARGEST_RAW_BYTES),
    execute: (context) => execute(context, engine),
    proof: {
      what: 'Has the speech engine listen to one second of sound with the chosen model.',
      sample: {
        fileName: 'proof-speech.wav',
        // Something that is not silence, or the model would not be asked.
        args: ['-f', 'lavfi', '-i', 'sine=f=220:r=16000:d=1', '-c:a', 'pcm_s16le', '-bitexact', '-f', 'wav'],
      },
      // A given language spares the proof its detection.
      inputs: { language: 'en' },
      check: checkProof,
    },
  };
}

async function execute(context: Context, engine: SpeechEngine): Promise<Success> {
  const profile = requireProfile(context.job.transcriptionProfile ?? DEFAULT_TRANSCRIPTION_PROFILE);
  const language = requireLanguage(context.job.language);
  const model = requireModel(context.tools.speechModel);
  const progress = risingProgress(context.report.progress);
  context.report.stage('probing');
  const probe = await probeSource(context);
  const streams = audioStreams(probe);
  if (streams.length === 0) {
    throw new JobFailure(failure('NO_AUDIO_TRACK', `“${basename(context.source.path)}” has no sound.`));
  }
  context.report.stage('decoding');
  const sound = await decodeSound(context, probe, streams, (fraction) => {
    progress(fraction * DECODING_SHARE);
  });
  context.report.stage('transcribing');
  const task = {
    processes: context.processes,
    modelPath: model.path,
    pcmPath: sound.pcmPath,
    language,
    threads: profile.threads,
    temperature: profile.temperature,
    candidates: profile.beamSize,
    gpu: context.encoder === 'auto',
  };
  const answer = await engine.transcribe(task, {
    onProgress: (fraction) => {
      progress(DECODING_SHARE + fraction * (1 - DECODING_SHARE));
    },
  });
  await rm(sound.pcmPath, { force: true });
  progress(1);
  return successOf(answer, sound, { language, profile, modelSha256: model.sha256 });
}

interface Given {
  readonly language: string;
  readonly profile: TranscriptionProfile;
  readonly modelSha256: string;
}

function successOf(answer: SpeechAnswer, sound: DecodedSound, given: Given): Success {
  const cleaned = cleanSegments(answer.segments, sound.durationMs);
  const transcript: Transcript = {
    text: cleaned.segments.map(({ text }) => text).join(' '),
    language: answer.language ?? (given.language === 'auto' ? UNDETERMINED : given.language),
    segments: [...cleaned.segments],
  };
  return {
    artifacts: [],
    outputs: { jobType: 'transcribe_audio', transcript },
    warnings: warningsOf(answer, cleaned, sound),
    metrics: {
      engine: answer.engine,
      engine_version: answer.engineVersion,
      model_sha256: given.modelSha256,
      parameters: { profile: given.profile.name, ...answer.parameters },
      media_ms: Math.round(sound.durationMs),
      engine_ms: Math.round(answer.wallMs),
      // Below 1 the machine is faster than the speaker.
      real_time_factor: Math.round((answer.wallMs / sound.durationMs) * 1000) / 1000,
    },
  };
}

function warningsOf(answer: SpeechAnswer, cleaned: Cleaned, sound: DecodedSound): readonly Warning[] {
  const { loops, segments } = cleaned;
  const warnings: Warning[] = [];
  if (sound.decodeErrors > 0) {
    const message = 'Parts of the sound are damaged; words may be missing there.';
    warnings.push({ code: 'SOURCE_DAMAGED', message, count: sound.decodeErrors });
  }
  if (loops > 0) {
    const message = 'The engine repeated itself; the repetitions were removed.';
    warnings.push({ code: 'LOOP_REMOVED', message, count: loops });
  }
  if (answer.heardNothing) {
    warnings.push({ code: 'SILENCE', message: 'The sound is digital silence; there is nothing to transcribe.' });
  } else if (segments.length === 0) {
    warnings.push({ code: 'NO_SPEECH', message: 'There is sound, but the engine heard no words in it.' });
  }
  return warnings;
}

function requireProfile(name: string): TranscriptionProfile {
  const profile = findProfile<TranscriptionProfile>(TRANSCRIPTION_PROFILES, name);
  if (profile !== undefined) return profile;
  const message = `The transcription profile “${name}” is not known here.`;
  throw new JobFailure(failure('UNKNOWN_PROFILE', message, { subject: name }));
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
