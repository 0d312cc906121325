import { printable } from '../../../shared/printable.ts';
import { systemClock, withTimeout } from '../clock.ts';
import type { RawSegment } from './clean-segments.ts';
import type { EngineMessage, TranscribeRequest } from './engine-protocol.ts';
import { createWindowJoiner } from './join-windows.ts';
import { readWindows, type PcmWindow } from './pcm-windows.ts';
import { speechOnly, widened, type SpeechOnly } from './speech-map.ts';
import {
  deviceIn,
  PROCESSOR,
  settlesDevice,
  type WhisperContext,
  type WhisperLibrary,
  type WhisperResult,
  type WhisperVadContext,
} from './whisper-binding.ts';
import { SAMPLE_RATE, samplesToMs } from './windows.ts';
import { linesOf, mendPieces, wordsOf, type TimedPiece } from './words.ts';

/** What the child does with a sound: window by window, so that memory does not grow with its length. */

export type Step = Extract<EngineMessage, { type: 'failed' }>['step'];

export interface Child {
  say(message: EngineMessage): void;
  /** What is being done, for the sentence if it fails. */
  enter(step: Step): void;
}

/** Silero's own defaults, but for pauses inside a sentence: they are no end of speech. */
const DETECTION = { threshold: 0.5, minSpeechDurationMs: 250, minSilenceDurationMs: 500, speechPadMs: 30 };

export async function transcribeWindows(
  child: Child,
  library: WhisperLibrary,
  request: TranscribeRequest,
): Promise<void> {
  const startedAt = systemClock.monotonic();
  const model = new LazyModel(child, library, request);
  const joiner = createWindowJoiner();
  let { language } = request;
  const count = { windows: 0, silentWindows: 0, speechlessWindows: 0, forcedCuts: 0 };
  const tell = (segments: readonly RawSegment[]): void => {
    for (const { words, ...segment } of segments) {
      child.say({ type: 'segment', ...segment, ...(words === undefined ? {} : { words: [...words] }) });
    }
  };
  child.enter('sound');
  for await (const window of readWindows(request.pcmPath)) {
    count.windows += 1;
    if (window.overlap > 0) count.forcedCuts += 1;
    const startMs = samplesToMs(window.offset);
    let segments: readonly RawSegment[] = [];
    const speech = window.silent ? null : await model.speechIn(window.samples);
    if (window.silent) count.silentWindows += 1;
    else if (speech === null) count.speechlessWindows += 1;
    else {
      const result = await transcribeWindow(child, await model.get(), { ...request, language }, speech, window);
      segments = segmentsOf(result, (ms) => startMs + speech.toWindowMs(ms));
      // One language for the whole sound: what was heard first holds, or a cut could change it in mid-sentence.
      language = result.language ?? language;
    }
    tell(joiner.add(segments, startMs, samplesToMs(window.overlap)));
    child.say({ type: 'progress', fraction: (window.offset + window.samples.length) / window.total });
    child.enter('sound');
  }
  tell(joiner.end());
  await model.release();
  const heard = language === 'auto' ? {} : { language };
  const wallMs = systemClock.monotonic() - startedAt;
  child.say({ type: 'end', ...heard, version: versionOf(library), ...count, wallMs });
}

export const versionOf = ({ version }: WhisperLibrary): string => `whisper.node ${version}`;

/** Silence needs no model: it is loaded when the first window with sound in it comes. */
class LazyModel {
  readonly #child: Child;
  readonly #library: WhisperLibrary;
  readonly #request: TranscribeRequest;
  #context: WhisperContext | undefined;
  #detector: WhisperVadContext | undefined;

  constructor(child: Child, library: WhisperLibrary, request: TranscribeRequest) {
    this.#child = child;
    this.#library = library;
    this.#request = request;
  }

  async get(): Promise<WhisperContext> {
    if (this.#context === undefined) {
      const startedAt = systemClock.monotonic();
      const { modelPath, gpu } = this.#request;
      this.#child.enter('model');
      const opened = await openOn(this.#library, modelPath, gpu);
      this.#context = opened.context;
      this.#child.say({ type: 'loaded', wallMs: systemClock.monotonic() - startedAt, device: opened.device });
    }
    return this.#context;
  }

  /** The window, or what of it is speech where there is a detector; null when none of it is. */
  async speechIn(window: Int16Array<ArrayBuffer>): Promise<SpeechOnly | null> {
    const { detectorPath, threads } = this.#request;
    if (detectorPath === undefined) return { samples: window, toWindowMs: (ms) => ms };
    this.#child.enter('detector');
    this.#detector ??= this.#library.openDetector({ filePath: detectorPath, nThreads: threads });
    const found = await this.#detector.detectSpeechData(window.buffer, DETECTION);
    const samples = (hundredths: number): number => Math.round((hundredths * SAMPLE_RATE) / 100);
    const stretches = widened(
      found.map(({ t0, t1 }) => ({ from: samples(t0), to: samples(t1) })),
      window.length,
    );
    return stretches.length === 0 ? null : speechOnly(window, stretches);
  }

  async release(): Promise<void> {
    await this.#context?.release();
    await this.#detector?.release();
  }
}

/** The engine's lines are there within a turn of the event loop or two; a build that says none is not waited for longer. */
const LINES_MS = 2_000;

/**
 * Opens a model and listens to what the engine says about the device it took. Its lines are handed over in later turns
 * of the event loop, when opening is long over: who does not wait for them takes every device for the processor.
 */
export async function openOn(
  library: WhisperLibrary,
  filePath: string,
  useGpu: boolean,
): Promise<{ readonly context: WhisperContext; readonly device: string }> {
  const told = Promise.withResolvers<undefined>();
  let device = PROCESSOR;
  library.listen((line) => {
    device = deviceIn(line) ?? device;
    // The last lines help whoever asks why it failed.
    if (/error|failed|not enough|no GPU/i.test(line)) process.stderr.write(`${printable(line)}\n`);
    if (settlesDevice(line)) told.resolve(undefined);
  });
  try {
    const context = library.open({ filePath, useGpu });
    if (useGpu) await withTimeout(systemClock, LINES_MS, told.promise, undefined);
    return { context, device };
  } finally {
    // While somebody listens this process cannot end by itself, and that is how a lost answer is noticed.
    library.listen(null);
  }
}

function transcribeWindow(
  child: Child,
  context: WhisperContext,
  request: TranscribeRequest,
  { samples }: SpeechOnly,
  window: PcmWindow,
): Promise<WhisperResult> {
  child.enter('engine');
  return context.transcribeData(bufferOf(samples), {
    language: request.language,
    maxThreads: request.threads,
    temperature: request.temperature,
    temperatureInc: request.temperatureStep,
    bestOf: request.candidates,
    maxLen: 1,
    tokenTimestamps: true,
    onProgress: (percent) => {
      const done = (Math.min(100, Math.max(0, percent)) / 100) * window.samples.length;
      child.say({ type: 'progress', fraction: (window.offset + done) / window.total });
    },
  }).promise;
}

/** The binding takes a whole buffer, not a view of one. */
function bufferOf(samples: Int16Array<ArrayBuffer>): ArrayBuffer {
  return samples.byteLength === samples.buffer.byteLength ? samples.buffer : samples.slice().buffer;
}

/** Every piece is a token; the engine's own lines are lost with that, so lines are made anew, from words. */
function segmentsOf(result: WhisperResult, toMs: (ms: number) => number): readonly RawSegment[] {
  const pieces: TimedPiece[] = result.segments.map(({ t0, t1, text }) => ({
    startMs: toMs(t0),
    endMs: toMs(t1),
    text,
  }));
  return linesOf(wordsOf(mendPieces(pieces, result.result)));
}
