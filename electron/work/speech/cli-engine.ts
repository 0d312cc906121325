import { createReadStream, createWriteStream } from 'node:fs';
import { readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { systemClock } from '../clock.ts';
import { failure, JobFailure } from '../../../shared/failure.ts';
import type { Warning } from '../../../shared/facts.ts';
import { toolDetail } from '../media/tool-failure.ts';
import type { RawSegment } from './clean-segments.ts';
import { cliProgress, parseCliOutput, type CliTranscript } from './cli-output.ts';
import { checkModel, engineFailure } from './engine-failure.ts';
import type { EngineMessage } from './engine-protocol.ts';
import type { SpeechAnswer, SpeechEngine, SpeechHooks, SpeechTask } from './engine.ts';
import { createWindowJoiner } from './join-windows.ts';
import { runEngine } from './run-engine.ts';
import { wavHeader } from './wav-header.ts';
import { deviceIn, PROCESSOR } from './whisper-binding.ts';
import { BYTES_PER_SAMPLE, samplesToMs } from './windows.ts';

/** One window's transcript with every token: about 100 bytes a token, a few thousand of them. */
const LARGEST_OUTPUT_BYTES = 64 << 20;

type Window = Extract<EngineMessage, { type: 'window' }>;

/**
 * whisper.cpp's own program. It reads a whole file into memory, so it gets one window at a time; where to cut is found
 * by our child, which knows sound.
 */
export function createCliEngine(program: { readonly path: string; readonly version: string }): SpeechEngine {
  return { transcribe: (task, hooks) => transcribe(program, task, hooks) };
}

interface Hearing {
  language: string;
  device: string;
  readonly segments: RawSegment[];
  readonly probabilities: number[];
}

async function transcribe(
  program: { readonly path: string; readonly version: string },
  task: SpeechTask,
  hooks: SpeechHooks,
): Promise<SpeechAnswer> {
  const startedAt = systemClock.monotonic();
  const model = await checkModel(task.modelPath, task.language);
  const windows = await planWindows(task);
  const total = Math.max(1, ...windows.map(({ offset, length }) => offset + length));
  const joiner = createWindowJoiner();
  const hearing: Hearing = { language: model.language, device: PROCESSOR, segments: [], probabilities: [] };
  for (const window of windows) {
    const onProgress = (done: number): void => hooks.onProgress((window.offset + done * window.length) / total);
    const startMs = samplesToMs(window.offset);
    const heard = window.silent
      ? []
      : await hearWindow(program.path, task, model.residentBytes, window, hearing, onProgress);
    hearing.segments.push(...joiner.add(heard, startMs, samplesToMs(window.overlap)));
    onProgress(1);
  }
  hearing.segments.push(...joiner.end());
  return answerOf(program.version, task, { windows, hearing, wallMs: systemClock.monotonic() - startedAt });
}

async function planWindows({ processes, pcmPath }: SpeechTask): Promise<readonly Window[]> {
  const windows: Window[] = [];
  let planned = false;
  const run = await runEngine(
    processes,
    { type: 'plan', pcmPath },
    (message) => {
      if (message.type === 'window') windows.push(message);
      if (message.type === 'planned') planned = true;
    },
    {},
  );
  if (run.kind === 'not-started')
    throw new JobFailure(failure('ENGINE_UNAVAILABLE', `Transcribing failed: ${run.why}`));
  if (!planned) throw new JobFailure(engineFailure(run.result));
  return windows;
}

async function hearWindow(
  path: string,
  task: SpeechTask,
  residentBytes: number,
  window: Window,
  hearing: Hearing,
  onProgress: (done: number) => void,
): Promise<readonly RawSegment[]> {
  const base = join(task.folder, 'speech-window');
  try {
    await writeWindow(task.pcmPath, `${base}.wav`, window);
    const result = await task.processes.run({
      program: path,
      args: cliArgs(task, base, hearing.language),
      cwd: task.folder,
      stdout: { kind: 'ignore' },
      onStderrLine: (line) => {
        const done = cliProgress(line);
        if (done !== null) onProgress(Math.min(1, done));
        hearing.device = deviceIn(line) ?? hearing.device;
      },
      limits: { residentBytes },
      ...(task.gpu ? { devices: 'graphics' as const } : {}),
    });
    if (result.end.kind !== 'exited' || result.end.code !== 0) throw new JobFailure(engineFailure(result));
    const transcript = await readTranscript(`${base}.json`, task.detectorPath !== undefined);
    if (transcript === null) {
      const message = 'whisper-cli ended well but wrote no transcript that can be read; another version may be needed.';
      throw new JobFailure(failure('ENGINE_UNAVAILABLE', message, toolDetail(result)));
    }
    hearing.language = transcript.language ?? hearing.language;
    hearing.probabilities.push(...transcript.probabilities);
    return transcript.segments.map((segment) => movedBy(segment, samplesToMs(window.offset)));
  } finally {
    await Promise.all([rm(`${base}.wav`, { force: true }), rm(`${base}.json`, { force: true })]);
  }
}

/** Arguments of `whisper-cli` for one window; greedy like the profile says (a beam of 1 means greedy). */
function cliArgs(task: Omit<SpeechTask, 'processes' | 'pcmPath'>, base: string, language: string): string[] {
  const detector = task.detectorPath === undefined ? [] : ['--vad', '--vad-model', task.detectorPath];
  return [
    ...['--model', task.modelPath, '--file', `${base}.wav`, '--language', language],
    ...['--threads', String(task.threads), '--beam-size', '1', '--best-of', String(task.candidates)],
    ...['--temperature', String(task.temperature), '--temperature-inc', String(task.temperatureStep)],
    ...['--no-speech-thold', String(task.noSpeechThreshold)],
    ...detector,
    ...(task.gpu ? [] : ['--no-gpu']),
    ...['--output-json-full', '--output-file', base, '--print-progress'],
  ];
}

async function writeWindow(pcmPath: string, wavPath: string, { offset, length }: Window): Promise<void> {
  const start = offset * BYTES_PER_SAMPLE;
  const end = start + length * BYTES_PER_SAMPLE - 1;
  const wav = createWriteStream(wavPath);
  wav.write(wavHeader(length * BYTES_PER_SAMPLE));
  await pipeline(createReadStream(pcmPath, { start, end }), wav);
}

async function readTranscript(path: string, detected: boolean): Promise<CliTranscript | null> {
  try {
    if ((await stat(path)).size > LARGEST_OUTPUT_BYTES) return null;
    return parseCliOutput(await readFile(path, 'utf8'), detected);
  } catch {
    return null;
  }
}

function movedBy(segment: RawSegment, ms: number): RawSegment {
  const times = { startMs: segment.startMs + ms, endMs: segment.endMs + ms };
  if (segment.words === undefined) return { ...segment, ...times };
  const words = segment.words.map((word) => ({ ...word, startMs: word.startMs + ms, endMs: word.endMs + ms }));
  return { ...segment, ...times, words };
}

interface Outcome {
  readonly windows: readonly Window[];
  readonly hearing: Hearing;
  readonly wallMs: number;
}

function answerOf(version: string, task: SpeechTask, { windows, hearing, wallMs }: Outcome): SpeechAnswer {
  const silent = windows.filter((window) => window.silent).length;
  const { probabilities, language, device } = hearing;
  const mean = probabilities.reduce((sum, p) => sum + p, 0) / probabilities.length;
  return {
    segments: hearing.segments,
    ...(language === 'auto' ? {} : { language }),
    ...(probabilities.length === 0 ? {} : { confidence: Math.min(1, Math.max(0, mean)) }),
    heardNothing: silent === windows.length,
    engine: 'whisper.cpp',
    engineVersion: `whisper-cli ${version}`,
    parameters: {
      language,
      strategy: 'greedy',
      best_of: task.candidates,
      temperature: task.temperature,
      temperature_step: task.temperatureStep,
      no_speech_threshold: task.noSpeechThreshold,
      threads: task.threads,
      gpu_allowed: task.gpu,
      device,
      voice_activity: task.detectorPath === undefined ? 'digital-silence' : 'silero',
      words: 'token-times',
      confidence: 'mean token probability',
      windows: windows.length,
      silent_windows: silent,
      forced_cuts: windows.filter(({ overlap }) => overlap > 0).length,
    },
    wallMs,
    warnings: task.gpu && device === PROCESSOR && silent < windows.length ? [GPU_NOT_USED] : [],
  };
}

const GPU_NOT_USED: Warning = {
  code: 'GPU_NOT_USED',
  message: 'A graphics device may be used, but whisper-cli took none and used the processor.',
};
