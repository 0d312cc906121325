import { describe, expect, it } from 'vitest';
import { createPictureCounter } from '../../electron/work/media/counted-pictures.ts';
import { hasEncoder, made } from '../support/made-media.ts';
import { makeProxy } from './proxy-run.ts';

describe.skipIf(!hasEncoder('libx264') || !hasEncoder('libmp3lame'))('the pictures of a source', () => {
  it.each([
    ['counted.mkv', '-c:v libx264 -bf 2 -c:a aac'],
    ['counted.ts', '-c:v libx264 -bf 2 -c:a aac'],
    ['counted.mpg', '-c:v mpeg2video -bf 2 -c:a mp2'],
    ['counted.avi', '-c:v mpeg4 -c:a libmp3lame'],
    ['plain.avi', '-c:v mjpeg -c:a pcm_s16le'],
    ['counted.mp4', '-c:v libx264 -bf 2 -c:a aac'],
  ])('are counted for a review proxy: %s', async (name, codecs) => {
    const source = await made(name, [
      ...['-f', 'lavfi', '-i', 'testsrc2=s=192x108:r=25:d=1.48', '-f', 'lavfi', '-i', 'sine=f=440:r=48000:d=1.48'],
      ...`${codecs} -pix_fmt ${name === 'plain.avi' ? 'yuvj420p' : 'yuv420p'}`.split(' '),
    ]);
    await using proxy = await makeProxy(source);
    expect(proxy.success.facts?.frame_count).toBe(37);
  });
});

describe('createPictureCounter', () => {
  it.each([
    '[verbose]   Input stream #0:2 (video): 100 packets read (203997 bytes); 99 frames decoded; ',
    '[in#0/avi @ 0x5] [verbose]   Input stream #0:2 (video): 100 packets read (203997 bytes); 99 frames decoded; 1 decode errors; ',
  ])('reads what %s', (line) => {
    const counter = createPictureCounter();
    counter.line(line);
    counter.line(
      '[verbose]   Input stream #0:1 (audio): 168 packets read (32256 bytes); 168 frames decoded (1 samples); ',
    );
    expect([...counter.decoded]).toEqual([[2, 99]]);
  });
});
