import { describe, expect, it } from 'vitest';
import { eightMonoTracks, made, mp3WithCover, NO_FFMPEG, wavFile } from '../support/made-media.ts';
import { levels, longestStep, makeProxy, pictureOf, soundBegins, soundOf, soundTimes } from './proxy-run.ts';
import { driftingSound, lateSound, manyLoudTracks, monoClip, surround, tenChannels } from './proxy-sources.ts';
import { first } from '../support/first.ts';

const split = (text: string): string[] => text.split(' ');
const WITHOUT = NO_FFMPEG === null ? '' : ` (skipped: ${NO_FFMPEG})`;

describe.skipIf(NO_FFMPEG !== null)(`sound of a review proxy${WITHOUT}`, () => {
  first(1).each([0, 4, 7])('keeps the level of sound on track %i of eight within 3 dB', async (track) => {
    const source = await eightMonoTracks(track);
    await using made = await makeProxy(source);
    const [before = 0] = (await levels(source, track)).rms;
    expect(before).toBeGreaterThan(-30);
    const after = await levels(made.file);
    expect(soundOf(made.probe).channels).toBe(2);
    expect(after.rms).toHaveLength(2);
    for (const level of after.rms) expect(Math.abs(level - before)).toBeLessThan(3);
  });

  it('holds the peaks where eight tracks are loud together, and is no quieter than one of them', async () => {
    await using made = await makeProxy(await manyLoudTracks(8));
    const { rms, peak } = await levels(made.file);
    // -21.07 dBFS from ffmpeg's sine, raised by 16 dB.
    for (const level of rms) expect(level).toBeGreaterThan(-5.1);
    // Undamped, the sum would be 16 dB over full scale; AAC may overshoot the limiter by less than 2 dB.
    for (const level of peak) expect(level).toBeLessThan(1);
  });

  it('keeps mono mono', async () => {
    await using made = await makeProxy(await monoClip());
    expect(soundOf(made.probe)).toMatchObject({ codec: 'aac', profile: 'LC', channels: 1, sampleRate: 48_000 });
    const [level = 0] = (await levels(made.file)).rms;
    expect(Math.abs(level - -21.07)).toBeLessThan(1);
  });

  it('mixes 5.1 to stereo: the centre to both sides, a surround to its own', async () => {
    await using centre = await makeProxy(await surround('FC'));
    for (const level of (await levels(centre.file)).rms) expect(Math.abs(level - -24.08)).toBeLessThan(1);
    await using left = await makeProxy(await surround('BL'));
    const [toLeft = -99, toRight = 0] = (await levels(left.file)).rms;
    expect(Math.abs(toLeft - -24.08)).toBeLessThan(1);
    expect(toRight).toBeLessThan(-60);
  });

  it('follows a clock that drifts, without losing its place', { tags: ['slow'] }, async () => {
    await using made = await makeProxy(await driftingSound());
    const { duration = 0 } = soundOf(made.probe);
    expect(Math.abs(duration - 10.05)).toBeLessThan(0.1);
    const [begins = Number.NaN, ...again] = await soundBegins(made.file);
    expect(Math.abs(begins - 6.01)).toBeLessThan(0.03);
    expect(again).toEqual([]);
    // As many blocks of 1024 samples as fit into its length: none was put in with a time that had gone by already.
    const times = await soundTimes(made.file);
    expect(longestStep(times)).toBeLessThan(0.03);
    expect(Math.abs(times.length - (duration * 48_000) / 1024)).toBeLessThan(4);
  });

  it('begins late where the source’s sound does', async () => {
    await using made = await makeProxy(await lateSound());
    expect(soundOf(made.probe).startTime ?? 0).toBeLessThan(0.03);
    expect(soundOf(made.probe).duration).toBeGreaterThan(1.9);
    expect(pictureOf(made.probe).duration).toBeCloseTo(2, 1);
  });

  it('makes one M4A of a source without picture, and cover art is none', async () => {
    for (const source of [await wavFile(), await mp3WithCover()]) {
      await using made = await makeProxy(source);
      expect(made.success.artifacts).toMatchObject([
        { kind: 'proxy_audio', file: 'proxy_audio.m4a', contentType: 'audio/mp4' },
      ]);
      expect(made.probe.streams).toHaveLength(1);
      expect(made.probe.format.tags['major_brand']).toBe('M4A ');
      expect(soundOf(made.probe)).toMatchObject({ codec: 'aac', channels: 2 });
      expect(soundOf(made.probe).duration).toBeCloseTo(2, 1);
    }
  });

  first(1).each([undefined, 'edit_prores_proxy_v1'])(
    'keeps floating-point sound within full scale (%s)',
    async (profile) => {
      const source = await made('far-above.mov', [
        ...split('-f lavfi -i testsrc2=s=320x180:r=25:d=3 -f lavfi -i'),
        "aevalsrc='5*sin(2*PI*300*t)*lt(t,1)+0.2*sin(2*PI*300*t)*gt(t,2)':s=48000:d=3",
        ...split('-c:v libx264 -preset ultrafast -pix_fmt yuv420p -c:a pcm_f32le'),
      ]);
      expect(Math.max(...(await levels(source)).peak)).toBeGreaterThan(10);
      await using proxy = await makeProxy(source, profile);
      const { rms, peak } = await levels(proxy.file);
      for (const level of peak) expect(level).toBeLessThan(profile === undefined ? 1 : 0.01);
      // A sine that was cut off would have the power of a square wave: 1 s of 3 s at full scale.
      for (const level of rms) expect(level).toBeLessThan(profile === undefined ? -7.5 : -6.9);
    },
  );

  it('hears the tenth channel of a recorder’s file without a layout', { tags: ['slow'] }, async () => {
    await using made = await makeProxy(await tenChannels());
    const after = await levels(made.file);
    expect(after.rms).toHaveLength(2);
    for (const level of after.rms) expect(Math.abs(level - -21.01)).toBeLessThan(1);
  });
});
