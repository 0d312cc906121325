import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { chromium } from '@playwright/test';
import { CHROMIUM } from '../support/chromium.ts';

/** Why nothing can be played here, or null. */
export const NO_CHROMIUM = existsSync(CHROMIUM) ? null : `no Chromium at ${CHROMIUM}`;

export interface Played {
  readonly width: number;
  readonly height: number;
  readonly duration: number;
  readonly reached: number;
  readonly soundBytes: number;
  readonly error: string;
}

export type PlayProxy = (file: string, type: string) => Promise<Played>;

/** A browser and a server with ranges, as a page of RushCatalog plays from. */
export async function openPlayer(): Promise<{ readonly play: PlayProxy } & AsyncDisposable> {
  let served = Buffer.alloc(0);
  let type = 'video/mp4';
  const server = createServer((request, response) => {
    if (request.url === '/') return response.setHeader('content-type', 'text/html').end('<!doctype html>');
    const range = /bytes=(\d+)-(\d*)/.exec(request.headers.range ?? '');
    const from = Number(range?.[1] ?? 0);
    const to = Math.min(Number(range?.[2] === '' ? served.length : (range?.[2] ?? served.length)), served.length - 1);
    response.writeHead(range === null ? 200 : 206, {
      'content-type': type,
      'accept-ranges': 'bytes',
      'content-length': to - from + 1,
      ...(range === null ? {} : { 'content-range': `bytes ${from}-${to}/${served.length}` }),
    });
    return response.end(served.subarray(from, to + 1));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const launch = () => chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] });
  let browser = await launch();
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const playNow: PlayProxy = async (file, contentType) => {
    served = await readFile(file);
    type = contentType;
    // A browser that ended (a machine short of memory ends it first) says nothing about the proxy.
    if (!browser.isConnected()) browser = await launch();
    const page = await browser.newPage();
    try {
      await page.goto(url);
      return await page.evaluate(playToTheEnd);
    } finally {
      await page.close();
    }
  };
  // One file at a time, in the order they come.
  let before: Promise<unknown> = Promise.resolve();
  return {
    play(file, contentType) {
      const played = before.then(() => playNow(file, contentType));
      before = played.catch(() => undefined);
      return played;
    },
    async [Symbol.asyncDispose]() {
      await browser.close();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Runs in the page: seeks into the last second, then plays to the end. */
async function playToTheEnd(): Promise<Played> {
  const video = document.createElement('video');
  video.muted = true;
  document.body.append(video);
  const happens = (name: string): Promise<void> =>
    new Promise((resolve, reject) => {
      setTimeout(() => reject(new Error(`no ${name} within 20 s`)), 20_000);
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
    // The promise of play() is broken where a clip ends before it began to count: one frame. The event decides.
    void video.play().catch(() => undefined);
    await ended;
  } catch (cause) {
    error = String(cause);
  }
  // Chromium's own counter; not in the DOM's standard types.
  const soundBytes = Number(Reflect.get(video, 'webkitAudioDecodedByteCount'));
  const { videoWidth: width, videoHeight: height, duration, currentTime: reached } = video;
  return { width, height, duration, reached, soundBytes, error };
}
