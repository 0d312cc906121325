import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { chromium, type Browser } from '@playwright/test';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { h264Clip, mp3WithCover, NO_FFMPEG, portraitClip, vfrClip } from '../support/made-media.ts';
import { makeProxy } from './proxy-run.ts';
import { interlaced, monoClip, pattern, screenRecording } from './proxy-sources.ts';

/** Debian's Chromium; Playwright's own builds lack H.264. */
const CHROMIUM = process.env['CHROMIUM_BIN'] ?? '/usr/bin/chromium';
const WITHOUT = NO_FFMPEG ?? (existsSync(CHROMIUM) ? null : `no Chromium at ${CHROMIUM}`);

interface Played {
  readonly width: number;
  readonly height: number;
  readonly duration: number;
  readonly reached: number;
  readonly soundBytes: number;
  readonly error: string;
}

describe.skipIf(WITHOUT !== null)(
  `review proxies in a browser${WITHOUT === null ? '' : ` (skipped: ${WITHOUT})`}`,
  () => {
    let browser: Browser;
    let server: Server;
    let served = Buffer.alloc(0);
    let type = 'video/mp4';

    beforeAll(async () => {
      server = createServer((request, response) => {
        if (request.url === '/') return response.setHeader('content-type', 'text/html').end('<!doctype html>');
        const range = /bytes=(\d+)-(\d*)/.exec(request.headers.range ?? '');
        const from = Number(range?.[1] ?? 0);
        const to = Math.min(
          Number(range?.[2] === '' ? served.length : (range?.[2] ?? served.length)),
          served.length - 1,
        );
        response.writeHead(range === null ? 200 : 206, {
          'content-type': type,
          'accept-ranges': 'bytes',
          'content-length': to - from + 1,
          ...(range === null ? {} : { 'content-range': `bytes ${from}-${to}/${served.length}` }),
        });
        return response.end(served.subarray(from, to + 1));
      });
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] });
    });

    afterAll(async () => {
      await browser.close();
      await new Promise((resolve) => server.close(resolve));
    });

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
      served = await readFile(made.file);
      type = made.success.artifacts[0]?.contentType ?? '';
      const played = await play(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
      expect(played.error).toBe('');
      expect(played.width > 0).toBe(expected.picture);
      expect(played.soundBytes > 0).toBe(expected.sound);
      const seconds = (made.success.facts?.duration_ms ?? 0) / 1000;
      expect(Math.abs(played.duration - seconds)).toBeLessThan(0.25);
      expect(played.reached).toBeGreaterThan(Math.max(0, played.duration - 1));
    });

    /** Seeks into the last second, then plays to the end. */
    async function play(url: string): Promise<Played> {
      const page = await browser.newPage();
      try {
        await page.goto(url);
        return await page.evaluate(async () => {
          const video = document.createElement('video');
          video.muted = true;
          document.body.append(video);
          const happens = (name: string): Promise<void> =>
            new Promise((resolve, reject) => {
              video.addEventListener(name, () => resolve(), { once: true });
              video.addEventListener('error', () => reject(new Error(video.error?.message ?? 'error')), { once: true });
            });
          let error = '';
          try {
            const ready = happens('canplay');
            video.src = '/proxy';
            await ready;
            const sought = happens('seeked');
            video.currentTime = Math.max(0, video.duration - 0.8);
            await sought;
            const ended = happens('ended');
            await video.play();
            await ended;
          } catch (cause) {
            error = String(cause);
          }
          // Chromium's own counter; not in the DOM's standard types.
          const soundBytes = Number(Reflect.get(video, 'webkitAudioDecodedByteCount'));
          const { videoWidth: width, videoHeight: height, duration, currentTime: reached } = video;
          return { width, height, duration, reached, soundBytes, error };
        });
      } finally {
        await page.close();
      }
    }
  },
);

function proRes(): Promise<string> {
  return pattern('prores.mov', '320x180', '25', 1, '-c:v prores_ks -pix_fmt yuv422p10le -profile:v 3'.split(' '));
}
