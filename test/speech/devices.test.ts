import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTranscribeExecutor } from '../../electron/work/executors/transcribe.ts';
import type { SpeechEngineChoice } from '../../electron/work/speech/engine.ts';
import { openOn } from '../../electron/work/speech/transcribe-windows.ts';
import type { WhisperContext, WhisperLibrary } from '../../electron/work/speech/whisper-binding.ts';
import { made, NO_FFMPEG } from '../support/made-media.ts';
import { RECITED } from '../support/reciting-model.ts';
import { cliSegment, writeStandInCli } from '../support/stand-in-cli.ts';
import { makeModels, withContext } from './rig.ts';
import { first } from '../support/first.ts';

let models: Awaited<ReturnType<typeof makeModels>>;
beforeAll(async () => {
  models = await makeModels();
});
afterAll(() => models.remove());

/** A job for which a graphics device may be used. */
async function transcribe(speechEngine: SpeechEngineChoice) {
  const path = await made('tone-1.wav', ['-f', 'lavfi', '-i', 'sine=f=220:r=16000:d=3']);
  const tools = { speechModel: { path: models.reciting, sha256: 'f'.repeat(64) }, speechEngine };
  return withContext(path, tools, (context) => createTranscribeExecutor().execute({ ...context, encoder: 'auto' }));
}

describe.skipIf(NO_FFMPEG !== null)(`graphics devices ${NO_FFMPEG ?? ''}`, () => {
  first(1).each(['cuda', 'vulkan'] as const)(
    'the %s library itself: on its device, or the result says why not',
    async (variant) => {
      const success = await transcribe({ kind: 'binding', variant, passedOver: [] });
      expect(success.outputs.transcript.text).toBe(RECITED.text);
      const parameters = success.metrics['parameters'] as { readonly device: string; readonly variant: string };
      console.log(variant, parameters.variant, parameters.device, success.warnings);
      if (parameters.device === 'CPU') expect(success.warnings).toMatchObject([{ code: 'GPU_NOT_USED' }]);
      else expect(success.warnings).toEqual([]);
    },
  );

  it.each([
    ['using Vulkan0 backend', 'Vulkan0'],
    ['no GPU found', 'CPU'],
  ])('is told by lines that come after the model was opened: “%s”', async (said, device) => {
    let tell: ((line: string) => void) | null = null;
    const context = {} as WhisperContext;
    const library = {
      version: '0',
      open: () => {
        const to = tell;
        // As the real one was seen to: in a later turn of the event loop.
        setTimeout(() => to?.(`whisper_backend_init_gpu: ${said}`), 20);
        return context;
      },
      listen: (onLine: ((line: string) => void) | null) => {
        tell = onLine;
      },
    } as unknown as WhisperLibrary;
    expect(await openOn(library, 'model.bin', true)).toEqual({ context, device });
    expect(tell).toBeNull();
    expect(await openOn(library, 'model.bin', false)).toEqual({ context, device: 'CPU' });
  });

  it.each([
    ['took a device', ['whisper_backend_init_gpu: using CUDA0 backend'], 'CUDA0', []],
    ['fell back in silence', ['whisper_backend_init_gpu: no GPU found'], 'CPU', ['GPU_NOT_USED']],
  ] as const)('whisper-cli that %s', async (_, says, device, warnings) => {
    const windows = [{ result: { language: 'fr' }, transcription: [cliSegment(0, 1000, ' Bonjour.')] }];
    const cli = await writeStandInCli(models.folder, { windows, says });
    const success = await transcribe({ kind: 'whisper-cli', path: cli.path, version: '9.9.9' });
    expect(success.metrics['parameters']).toMatchObject({ device, gpu_allowed: true });
    expect(success.warnings.map(({ code }) => code)).toEqual(warnings);
    expect((await cli.asked())[0]?.args).not.toContain('--no-gpu');
  });
});
