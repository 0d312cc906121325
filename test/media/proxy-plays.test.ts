/** @module-tag slow */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { h264Clip, mp3WithCover, NO_FFMPEG, portraitClip, vfrClip } from '../support/made-media.ts';
import { NO_CHROMIUM, openPlayer } from './proxy-browser.ts';
import { makeProxy } from './proxy-run.ts';
import { interlaced, monoClip, pattern, screenRecording } from './proxy-sources.ts';

const WITHOUT = NO_FFMPEG ?? NO_CHROMIUM;

describe.skipIf(WITHOUT !== null)(
  `review proxies in a browser${WITHOUT === null ? '' : ` (skipped: ${WITHOUT})`}`,
  () => {
    let player: Awaited<ReturnType<typeof openPlayer>>;

    beforeAll(async () => {
      player = await openPlayer();
    });

    afterAll(() => player[Symbol.asyncDispose]());

    it.each<[string, () => Promise<string>, { picture: boolean; sound: boolean }]>([
      ['H.264 with sound', () => h264Clip(), { picture: true, sound: true }],
      ['10-bit ProRes', proRes, { picture: true, sound: false }],
      ['portrait', portraitClip, { picture: true, sound: true }],
      ['variable rate', vfrClip, { picture: true, sound: true }],
      ['a screen recording with a pause', screenRecording, { picture: true, sound: false }],
      ['interlaced transport stream', interlaced, { picture: true, sound: false }],
      ['mono sound', monoClip, { picture: true, sound: true }],
      ['MP3 with cover art', mp3WithCover, { picture: false, sound: true }],
    ])('play: %s', async (_, make, expected) => {
      await using made = await makeProxy(await make());
      const played = await player.play(made.file, made.success.artifacts[0]?.contentType ?? '');
      expect(played.error).toBe('');
      expect(played.width > 0).toBe(expected.picture);
      expect(played.soundBytes > 0).toBe(expected.sound);
      const seconds = (made.success.facts?.duration_ms ?? 0) / 1000;
      expect(Math.abs(played.duration - seconds)).toBeLessThan(0.25);
      expect(played.reached).toBeGreaterThan(Math.max(0, played.duration - 1));
    });
  },
);

function proRes(): Promise<string> {
  return pattern('prores.mov', '320x180', '25', 1, '-c:v prores_ks -pix_fmt yuv422p10le -profile:v 3'.split(' '));
}
