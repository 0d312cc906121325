import { open, readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { quickLook } from '../../electron/work/media/quick-look.ts';
import { made, madeFile, madeFrom, NO_FFMPEG } from '../support/made-media.ts';

const PICTURE = ['-f', 'lavfi', '-i', 'testsrc2=size=128x96:rate=10:duration=0.5'];
const TONE = ['-f', 'lavfi', '-i', 'sine=duration=0.5:sample_rate=48000'];
const H264 = ['-c:v', 'libx264', '-pix_fmt', 'yuv420p'];
const AAC = ['-c:a', 'aac'];

async function look(path: string) {
  const handle = await open(path, 'r');
  try {
    return await quickLook(handle.fd, (await handle.stat()).size);
  } finally {
    await handle.close();
  }
}

describe.skipIf(NO_FFMPEG !== null)(`a look at the header${NO_FFMPEG === null ? '' : ` (${NO_FFMPEG})`}`, () => {
  it.each([
    ['both.mp4', [...PICTURE, ...TONE, ...H264, ...AAC, '-shortest'], { picture: true, sound: true }],
    [
      'front.mov',
      [...PICTURE, ...TONE, ...H264, '-c:a', 'pcm_s16le', '-movflags', '+faststart'],
      { picture: true, sound: true },
    ],
    ['silent.mov', [...PICTURE, ...H264, '-timecode', '10:00:00:00'], { picture: true, sound: false }],
    ['fragments.mp4', [...PICTURE, ...H264, '-movflags', 'frag_keyframe+empty_moov'], { picture: true, sound: false }],
    ['sound.m4a', [...TONE, ...AAC], { picture: false, sound: true }],
    ['take.wav', [...TONE, '-c:a', 'pcm_s24le', '-write_bext', '1'], { picture: false, sound: true }],
    ['take.flac', [...TONE, '-c:a', 'flac'], { picture: false, sound: true }],
    ['take.aiff', [...TONE, '-c:a', 'pcm_s16be'], { picture: false, sound: true }],
  ] as const)('tells what %s has', async (name, args, holds) => {
    expect(await look(await made(name, args))).toEqual(holds);
  });

  it.each([
    ['motion.mov', [...PICTURE, ...TONE, '-c:v', 'mjpeg', '-pix_fmt', 'yuvj420p', ...AAC]],
    ['card.mxf', [...PICTURE, '-r', '25', '-c:v', 'mpeg2video', '-g', '1']],
    ['web.mkv', [...PICTURE, ...H264]],
  ] as const)('leaves %s to ffprobe', async (name, args) => {
    expect(await look(await made(name, args))).toBeNull();
  });

  it('says of a copy that stopped that it did', async () => {
    const whole = await made('front.mov', [
      ...PICTURE,
      ...TONE,
      ...H264,
      '-c:a',
      'pcm_s16le',
      '-movflags',
      '+faststart',
    ]);
    const cut = await madeFrom(whole, 'cut.mov', 'its last half is missing', (bytes) =>
      bytes.subarray(0, bytes.length / 2),
    );
    expect(await look(cut)).toBe('cut-short');
  });

  it('comes to an end in a header that lies, and trusts none of it', async () => {
    const whole = await readFile(await made('silent.mov', [...PICTURE, ...H264, '-timecode', '10:00:00:00']));
    const at = whole.indexOf('moov');
    for (const [name, patch] of [
      ['zero.mov', [0, 0, 0, 9]],
      ['huge.mov', [0xff, 0xff, 0xff, 0xff]],
    ] as const) {
      const bytes = Buffer.from(whole);
      const track = bytes.indexOf('trak', at) - 4;
      bytes.set(patch, track);
      expect([null, 'cut-short']).toContain(await look(await madeFile(name, bytes)));
    }
    expect(await look(await madeFile('empty.mov', '\0\0\0\x08ftyp\0\0\0\x08free'))).toBeNull();
    expect(await look(await madeFile('short.mov', 'x'))).toBeNull();
  });
});
