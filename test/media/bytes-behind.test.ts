import { closeSync, openSync, statSync } from 'node:fs';
import { basename } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createWaveformExecutor } from '../../electron/work/executors/waveform.ts';
import { missingBytes } from '../../electron/work/media/probe-truncation.ts';
import { cutEnd } from '../../electron/work/media/proxy-transport.ts';
import { h264Clip, made, madeFile, madeFrom, NO_FFMPEG, wavFile } from '../support/made-media.ts';
import { failureOf, makeProxy, pictureTimes } from './proxy-run.ts';
import { rigFor } from './probe-context.ts';

/** What cameras, taggers, editors and cards leave behind the last whole part of a file. */
const BEHIND: Readonly<Record<string, Buffer>> = {
  'a maker’s block': Buffer.from(Array.from({ length: 3000 }, (_, i) => (i * i * 7 + 13 * i + 5) % 251)),
  'a maker’s words': Buffer.from(`MAKER serial=0042 lens=fisheye ${'calibration '.repeat(90)}end-of-block`),
  XMP: Buffer.from(`<?xpacket begin="" id="W5M0"?>${' '.repeat(2000)}<?xpacket end="w"?>`),
  'an ID3v1 tag': Buffer.concat([Buffer.from('TAGTitle'), Buffer.alloc(120)]),
  'an APE tag': Buffer.concat([Buffer.from('APETAGEX\xd0\x07\0\0 \0\0\0', 'latin1'), Buffer.alloc(16)]),
  zeros: Buffer.alloc(4001),
  'ones of an erased card': Buffer.alloc(777, 0xff),
  'a box of nobody’s': Buffer.concat([Buffer.from('00ffff00', 'hex'), Buffer.from('Qzkx'), Buffer.alloc(500, 7)]),
};

async function isCut(path: string): Promise<boolean> {
  const fd = openSync(path, 'r');
  try {
    const { size } = statSync(path);
    return (await missingBytes(fd, size)) > 0 || (await cutEnd(fd, size)) !== null;
  } finally {
    closeSync(fd);
  }
}

const withBehind = (whole: string, what: string): Promise<string> =>
  madeFrom(whole, `behind-${basename(whole)}`, `${what} behind, again`, (bytes) =>
    Buffer.concat([bytes, BEHIND[what] ?? Buffer.alloc(0)]),
  );
/** To an odd length: a transport stream that is cut exactly between two packets of a picture cannot be told. */
const cutTo = (whole: string, share: number): Promise<string> =>
  madeFrom(whole, `${share}-${basename(whole)}`, 'cut odd', (bytes) =>
    bytes.subarray(0, Math.floor(bytes.length * share) | 1),
  );

/** One of each container, with sound and where it can be with a picture. */
async function wholes(): Promise<readonly string[]> {
  const [clip, sound] = [await h264Clip({ name: 'behind.mp4', size: '192x108', more: ['-g', '25'] }), await wavFile()];
  const of = (source: string, name: string, ...args: string[]): Promise<string> => made(name, ['-i', source, ...args]);
  return [
    clip,
    await of(clip, 'front.mp4', '-c', 'copy', '-movflags', '+faststart'),
    await of(clip, 'stream.mp4', '-c', 'copy', '-movflags', '+frag_keyframe+empty_moov+dash+global_sidx'),
    await of(clip, 'tape.mov', '-c:v', 'mjpeg', '-c:a', 'pcm_s16le'),
    await of(clip, 'web.mkv', '-c', 'copy'),
    await of(clip, 'broadcast.mxf', '-c:v', 'mpeg2video', '-c:a', 'pcm_s16le'),
    await of(clip, 'old.avi', '-c:v', 'mjpeg', '-c:a', 'pcm_s16le'),
    await of(clip, 'air.ts', '-c', 'copy'),
    await of(clip, 'avchd.mts', '-c:v', 'copy', '-c:a', 'ac3', '-mpegts_m2ts_mode', '1'),
    sound,
    await of(sound, 'loop.caf', '-c:a', 'pcm_s16le'),
    await of(sound, 'field.w64'),
    await of(sound, 'talk.opus', '-c:a', 'libopus'),
    await of(sound, 'radio.aac', '-c:a', 'aac'),
  ];
}

describe.skipIf(NO_FFMPEG !== null)(`bytes behind the end ${NO_FFMPEG ?? ''}`, () => {
  it.each(Object.keys(BEHIND))('%s: nothing is missing, and a cut is still found', async (what) => {
    for (const whole of await wholes()) {
      expect(await isCut(whole), whole).toBe(false);
      expect(await isCut(await withBehind(whole, what)), `${whole} and ${what}`).toBe(false);
      for (const share of [0.9, 0.52]) expect(await isCut(await cutTo(whole, share)), `${share} ${whole}`).toBe(true);
    }
  });

  it.each([/front/, /air/])('the proxy has all pictures, and the waveform all sound (%s)', isAllThere);
  it.each([/web/, /old/, /avchd/])(
    'the proxy has all pictures, and the waveform all sound (%s)',
    { tags: ['slow'] },
    isAllThere,
  );

  async function isAllThere(named: RegExp): Promise<void> {
    for (const whole of (await wholes()).filter((path) => named.test(path))) {
      const path = await withBehind(whole, 'a maker’s block');
      await using proxy = await makeProxy(path);
      await using usual = await makeProxy(whole);
      const [pictures, expected] = [await pictureTimes(proxy.file), await pictureTimes(usual.file)];
      expect(pictures.all.length, path).toBeGreaterThan(49);
      expect(pictures, path).toEqual(expected);
      expect(proxy.success.warnings, path).toEqual([]);
      await using rig = await rigFor('generate_audio_waveform', path);
      const { outputs } = await createWaveformExecutor().execute(rig.context);
      expect(Math.abs(outputs.waveform.duration_ms - 2000), path).toBeLessThan(60);
    }
  }
});

describe.skipIf(NO_FFMPEG !== null)(`a movie that was cut ${NO_FFMPEG ?? ''}`, () => {
  it('within its index is not complete', async () => {
    const clip = await h264Clip({ name: 'behind.mp4', seconds: 3 });
    const cut = await madeFrom(clip, 'no-index.mp4', 'cut in moov', (b) => b.subarray(0, b.indexOf('moov') + 300));
    expect(await isCut(cut)).toBe(true);
    expect(await failureOf(cut)).toMatchObject({ code: 'SOURCE_UNREADABLE', retryable: false });
  });

  it('before its index was never finished, or not copied whole', async () => {
    const clip = await h264Clip({ name: 'behind.mp4', seconds: 3 });
    const cut = await madeFrom(clip, 'unfinished.mp4', 'no moov', (b) => b.subarray(0, b.indexOf('moov') - 4));
    const { message } = await failureOf(cut);
    expect(message).toContain('its index is missing, so the recording or copy was not finished; if the card');
  });

  it('is found by its index where no length tells: “up to the end of the file”, or no length that is right', async () => {
    const front = await h264Clip({ name: 'front-3.mp4', seconds: 3, more: ['-movflags', '+faststart'] });
    const open = await madeFrom(front, 'open-3.mp4', 'mdat to the end', (bytes) => {
      const changed = Buffer.from(bytes);
      changed.writeUInt32BE(0, changed.indexOf('mdat') - 4);
      return changed;
    });
    expect(await isCut(open)).toBe(false);
    // A hundred bytes are part of the last picture or of the last block of sound.
    for (const cut of [await cutTo(open, 0.6), await madeFrom(open, 'bit.mp4', '-100', (b) => b.subarray(0, -100))]) {
      expect(await isCut(cut), cut).toBe(true);
      expect((await failureOf(cut)).message).toContain('cut short');
    }
  });

  it('is not one whose samples lie in another file', async () => {
    const front = await h264Clip({ name: 'front-3.mp4', seconds: 3, more: ['-movflags', '+faststart'] });
    const reference = await madeFrom(front, 'reference.mov', 'elsewhere', (bytes) => {
      const changed = Buffer.from(bytes.subarray(0, bytes.indexOf('mdat') - 4));
      for (let at = changed.indexOf('url '); at >= 0; at = changed.indexOf('url ', at + 1)) changed[at + 7] = 0;
      return changed;
    });
    expect(await isCut(reference)).toBe(false);
  });
});

describe('a long AVI', () => {
  it('goes on in further chunks, the last of which may be cut', async () => {
    const riff = (type: string, length: number): Buffer => {
      const head = Buffer.from(`RIFF....${type}`);
      head.writeUInt32LE(length, 4);
      return Buffer.concat([head, Buffer.alloc(length - 4)]);
    };
    const whole = await madeFile('opendml.avi', Buffer.concat([riff('AVI ', 5000), riff('AVIX', 3000)]));
    expect(await isCut(whole)).toBe(false);
    expect(await isCut(await cutTo(whole, 0.8))).toBe(true);
    const behind = Buffer.concat([riff('AVI ', 5000), riff('WAVE', 3000).subarray(0, 500)]);
    expect(await isCut(await madeFile('behind.avi', behind))).toBe(false);
  });
});
