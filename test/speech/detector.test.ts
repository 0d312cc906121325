import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTranscribeExecutor } from '../../electron/work/executors/transcribe.ts';
import { writeDetectorModel } from '../support/detector-model.ts';
import { made, NO_FFMPEG } from '../support/made-media.ts';
import { RECITED } from '../support/reciting-model.ts';
import { failureOf, makeModels, withContext, type SpeechContext } from './rig.ts';

let models: Awaited<ReturnType<typeof makeModels>>;
beforeAll(async () => {
  models = await makeModels();
});
afterAll(() => models.remove());

/** Ten seconds of something very quiet that is no digital silence, five of a level, ten of the quiet again. */
const levelAmongQuiet = (): Promise<string> =>
  made('level.wav', [
    ...['-f', 'lavfi', '-i', "aevalsrc='0.0006*sin(2000*t)+0.3*between(t,10,15)':s=16000:d=25"],
    ...['-c:a', 'pcm_s16le'],
  ]);

async function hear<T>(hears: 'everything' | 'nothing' | 'sound', use: (context: SpeechContext) => Promise<T>) {
  const detector = join(models.folder, `${hears}.bin`);
  await writeDetectorModel(detector, hears);
  const speechModel = {
    path: models.reciting,
    sha256: 'f'.repeat(64),
    detector: { path: detector, sha256: 'e'.repeat(64) },
  };
  return withContext(await levelAmongQuiet(), { speechModel }, use, { language: 'fr' });
}

const execute = (context: SpeechContext) => createTranscribeExecutor().execute(context);

describe.skipIf(NO_FFMPEG !== null)(`whisper.cpp’s own speech detector, small models ${NO_FFMPEG ?? ''}`, () => {
  it('what is no speech is not given to the engine, and times lead back to where it was', async () => {
    const success = await hear('sound', execute);
    const [first] = success.outputs.transcript.segments;
    expect(success.outputs.transcript.text).toBe(RECITED.text);
    // The detector's own margin and ours lie before the level begins.
    expect(first?.start_ms).toBeGreaterThan(9000);
    expect(first?.start_ms).toBeLessThan(10_100);
    // The engine moves word times towards where the sound is.
    expect(first?.end_ms).toBeGreaterThan(11_000);
    expect(first?.end_ms).toBeLessThanOrEqual(10_000 + RECITED.endMs);
    expect(success.metrics).toMatchObject({
      detector_sha256: 'e'.repeat(64),
      parameters: { voice_activity: 'silero', speechless_windows: 0 },
    });
  });

  it('sound without speech asks no model and invents nothing', async () => {
    const success = await hear('nothing', execute);
    expect(success.outputs.transcript.segments).toEqual([]);
    expect(success.warnings.map(({ code }) => code)).toEqual(['NO_SPEECH']);
    expect(success.metrics['parameters']).toMatchObject({ speechless_windows: 1, silent_windows: 0 });
  });

  it('a detector that hears everything changes nothing', { tags: ['slow'] }, async () => {
    const success = await hear('everything', execute);
    expect(success.outputs.transcript.segments[0]).toMatchObject({ start_ms: 0, text: RECITED.text });
  });

  it('a broken detector file is ENGINE_UNAVAILABLE and says which file', async () => {
    const speechModel = {
      path: models.reciting,
      sha256: 'f'.repeat(64),
      detector: { path: join(models.folder, 'gone.bin'), sha256: 'e'.repeat(64) },
    };
    const failure = await withContext(await levelAmongQuiet(), { speechModel }, (context) =>
      failureOf(execute(context)),
    );
    expect(failure).toMatchObject({ code: 'ENGINE_UNAVAILABLE', message: expect.stringContaining('detector') });
  });
});
