import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { createWaveformExecutor } from '../../electron/work/executors/waveform.ts';
import { JobFailure } from '../../shared/failure.ts';
import { made, madeFile, NO_FFMPEG } from '../support/made-media.ts';
import { rigFor } from './probe-context.ts';

const raw = (rate: number, frequency: number): Promise<string> =>
  made(`raw-${rate}-${frequency}.aac`, [
    ...['-f', 'lavfi', '-i', `sine=frequency=${frequency}:r=${rate}:d=2`, '-c:a', 'aac', '-f', 'adts'],
  ]);

const joined = async (name: string, ...parts: readonly string[]): Promise<string> =>
  madeFile(name, Buffer.concat(await Promise.all(parts.map((part) => readFile(part)))));

const waveformOf = async (path: string) => {
  await using rig = await rigFor('generate_audio_waveform', path);
  return await createWaveformExecutor().execute(rig.context);
};

describe.skipIf(NO_FFMPEG !== null)(`raw AAC that was joined ${NO_FFMPEG ?? ''}`, () => {
  it('from recordings of one rate is as long as both', async () => {
    const { outputs } = await waveformOf(await joined('one-rate.aac', await raw(48_000, 440), await raw(48_000, 880)));
    expect(Math.abs(outputs.waveform.duration_ms - 4_000)).toBeLessThan(100);
  });

  it('from recordings of two rates is refused by both, and not played at a wrong pitch', async () => {
    const path = await joined('two-rates.aac', await raw(48_000, 440), await raw(44_100, 880));
    const failed = await waveformOf(path).catch((error: unknown) => error);
    expect(failed).toBeInstanceOf(JobFailure);
    const { failure } = failed as JobFailure;
    expect(failure.code).toBe('UNSUPPORTED_MEDIA');
    expect(failure.message).toContain('48 and 44.1 kHz');
  });
});
