import { text } from 'node:stream/consumers';
import { systemClock } from '../clock.ts';
import { assertNever } from '../../../shared/assert-never.ts';
import { EngineRequest, type EngineMessage } from './engine-protocol.ts';
import { transcribeWindows, openOn, versionOf, type Child, type Step } from './transcribe-windows.ts';
import { readWindows } from './pcm-windows.ts';
import { loadWhisper, type WhisperLibrary } from './whisper-binding.ts';
import { SAMPLE_RATE } from './windows.ts';

/**
 * The speech engine's child: loads whisper.cpp, does one request from stdin, answers in JSON lines on stdout, ends.
 * A model that crashes the library, or needs more memory than there is, ends this process and nothing else.
 */

let step: Step = 'request';
let ended = false;

const child: Child = {
  say: (message: EngineMessage) => process.stdout.write(`${JSON.stringify(message)}\n`),
  enter: (entered) => {
    step = entered;
  },
};

function fail(message: string): void {
  if (ended) return;
  ended = true;
  process.exitCode = 1;
  child.say({ type: 'failed', step, message });
}

/** The binding settles no promise when the engine throws (its callback then has one argument, and it waits for two). */
process.on('beforeExit', () => {
  fail('the engine ended without an answer');
});

async function main(): Promise<void> {
  const request = EngineRequest.parse(JSON.parse(await text(process.stdin)));
  if (request.type === 'plan') await plan(request.pcmPath);
  else {
    step = 'library';
    await answer(loadWhisper(request.variant), request);
  }
  ended = true;
}

async function answer(library: WhisperLibrary, request: Exclude<EngineRequest, { type: 'plan' }>): Promise<void> {
  switch (request.type) {
    case 'describe':
      child.say({ type: 'engine', engine: 'whisper.cpp', version: versionOf(library) });
      return;
    case 'probe':
      return probe(library, request.modelPath);
    case 'transcribe':
      return transcribeWindows(child, library, request);
    default:
      return assertNever(request);
  }
}

async function plan(pcmPath: string): Promise<void> {
  step = 'sound';
  for await (const { offset, samples, overlap, silent } of readWindows(pcmPath)) {
    child.say({ type: 'window', offset, length: samples.length, overlap, silent });
  }
  child.say({ type: 'planned' });
}

/** One second of a tone: a device that opens the model may still fail at its first multiplication. */
async function probe(library: WhisperLibrary, modelPath: string): Promise<void> {
  step = 'model';
  const startedAt = systemClock.monotonic();
  const { context, device } = await openOn(library, modelPath, true);
  step = 'engine';
  const tone = Int16Array.from({ length: SAMPLE_RATE }, (_, at) => Math.sin(at / 12) * 8000);
  const options = { language: 'en', maxThreads: 2, temperature: 0, temperatureInc: 0, bestOf: 1 };
  await context.transcribeData(tone.buffer, { ...options, onProgress: () => undefined }).promise;
  child.say({ type: 'device', device, wallMs: systemClock.monotonic() - startedAt });
  await context.release();
}

main().catch((error: unknown) => {
  fail(error instanceof Error ? error.message : String(error));
});
