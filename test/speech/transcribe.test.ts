import { copyFile, mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { proveCapability } from '../../electron/work/capabilities/prove.ts';
import { createTranscribeExecutor } from '../../electron/work/executors/transcribe.ts';
import type { SpeechAnswer, SpeechEngine } from '../../electron/work/speech/engine.ts';
import { JobFailure, type Failure } from '../../shared/failure.ts';
import type { JobOf } from '../../shared/job.ts';
import { Transcript } from '../../shared/facts.ts';
import { rigFor } from '../media/probe-context.ts';
import { eventually } from '../support/children/alive.ts';
import { made, NO_FFMPEG } from '../support/made-media.ts';
import { RECITED, writeRecitingModel } from '../support/reciting-model.ts';
import { writeWeightlessModel } from '../support/weightless-model.ts';

type Context = Awaited<ReturnType<typeof rigFor<'transcribe_audio'>>>['context'];

let folder = '';
let model = '';
let reciting = '';

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rushcatalog-speech-'));
  model = join(folder, 'model.bin');
  await writeWeightlessModel(model);
  reciting = join(folder, 'reciting.bin');
  await writeRecitingModel(reciting);
});
afterAll(async () => rm(folder, { recursive: true, force: true }));

const tone = (seconds: number): Promise<string> =>
  made('tone.wav', ['-f', 'lavfi', '-i', `sine=f=220:r=48000:d=${String(seconds)}`]);
const silence = (): Promise<string> =>
  made('silence.m4a', ['-f', 'lavfi', '-i', 'anullsrc=r=48000:cl=stereo', '-t', '2']);

async function run<T>(
  path: string,
  use: (context: Context, reported: readonly (string | number)[]) => Promise<T>,
  inputs: Partial<JobOf<'transcribe_audio'>> = {},
  modelPath: string | null = model,
): Promise<T> {
  const rig = await rigFor('transcribe_audio', path, inputs);
  const speechModel = modelPath === null ? {} : { speechModel: { path: modelPath, sha256: 'f'.repeat(64) } };
  try {
    return await use({ ...rig.context, tools: { ...rig.context.tools, ...speechModel } }, rig.reported);
  } finally {
    await rig.remove();
  }
}

async function failureOf(work: Promise<unknown>): Promise<Failure> {
  try {
    await work;
  } catch (error) {
    if (error instanceof JobFailure) return error.failure;
    throw error;
  }
  throw new Error('it did not fail');
}

const execute = (context: Context, engine?: SpeechEngine) => createTranscribeExecutor(engine).execute(context);

/** An engine that is a function: what comes behind the seam is tested with what engines have really said. */
const saying = (answer: Partial<SpeechAnswer>, progress: readonly number[] = []): SpeechEngine => ({
  transcribe: (_task, { onProgress }) => {
    progress.forEach(onProgress);
    const base = {
      segments: [],
      language: 'en',
      heardNothing: false,
      engine: 'test',
      engineVersion: '0',
      parameters: {},
      wallMs: 5,
      warnings: [],
    };
    return Promise.resolve({ ...base, ...answer });
  },
});

describe.skipIf(NO_FFMPEG !== null)(`transcribe_audio with the real engine ${NO_FFMPEG ?? ''}`, () => {
  it('loads the model, listens and answers a well-formed transcript', async () => {
    await run(await tone(3), async (context, reported) => {
      const success = await execute(context);
      expect(Transcript.parse(success.outputs.transcript)).toMatchObject({ text: '', segments: [] });
      expect(success.outputs.transcript.language).toMatch(/^[a-z]{2,3}$/);
      expect(success.warnings.map(({ code }) => code)).toEqual(['NO_SPEECH']);
      expect(success.metrics).toMatchObject({
        engine: 'whisper.cpp',
        engine_version: expect.stringMatching(/^whisper\.node \d/),
        model_sha256: 'f'.repeat(64),
        media_ms: 3000,
        parameters: { profile: 'speech_default_v1', threads: 4, temperature: 0, strategy: 'greedy', windows: 1 },
      });
      console.log('weightless model, 3 s of sound:', success.metrics);
      const fractions = reported.filter((entry) => typeof entry === 'number');
      expect(fractions).toEqual([...fractions].sort((a, b) => a - b));
      expect(fractions.at(-1)).toBe(1);
      expect(reported.filter((entry) => typeof entry === 'string')).toEqual(['probing', 'decoding', 'transcribing']);
      expect(await readdir(context.workspace)).toEqual([]);
    });
  });

  it('gives what the engine hears: text, times and the language detected', async () => {
    const success = await run(await tone(3), (context) => execute(context), {}, reciting);
    const { text, endMs } = RECITED;
    const words = [
      { start_ms: 0, end_ms: 660, text: 'Bonjour' },
      { start_ms: 660, end_ms: 1040, text: 'tout' },
      { start_ms: 1040, end_ms: 1230, text: 'le' },
      { start_ms: 1230, end_ms: 2000, text: 'monde.' },
    ];
    const segments = [{ start_ms: 0, end_ms: endMs, text, words }];
    expect(success.outputs.transcript).toEqual({ text, language: 'fr', segments });
    expect(success.warnings).toEqual([]);
    console.log('reciting model, 3 s of sound:', success.metrics['engine_ms'], 'ms');
  });

  it('cuts a long recording into windows, leaves silent ones out, and keeps times exact', async () => {
    const long = await made('late.wav', [
      '-f',
      'lavfi',
      '-i',
      'sine=f=220:r=16000:d=4',
      '-af',
      'adelay=301000',
      '-t',
      '334',
    ]);
    const success = await run(long, (context) => execute(context), {}, reciting);
    expect(success.metrics['parameters']).toMatchObject({ windows: 2, silent_windows: 1 });
    const [first] = success.outputs.transcript.segments;
    // The second window begins in the pause around 299.9 s; the engine's own 30 s are counted from there.
    expect(first?.text).toBe(RECITED.text);
    expect(first?.start_ms).toBeGreaterThan(299_700);
    expect(first?.start_ms).toBeLessThanOrEqual(300_000);
    expect(first && first.end_ms - first.start_ms).toBe(RECITED.endMs);
    expect(success.outputs.transcript.segments.at(-1)?.end_ms).toBeLessThanOrEqual(305_000);
  });

  it('keeps a given language', async () => {
    const success = await run(await tone(1), (context) => execute(context), { language: 'de-AT' }, reciting);
    expect(success.outputs.transcript.language).toBe('de');
  });

  it('digital silence asks no model and invents nothing', async () => {
    const damaged = join(folder, 'never-opened.bin');
    await copyFile(model, damaged);
    const success = await run(await silence(), (context) => execute(context), {}, damaged);
    expect(success.outputs.transcript).toEqual({ text: '', language: 'und', segments: [] });
    expect(success.warnings.map(({ code }) => code)).toEqual(['SILENCE']);
    expect(success.metrics['parameters']).toMatchObject({ windows: 1, silent_windows: 1 });
  });

  it('proves itself with a model, through the same code as a job', { tags: ['slow'] }, async () => {
    const rig = await rigFor('transcribe_audio', await tone(1));
    const toolbox = { ...rig.context.tools, speechModel: { path: model, sha256: 'f'.repeat(64) } };
    const { processes } = rig.context;
    const proof = await proveCapability(createTranscribeExecutor(), {
      toolbox,
      workFolder: folder,
      processes: () => processes,
      encoder: 'software',
      now: Date.now,
    });
    await rig.remove();
    expect(proof).toMatchObject({ status: 'passed' });
  });

  it('a cancelled job is gone', async () => {
    await run(await tone(60), async (context) => {
      const running = failureOf(execute(context));
      await eventually(() => context.processes.groups().length > 0);
      await context.processes.terminate();
      expect((await running).code).toBe('CANCELLED');
      expect(context.processes.groups()).toEqual([]);
    });
  });
});

describe.skipIf(NO_FFMPEG !== null)(`transcribe_audio says what is wrong ${NO_FFMPEG ?? ''}`, () => {
  it('no sound is NO_AUDIO_TRACK, fatal', async () => {
    const path = await made('mute.mp4', [
      '-f',
      'lavfi',
      '-i',
      'testsrc2=s=64x64:d=1',
      '-c:v',
      'libx264',
      '-preset',
      'ultrafast',
    ]);
    expect(await run(path, (context) => failureOf(execute(context)))).toMatchObject({
      code: 'NO_AUDIO_TRACK',
      retryable: false,
    });
  });

  it('no model, a missing one, one of another format and a cut one are ENGINE_UNAVAILABLE, retryable', async () => {
    const other = join(folder, 'other.bin');
    await writeFile(other, Buffer.concat([Buffer.from('GGUF'), Buffer.alloc(4096)]));
    const cut = join(folder, 'cut.bin');
    await copyFile(model, cut);
    await truncate(cut, 300_000);
    const path = await tone(1);
    for (const wrong of [null, join(folder, 'gone.bin'), other, cut]) {
      const failure = await run(path, (context) => failureOf(execute(context)), {}, wrong);
      expect(failure).toMatchObject({ code: 'ENGINE_UNAVAILABLE', retryable: true });
    }
  });

  it('a model the library refuses, and one it throws over, end the child and not the agent', async () => {
    const strange = join(folder, 'strange.bin');
    // Header and vocabulary are in order, what follows is no tensor; the library trips over it.
    await copyFile(model, strange);
    await writeFile(strange, Buffer.alloc(4096, 7), { flag: 'a' });
    const noBlank = join(folder, 'no-blank.bin');
    await writeWeightlessModel(noBlank, { words: 0 });
    const path = await tone(1);
    for (const wrong of [strange, noBlank]) {
      const failure = await run(path, (context) => failureOf(execute(context)), {}, wrong);
      console.log(failure.code, failure.message);
      expect(['ENGINE_UNAVAILABLE', 'OUT_OF_MEMORY']).toContain(failure.code);
      expect(failure.detail?.command?.[0]).toMatch(/node/);
    }
  });

  it('a job in French with an English model is refused in words', async () => {
    const english = join(folder, 'english.bin');
    await writeWeightlessModel(english, { vocabulary: 51_864 });
    const failure = await run(await tone(1), (context) => failureOf(execute(context)), { language: 'fr' }, english);
    expect(failure).toMatchObject({ code: 'ENGINE_UNAVAILABLE', message: expect.stringContaining('only English') });
  });

  it('an unknown language or profile is the job’s fault', async () => {
    const path = await tone(1);
    expect(await run(path, (c) => failureOf(execute(c)), { language: 'klingon' })).toMatchObject({
      code: 'INVALID_JOB',
      retryable: false,
    });
    expect(await run(path, (c) => failureOf(execute(c)), { transcriptionProfile: 'x_v9' })).toMatchObject({
      code: 'UNKNOWN_PROFILE',
    });
  });

  it('a recording that was cut short is no success', async () => {
    const whole = await made('long.wav', ['-f', 'lavfi', '-i', 'sine=f=220:r=16000:d=30']);
    const cut = join(folder, 'short.wav');
    await copyFile(whole, cut);
    await truncate(cut, 320_000);
    const failure = await run(cut, (context) => failureOf(execute(context, saying({}))));
    expect(failure).toMatchObject({
      code: 'SOURCE_UNREADABLE',
      retryable: false,
      message: expect.stringContaining('cut short'),
    });
  });
});

describe.skipIf(NO_FFMPEG !== null)(`transcribe_audio behind the engine ${NO_FFMPEG ?? ''}`, () => {
  it('keeps progress between 0 and 1 and rising, whatever the engine says', async () => {
    await run(await tone(2), async (context, reported) => {
      await execute(context, saying({}, [0.1, 2.72, 0.5, -1]));
      const fractions = reported.filter((entry) => typeof entry === 'number');
      expect(fractions).toEqual([...fractions].sort((a, b) => a - b));
      expect(Math.max(...fractions)).toBe(1);
    });
  });

  it('cuts segments to the media and reports loops', async () => {
    const said = Array.from({ length: 6 }, (_, at) => ({
      startMs: at * 300,
      endMs: at * 300 + 300,
      text: ' Thank you.',
    }));
    const segments = [...said, { startMs: 1800, endMs: 30_000, text: ' Bye.' }];
    const success = await run(await tone(2), (context) => execute(context, saying({ segments })));
    expect(success.outputs.transcript.segments).toEqual([
      { start_ms: 0, end_ms: 300, text: 'Thank you.' },
      { start_ms: 1800, end_ms: 2000, text: 'Bye.' },
    ]);
    expect(success.outputs.transcript.text).toBe('Thank you. Bye.');
    expect(success.warnings).toMatchObject([
      { code: 'LOOP_REMOVED', count: 5 },
      { code: 'TIMES_CORRECTED', count: 1 },
    ]);
  });

  it(
    'hears sound on any one of eight mono tracks, and a track that starts late at its own time',
    { tags: ['slow'] },
    async () => {
      const quiet = Array.from({ length: 7 }, () => ['-f', 'lavfi', '-i', 'anullsrc=r=48000:cl=mono']);
      const late = ['-itsoffset', '1', '-f', 'lavfi', '-i', 'sine=f=300:r=48000:d=2'];
      const maps = Array.from({ length: 8 }, (_, at) => ['-map', `${String(at)}:a`]);
      const eight = await made('eight.mov', [quiet, late, maps, '-c:a', 'pcm_s16le', '-t', '3'].flat(2));
      const levels: number[] = [];
      const listening: SpeechEngine = {
        transcribe: async (task, hooks) => {
          const bytes = await readFile(task.pcmPath);
          const samples = new Int16Array(bytes.buffer, bytes.byteOffset, bytes.length / 2);
          for (let second = 0; second < 3; second += 1) {
            levels.push(
              samples
                .slice(second * 16_000 + 800, (second + 1) * 16_000 - 800)
                .reduce((peak, s) => Math.max(peak, Math.abs(s)), 0),
            );
          }
          return saying({}).transcribe(task, hooks);
        },
      };
      await run(eight, (context) => execute(context, listening));
      // ffmpeg's sine has an amplitude of 1/8 of 32,768.
      expect(levels[0]).toBe(0);
      expect(levels[1]).toBeGreaterThan(4096 * 0.71);
      expect(levels[2]).toBeGreaterThan(4096 * 0.71);
    },
  );
});
