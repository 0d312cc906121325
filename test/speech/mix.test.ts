import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { soundArgs } from '../../electron/work/executors/transcribe-sound.ts';
import { inputArgs } from '../../electron/work/media/input.ts';
import type { AudioStream } from '../../electron/work/media/probe.ts';
import { FFMPEG, made, NO_FFMPEG } from '../support/made-media.ts';

const run = promisify(execFile);

/** Level of the mix in dB against a sine of full scale, over its second half. */
async function level(path: string, channels: readonly number[]): Promise<number> {
  const streams = channels.map((count, index) => ({ index, channels: count }) as unknown as AudioStream);
  const args = soundArgs({ open: inputArgs(path), streams }, 3600).filter((argument) => argument !== '-xerror');
  const { stdout } = await run(FFMPEG, args, { encoding: 'buffer', maxBuffer: 64 << 20 });
  const samples = new Int16Array(stdout.buffer, stdout.byteOffset, stdout.length >> 1);
  const half = samples.subarray(samples.length >> 1);
  const power = half.reduce((sum, sample) => sum + sample ** 2, 0) / half.length;
  return 10 * Math.log10((2 * power) / 32_768 ** 2);
}

const SINE = 'sine=f=500:r=48000:d=2,volume=4';
/** −6 dB: ffmpeg's sine has 1/8 of full scale, times four. */
const OWN = -6;
const graph = (filter: string): string[] => ['-f', 'lavfi', '-i', SINE, '-filter_complex', filter, '-c:a', 'pcm_s16le'];

describe.skipIf(NO_FFMPEG !== null)(`the mix for speech ${NO_FFMPEG ?? ''}`, () => {
  it.each([
    ['both channels alike', '[0]pan=stereo|c0=c0|c1=c0', OWN],
    ['opposite polarity, which a plain mix turns into silence', '[0]pan=stereo|c0=c0|c1=-1*c0', OWN],
    ['sound on one channel only', '[0]pan=stereo|c0=c0|c1=0*c0', OWN - 3],
  ])('%s', async (name, filter, expected) => {
    const path = await made(`${name.replaceAll(/\W+/g, '-')}.wav`, graph(filter));
    expect(await level(path, [2])).toBeGreaterThan(expected - 1.5);
    expect(await level(path, [2])).toBeLessThan(expected + 1.5);
  });

  it('two mono tracks of opposite polarity do not cancel either', async () => {
    const path = await made('two-mono.mov', [
      ...graph('[0]asplit[a][b];[b]volume=-1[c]'),
      ...['-map', '[a]', '-map', '[c]'],
    ]);
    expect(await level(path, [1, 1])).toBeGreaterThan(OWN);
  });
});
