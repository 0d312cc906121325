import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { createWaveformExecutor } from '../../electron/work/executors/waveform.ts';
import { probeSource } from '../../electron/work/media/probe-source.ts';
import { durationMs } from '../../electron/work/media/probe.ts';
import { made, madeFrom, NO_FFMPEG } from '../support/made-media.ts';
import { failureOf, makeProxy } from './proxy-run.ts';
import { rigFor } from './probe-context.ts';

const RATE = 48_000;

/** A tone that rises with each second, so that a part of it cannot be taken for all. */
const tone = (name: string, ...more: string[]): Promise<string> =>
  made(name, [
    ...['-f', 'lavfi', '-i', `aevalsrc='0.1*(1+floor(t))*sin(2*PI*500*t)':s=${RATE}:d=7`],
    ...['-c:a', 'pcm_s24le', ...more],
  ]);

/** Writes lengths of `seconds` into a WAV, as a recorder leaves them that wrote its header at that moment. */
function telling(whole: string, seconds: number, behind: Buffer = Buffer.alloc(0), keep?: number): Promise<string> {
  return madeFrom(whole, `tells-${seconds}.wav`, `tells ${seconds}, ${behind.toString('base64')}, ${keep}`, (bytes) => {
    const data = bytes.indexOf('data');
    const changed = Buffer.from(bytes.subarray(0, keep === undefined ? undefined : data + 8 + keep * RATE * 3));
    changed.writeUInt32LE(seconds * RATE * 3, data + 4);
    changed.writeUInt32LE(data + seconds * RATE * 3, 4);
    return Buffer.concat([changed, behind]);
  });
}

/** An RF64 whose three lengths in `ds64` say this many bytes of sound; 0 is how a recorder begins one. */
function long(whole: string, bytesTold: number): Promise<string> {
  return madeFrom(whole, `long-${bytesTold}.wav`, `ds64 says ${bytesTold}`, (bytes) => {
    const changed = Buffer.from(bytes);
    const lengths = changed.indexOf('ds64') + 8;
    const data = changed.indexOf('data') + 8;
    changed.writeBigUInt64LE(BigInt(bytesTold === 0 ? 0 : data - 8 + bytesTold), lengths);
    changed.writeBigUInt64LE(BigInt(bytesTold), lengths + 8);
    changed.writeBigUInt64LE(BigInt(bytesTold / 3), lengths + 16);
    return changed;
  });
}

async function heard(path: string) {
  await using rig = await rigFor('generate_audio_waveform', path);
  const { outputs, warnings, facts } = await createWaveformExecutor().execute(rig.context);
  return { ms: outputs.waveform.duration_ms, peak: Math.max(...outputs.waveform.samples), warnings, facts };
}

describe.skipIf(NO_FFMPEG !== null)(`a WAV whose header tells less than is there ${NO_FFMPEG ?? ''}`, () => {
  it('is taken to its end: waveform, proxy and facts', async () => {
    const path = await telling(await tone('rising.wav'), 3);
    const warning = { code: 'LENGTH_NOT_TOLD', message: expect.stringContaining('tells of 3.0 s, but 7.0 s of sound') };
    const { ms, peak, warnings, facts } = await heard(path);
    expect([ms, facts?.duration_ms]).toEqual([7000, 7000]);
    expect(peak).toBeGreaterThan(0.68);
    expect(warnings).toEqual([warning]);
    await using proxy = await makeProxy(path);
    expect(Math.abs((durationMs(proxy.probe) ?? 0) - 7000)).toBeLessThan(60);
    expect(proxy.success.warnings).toContainEqual(warning);
    expect(proxy.success.facts?.duration_ms).toBe(7000);
  });

  it('as RF64 as well, without a word where the header tells nothing yet', async () => {
    const whole = await tone('rising-long.wav', '-rf64', 'always');
    for (const [told, warned] of [
      [0, 0],
      [2 * RATE * 3, 1],
    ] as const) {
      const { ms, peak, warnings } = await heard(await long(whole, told));
      expect([ms, warnings.length], String(told)).toEqual([7000, warned]);
      expect(peak).toBeGreaterThan(0.68);
    }
    await using proxy = await makeProxy(await long(whole, 0));
    expect(Math.abs((durationMs(proxy.probe) ?? 0) - 7000)).toBeLessThan(60);
  });

  it.each<[string, Buffer]>([
    ['chunks', Buffer.concat([Buffer.from('LIST\xf0\xff\x0f\0INFO', 'latin1'), Buffer.alloc(0xffff0 - 4, 65)])],
    ['a maker’s block', Buffer.alloc(60_000, 0x5a)],
    [
      'an ID3 tag with a picture',
      Buffer.concat([Buffer.from('ID3\x03\0\0\0\x20\0\0', 'latin1'), Buffer.alloc(900_000, 99)]),
    ],
    ['zeros', Buffer.alloc(900_000)],
  ])('does not take %s behind the sound for sound', async (_, behind) => {
    const { ms, warnings } = await heard(await telling(await tone('rising.wav'), 3, behind, 3));
    expect([ms, warnings]).toEqual([3000, []]);
  });

  it('and one that tells more than is there is cut short, with 64 bits too', async () => {
    const whole = await tone('rising-long.wav', '-rf64', 'always');
    expect((await failureOf(await long(whole, 9 * RATE * 3))).message).toContain('is cut short: at least 288 kB');
    expect((await failureOf(await telling(await tone('rising.wav'), 9))).message).toContain('is cut short');
  });

  it('asks nothing of other files', async () => {
    const whole = await tone('rising.wav');
    await using rig = await rigFor('generate_audio_waveform', whole);
    expect((await probeSource(rig.context)).input).toBeUndefined();
    expect((await readFile(whole)).length).toBeGreaterThan(7 * RATE * 3);
  });
});
