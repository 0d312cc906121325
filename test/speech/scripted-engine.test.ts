import { readdir } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTranscribeExecutor } from '../../electron/work/executors/transcribe.ts';
import { made, NO_FFMPEG } from '../support/made-media.ts';
import type { Script } from '../support/children/whisper-cli-stand-in.ts';
import { cliSegment, writeStandInCli } from '../support/stand-in-cli.ts';
import { failureOf, makeModels, nobodyLeft, withContext, type SpeechContext } from './rig.ts';

let models: Awaited<ReturnType<typeof makeModels>>;
beforeAll(async () => {
  models = await makeModels();
});
afterAll(() => models.remove());

const tone = (seconds: number): Promise<string> =>
  made(`tone-${String(seconds)}.wav`, ['-f', 'lavfi', '-i', `sine=f=220:r=16000:d=${String(seconds)}`]);

async function scripted<T>(
  path: string,
  script: Script,
  use: (context: SpeechContext, reported: readonly (string | number)[]) => Promise<T>,
  inputs = {},
) {
  const cli = await writeStandInCli(models.folder, script);
  const tools = {
    speechModel: { path: models.weightless, sha256: 'f'.repeat(64) },
    speechEngine: { kind: 'whisper-cli', path: cli.path, version: '9.9.9' },
  } as const;
  return { result: await withContext(path, tools, use, inputs), asked: await cli.asked() };
}

const execute = (context: SpeechContext) => createTranscribeExecutor().execute(context);
const transcript = (...transcription: unknown[]) => ({ result: { language: 'en' }, transcription });

describe.skipIf(NO_FFMPEG !== null)(`an engine that misbehaves, as a real process ${NO_FFMPEG ?? ''}`, () => {
  it('overlaps, loops, times beyond the end, progress over 100: the result is clean and says what was cleaned', async () => {
    const lies = transcript(
      cliSegment(0, 2500, ' Hello there.', 0.8),
      cliSegment(1500, 3000, ' This overlaps.', 0.6),
      cliSegment(3000, 3200, ' Thank you.'),
      cliSegment(3200, 3400, ' Thank you.'),
      cliSegment(3400, 3600, ' Thank you.'),
      cliSegment(3600, 3800, ' Thank you.'),
      cliSegment(3800, 4000, ' Thank you.'),
      cliSegment(4500, 4300, ' Backwards.'),
      cliSegment(4600, 90_000, ' Far beyond the end.'),
      cliSegment(200_000, 201_000, ' Not even in it.'),
    );
    const script = { windows: [lies], progress: [10, 272, 50, 1003] };
    const { result, asked } = await scripted(await tone(5), script, async (context, reported) => {
      const success = await execute(context);
      expect(await readdir(context.workspace)).toEqual([]);
      return { ...success, fractions: reported.filter((entry) => typeof entry === 'number') };
    });
    const { segments, confidence, text } = result.outputs.transcript;
    let last = 0;
    for (const segment of segments) {
      expect(segment.start_ms).toBeGreaterThanOrEqual(last);
      expect(segment.end_ms).toBeGreaterThan(segment.start_ms);
      expect(segment.end_ms).toBeLessThanOrEqual(5000);
      for (const word of segment.words ?? []) {
        expect(word.start_ms).toBeGreaterThanOrEqual(segment.start_ms);
        expect(word.end_ms).toBeLessThanOrEqual(segment.end_ms);
      }
      last = segment.end_ms;
    }
    expect(text).toBe('Hello there. This overlaps. Thank you. Backwards. Far beyond the end. Not even in it.');
    expect(result.warnings).toMatchObject([
      { code: 'LOOP_REMOVED', count: 4 },
      { code: 'TIMES_CORRECTED', count: 4 },
    ]);
    expect(confidence).toBeGreaterThan(0.8);
    expect(confidence).toBeLessThan(0.9);
    expect(segments[0]?.words?.[0]).toEqual({ start_ms: 0, end_ms: 1250, text: 'Hello', p: 0.8 });
    expect(result.fractions).toEqual([...result.fractions].sort((a, b) => a - b));
    expect(result.fractions.at(-1)).toBe(1);
    expect(asked).toHaveLength(1);
    expect(asked[0]).toMatchObject({ riff: 'RIFF', wavBytes: 44 + 5 * 32_000 });
    expect(asked[0]?.args.join(' ')).toMatch(/--beam-size 1 --best-of 5 --temperature 0 --temperature-inc 0.2/);
    expect(asked[0]?.args).toContain('--no-gpu');
    console.log('cleaned:', result.warnings);
  });

  it('a cut through sound is heard twice and told once; offsets are exact', async () => {
    // 330 s without a pause: the first window ends at 300 s, the second begins at 296 s.
    const first = transcript(
      cliSegment(10_000, 12_000, ' Early words.'),
      cliSegment(295_000, 300_000, ' one two three four five'),
    );
    const second = transcript(
      cliSegment(0, 4000, ' two three four five six'),
      cliSegment(20_000, 21_000, ' Late words.'),
    );
    const { result, asked } = await scripted(await tone(330), { windows: [first, second] }, execute);
    const { segments, text } = result.outputs.transcript;
    expect(asked.map(({ wavBytes }) => (wavBytes - 44) / 32_000)).toEqual([300, 34]);
    expect(text).toBe('Early words. one two three four five six Late words.');
    expect(segments[0]).toMatchObject({ start_ms: 10_000, end_ms: 12_000 });
    expect(segments.at(-1)).toMatchObject({ start_ms: 316_000, end_ms: 317_000 });
    expect(result.metrics['parameters']).toMatchObject({ windows: 2, forced_cuts: 1 });
  });

  it.each([
    ['killed', 'OUT_OF_MEMORY'],
    ['aborted', 'ENGINE_UNAVAILABLE'],
    ['bad-alloc', 'OUT_OF_MEMORY'],
    ['garbage', 'ENGINE_UNAVAILABLE'],
    ['hog', 'OUT_OF_MEMORY'],
  ] as const)('%s is %s, retryable, and nothing else dies', async (ending, code) => {
    const { result } = await scripted(await tone(1), { windows: [], ending }, async (context) => {
      const failure = await failureOf(execute(context));
      await nobodyLeft(context);
      return failure;
    });
    expect(result).toMatchObject({ code, retryable: true });
    console.log(`${ending}: ${result.code} ${result.message}`);
  });

  it('a cancelled one is gone', async () => {
    const { result } = await scripted(
      await tone(1),
      { windows: [], ending: 'hang', progress: [5] },
      async (context, reported) => {
        const running = failureOf(execute(context));
        // Progress of the engine itself: it has begun.
        while (!reported.some((entry) => typeof entry === 'number' && entry > 0.1)) {
          await new Promise((resolve) => setTimeout(resolve, 20));
        }
        await context.processes.terminate();
        const failure = await running;
        await nobodyLeft(context);
        return failure;
      },
    );
    expect(result.code).toBe('CANCELLED');
  });

  it('speech_per_track_v1 hears each track alone', async () => {
    const two = await made('two-tracks.mov', [
      ...['-f', 'lavfi', '-i', 'sine=f=220:r=48000:d=3', '-f', 'lavfi', '-i', 'sine=f=330:r=48000:d=3'],
      ...[
        '-f',
        'lavfi',
        '-i',
        'anullsrc=r=48000:cl=mono:d=3',
        '-map',
        '0',
        '-map',
        '1',
        '-map',
        '2',
        '-c:a',
        'pcm_s16le',
      ],
    ]);
    const windows = [
      transcript(cliSegment(0, 1000, ' First microphone.', 0.9)),
      transcript(cliSegment(500, 1500, ' Second microphone.', 0.7)),
    ];
    const { result, asked } = await scripted(two, { windows }, execute, {
      transcriptionProfile: 'speech_per_track_v1',
    });
    expect(asked).toHaveLength(2);
    expect(result.outputs.transcript.segments).toMatchObject([
      { start_ms: 0, end_ms: 1000, text: 'First microphone.', track: 0 },
      { start_ms: 500, end_ms: 1500, text: 'Second microphone.', track: 1 },
    ]);
    expect(result.warnings).toEqual([]);
    expect(result.metrics['tracks']).toMatchObject([{ silent: false }, { silent: false }, { silent: true }]);
  });
});
