import { open, type FileHandle } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { EngineRequest, type EngineMessage, type TranscribeRequest } from './speech/engine-protocol.ts';
import { loadWhisper, type WhisperContext, type WhisperLibrary, type WhisperResult } from './speech/whisper-binding.ts';
import {
  BYTES_PER_SAMPLE,
  cutAtPause,
  isDigitalSilence,
  SAMPLE_RATE,
  samplesToMs,
  WINDOW_SAMPLES,
} from './speech/windows.ts';

/**
 * The speech engine's child: loads whisper.cpp, does one request from stdin, answers in JSON lines on stdout, ends.
 * A model that crashes the library, or needs more memory than there is, ends this process and nothing else.
 */

type Step = Extract<EngineMessage, { type: 'failed' }>['step'];

/** Shorter pieces the engine leaves undone with a warning of its own. */
const SHORTEST_SAMPLES = SAMPLE_RATE / 10;

let step: Step = 'request';
let ended = false;

function say(message: EngineMessage): void {
  process.stdout.write(`${JSON.stringify(message)}\n`);
}

function fail(message: string): void {
  if (ended) return;
  ended = true;
  process.exitCode = 1;
  say({ type: 'failed', step, message });
}

/** The binding settles no promise when the engine throws (its callback then has one argument, and it waits for two). */
process.on('beforeExit', () => {
  fail('the engine ended without an answer');
});

async function main(): Promise<void> {
  const request = EngineRequest.parse(JSON.parse(await text(process.stdin)));
  step = 'library';
  const library = loadWhisper();
  if (request.type === 'describe')
    say({ type: 'engine', engine: 'whisper.cpp', version: `whisper.node ${library.version}` });
  else await transcribe(library, request);
  ended = true;
}

async function transcribe(library: WhisperLibrary, request: TranscribeRequest): Promise<void> {
  step = 'sound';
  const file = await open(request.pcmPath, 'r');
  const model = new LazyModel(library, request);
  try {
    await transcribeFile(model, request, file);
  } finally {
    await file.close();
  }
  await model.release();
}

/** Silence needs no model: it is loaded when the first window with sound in it comes. */
class LazyModel {
  readonly version: string;
  readonly #library: WhisperLibrary;
  readonly #request: TranscribeRequest;
  #context: WhisperContext | undefined;

  constructor(library: WhisperLibrary, request: TranscribeRequest) {
    this.version = `whisper.node ${library.version}`;
    this.#library = library;
    this.#request = request;
  }

  get(): WhisperContext {
    if (this.#context === undefined) {
      const startedAt = performance.now();
      step = 'model';
      this.#context = this.#library.open({ filePath: this.#request.modelPath, useGpu: this.#request.gpu });
      say({ type: 'loaded', wallMs: performance.now() - startedAt });
    }
    return this.#context;
  }

  async release(): Promise<void> {
    await this.#context?.release();
  }
}

async function transcribeFile(model: LazyModel, request: TranscribeRequest, file: FileHandle): Promise<void> {
  const startedAt = performance.now();
  const total = Math.floor((await file.stat()).size / BYTES_PER_SAMPLE);
  let language = request.language;
  let windows = 0;
  let silentWindows = 0;
  for (let offset = 0; offset < total;) {
    step = 'sound';
    const read = await readSamples(file, offset, Math.min(WINDOW_SAMPLES, total - offset));
    const length = offset + read.length < total ? cutAtPause(read) : read.length;
    const window = read.slice(0, length);
    windows += 1;
    if (window.length < SHORTEST_SAMPLES || isDigitalSilence(window)) {
      silentWindows += 1;
    } else {
      const context = model.get();
      step = 'engine';
      const result = await runWindow(context, { ...request, language }, window, { offset, total });
      tellSegments(result, offset);
      // One language for the whole sound: what was heard first holds, or a cut could change it in mid-sentence.
      language = result.language ?? language;
    }
    offset += length;
    say({ type: 'progress', fraction: offset / total });
  }
  const heard = language === 'auto' ? {} : { language };
  const wallMs = performance.now() - startedAt;
  say({ type: 'end', ...heard, version: model.version, windows, silentWindows, wallMs });
}

async function readSamples(file: FileHandle, offset: number, count: number): Promise<Int16Array<ArrayBuffer>> {
  const samples = new Int16Array(count);
  const { bytesRead } = await file.read(samples, 0, count * BYTES_PER_SAMPLE, offset * BYTES_PER_SAMPLE);
  if (bytesRead !== count * BYTES_PER_SAMPLE) throw new Error('the decoded sound ended early');
  return samples;
}

function runWindow(
  context: WhisperContext,
  request: TranscribeRequest,
  window: Int16Array<ArrayBuffer>,
  place: { readonly offset: number; readonly total: number },
): Promise<WhisperResult> {
  return context.transcribeData(window.buffer, {
    language: request.language,
    maxThreads: request.threads,
    temperature: request.temperature,
    bestOf: request.candidates,
    onProgress: (percent) => {
      const done = (Math.min(100, Math.max(0, percent)) / 100) * window.length;
      say({ type: 'progress', fraction: (place.offset + done) / place.total });
    },
  }).promise;
}

function tellSegments(result: WhisperResult, offset: number): void {
  const startMs = samplesToMs(offset);
  for (const { text, t0, t1 } of result.segments) {
    say({ type: 'segment', startMs: startMs + t0, endMs: startMs + t1, text });
  }
}

main().catch((error: unknown) => {
  fail(error instanceof Error ? error.message : String(error));
});
