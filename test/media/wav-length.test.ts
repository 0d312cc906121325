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

describe.skipIf(NO_FFMPEG !== null)(`an AIFF or W64 whose header tells less than is there ${NO_FFMPEG ?? ''}`, () => {
  const SECOND = RATE * 3;
  /** Both with what a recorder writes at its last moment of power: a second of the seven. */
  const aiff = (more: Buffer = Buffer.alloc(0), keep?: number): Promise<string> =>
    tone('rising.aiff', '-c:a', 'pcm_s24be').then((whole) =>
      madeFrom(whole, 'told.aiff', `a second, ${more.toString('base64')}, ${keep}`, (bytes) => {
        const sound = bytes.indexOf('SSND') + 8;
        const changed = Buffer.from(bytes.subarray(0, keep === undefined ? undefined : sound + 8 + keep * SECOND));
        changed.writeUInt32BE(8 + SECOND, sound - 4);
        changed.writeUInt32BE(RATE, bytes.indexOf('COMM') + 10);
        return Buffer.concat([changed, more]);
      }),
    );
  /** Of one value, which ffmpeg takes for the length of a chunk that it skips; other sound there it refuses by itself. */
  const w64 = (more: Buffer = Buffer.alloc(0), keep?: number): Promise<string> =>
    made('even.w64', ['-f', 'lavfi', '-i', `aevalsrc=0.25:s=${RATE}:d=7`, '-c:a', 'pcm_s16le']).then((whole) =>
      madeFrom(whole, 'told.w64', `a second, ${more.toString('base64')}, ${keep}`, (bytes) => {
        const sound = bytes.indexOf('data\xf3', 0, 'latin1') + 24;
        const kept = bytes.subarray(0, keep === undefined ? undefined : sound + keep * RATE * 2);
        const changed = Buffer.concat([kept, more]);
        changed.writeBigUInt64LE(BigInt(24 + RATE * 2), sound - 8);
        changed.writeBigUInt64LE(BigInt(changed.length), 16);
        return changed;
      }),
    );

  it('is refused by name, whatever is to be made of it', async () => {
    for (const path of [await aiff(), await w64()]) {
      const { code, message } = await failureOf(path);
      expect([code, message]).toEqual(['SOURCE_UNREADABLE', expect.stringContaining('tells of 1.0 s, but 7.0 s of')]);
      await expect(heard(path)).rejects.toThrow('cannot be read whole');
    }
  });

  it('is taken where what follows is no sound: a chunk, zeros, a few bytes', async () => {
    const chunk = Buffer.concat([Buffer.from('NAME'), Buffer.from([0, 2, 0x49, 0xf0]), Buffer.alloc(150_000, 0x61)]);
    const marker = Buffer.from('5662f7ab2d39d21186c700c04f8edb8a', 'hex');
    const long = Buffer.alloc(8);
    long.writeBigUInt64LE(150_024n);
    const [zeros, few] = [Buffer.alloc(3 * SECOND), Buffer.alloc(1000, 7)];
    // Of what is no chunk ffmpeg takes some behind an AIFF, and none behind a W64.
    const audio = [chunk, zeros, few].map((more) => aiff(more, 1));
    for (const path of await Promise.all([
      ...audio,
      w64(Buffer.concat([marker, long, Buffer.alloc(150_000, 0x61)]), 1),
    ])) {
      expect((await heard(path)).ms).toBe(1000);
    }
  });
});
