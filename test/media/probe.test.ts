import { execFileSync } from 'node:child_process';
import { closeSync, openSync, statSync } from 'node:fs';
import { copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { imageKind } from '../../electron/work/media/image-kind.ts';
import { inputArgs } from '../../electron/work/media/input.ts';
import { probeSource, requireVideo } from '../../electron/work/media/probe-source.ts';
import { missingBytes } from '../../electron/work/media/probe-truncation.ts';
import {
  audioStreams,
  displaySize,
  durationMs,
  parseProbe,
  parseRatio,
  probeArgs,
  videoStream,
} from '../../electron/work/media/probe.ts';
import { createProgressParser } from '../../electron/work/media/progress.ts';
import { JobFailure } from '../../shared/failure.ts';
import * as media from '../support/made-media.ts';
import { rigFor } from './probe-context.ts';

async function probeOf(path: string) {
  const rig = await rigFor('generate_thumbnails', path);
  try {
    return await probeSource(rig.context);
  } finally {
    await rig.remove();
  }
}

async function failureOf(path: string) {
  try {
    await probeOf(path);
  } catch (error) {
    if (error instanceof JobFailure) return error.failure;
    throw error;
  }
  throw new Error(`${path} was read`);
}

describe.skipIf(media.NO_FFMPEG !== null)(`probe ${media.NO_FFMPEG ?? ''}`, () => {
  it('reads size, rate, rotation and streams of ordinary sources', async () => {
    const probe = await probeOf(await media.h264Clip());
    expect(videoStream(probe)).toMatchObject({
      codec: 'h264',
      width: 640,
      height: 360,
      rotation: 0,
      averageRate: { num: 25, den: 1 },
      frameCount: 50,
    });
    expect(audioStreams(probe)).toMatchObject([{ codec: 'aac', channels: 2, sampleRate: 48_000 }]);
    expect(durationMs(probe)).toBe(2000);
  });

  it('turns a phone’s portrait picture', async () => {
    const stream = videoStream(await probeOf(await media.portraitClip()));
    expect(stream?.rotation).toBe(90);
    expect(stream && displaySize(stream)).toEqual({ width: 360, height: 640 });
  });

  it('does not take cover art for a picture, and says so', async () => {
    const probe = await probeOf(await media.mp3WithCover());
    expect(probe.streams.some((stream) => stream.type === 'video')).toBe(true);
    expect(videoStream(probe)).toBeUndefined();
    expect(() => requireVideo(probe, 'cover.mp3')).toThrow(expect.objectContaining({ name: 'JobFailure' }));
  });

  it('reads the containers and codecs a studio has through the guards', async () => {
    const picture = ['-f', 'lavfi', '-i', 'testsrc2=s=320x180:r=25:d=0.4'];
    const sound = ['-f', 'lavfi', '-i', 'sine=r=48000:d=0.4'];
    const both = [...picture, ...sound];
    const recipes: [string, string[]][] = [
      ['a.mov', [...both, '-c:v', 'prores_ks', '-c:a', 'pcm_s24le']],
      ['a.mxf', [...both, '-c:v', 'mpeg2video', '-c:a', 'pcm_s16le']],
      ['a.mkv', [...both, '-c:v', 'libx264', '-c:a', 'flac']],
      ['a.webm', [...both, '-c:v', 'libvpx-vp9', '-cpu-used', '8', '-deadline', 'realtime', '-c:a', 'libopus']],
      ['a.mts', [...both, '-c:v', 'libx264', '-c:a', 'ac3']],
      ['a.avi', [...both, '-c:v', 'mjpeg', '-c:a', 'pcm_s16le']],
      ['a.mpg', [...both, '-c:v', 'mpeg2video', '-c:a', 'mp2']],
      ['dnx.mov', [...picture, '-vf', 'scale=1920:1080,format=yuv422p', '-c:v', 'dnxhd', '-b:v', '120M']],
      ...['a.wav', 'a.aiff', 'a.flac', 'a.mp3', 'a.aac', 'a.ogg', 'a.m4a'].map((name): [string, string[]] => [
        name,
        name === 'a.ogg' ? [...sound, '-c:a', 'libvorbis'] : sound,
      ]),
    ];
    for (const [name, recipe] of recipes) {
      const probe = await probeOf(await media.made(name, recipe));
      expect(
        probe.streams.map((stream) => stream.codec !== undefined),
        name,
      ).not.toContain(false);
    }
  });

  it('reads a file whose captions ffprobe would open', async () => {
    const captions = await media.madeFile('c.srt', '1\n00:00:00,000 --> 00:00:01,000\nhello\n');
    const clip = await media.h264Clip();
    const path = await media.made('captions.mp4', ['-i', clip, '-i', captions, '-c', 'copy', '-c:s', 'mov_text']);
    expect((await probeOf(path)).streams.map((stream) => stream.type)).toEqual(['video', 'audio', 'subtitle']);
  });

  it('opens names that tools could take for something else', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'rushcatalog-names-'));
    try {
      for (const name of ['-i.mp4', 'c%d.mp4', 'http:x.mp4', 'été 🎬 a.mp4', 'two\nlines.mp4']) {
        await copyFile(await media.h264Clip(), join(folder, name));
        const json = execFileSync(media.FFPROBE, probeArgs(join(folder, name)), { encoding: 'utf8' });
        expect(durationMs(parseProbe(json)), name).toBe(2000);
      }
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('opens nothing else for a playlist dressed as a clip', async () => {
    const clip = await media.h264Clip();
    const playlist = `#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\nfile:${clip}\n#EXT-X-ENDLIST\n`;
    const concat = `ffconcat version 1.0\nfile '${clip}'\n`;
    for (const [name, content] of [['list.mp4', playlist] as const, ['concat.mp4', concat] as const]) {
      const failure = await failureOf(await media.madeFile(name, content));
      expect(['SOURCE_UNREADABLE', 'UNSUPPORTED_MEDIA']).toContain(failure.code);
    }
  });

  it('names what it cannot read, in words', async () => {
    expect(await failureOf(await media.textAsMp4())).toMatchObject({ code: 'SOURCE_UNREADABLE', retryable: false });
    expect(await failureOf(await media.emptyFile())).toMatchObject({ code: 'SOURCE_UNREADABLE', retryable: false });
    const cinepak = await media.made('old.avi', ['-f', 'lavfi', '-i', 'testsrc=s=160x120:r=5:d=1', '-c:v', 'cinepak']);
    const read = await probeOf(cinepak);
    expect(read).toMatchObject({ unread: [{ type: 'video', codec: 'cinepak' }], openOnly: ['cinepak'] });
    expect(() => requireVideo(read, cinepak)).toThrow('“old.avi” holds Cinepak video, which this agent cannot decode');
    expect((await failureOf(await media.photoFile('p.png'))).message).toContain('still image');
    const braw = await media.madeFrom(
      await media.silentClip({ more: ['-tag:v', 'avc1'] }),
      'clip.braw',
      'tag',
      (bytes) => Buffer.from(bytes.toString('latin1').replaceAll('avc1', 'brvn'), 'latin1'),
    );
    const probe = await probeOf(braw);
    expect(() => requireVideo(probe, braw)).toThrow(/Blackmagic RAW/);
    // Formats that no tool here reads at all are known by their names.
    for (const [file, name] of [
      ['A002.CRM', 'Canon Cinema RAW Light (CRM)'],
      ['A003.r3d', 'REDCODE RAW (R3D)'],
      ['A004.ari', 'ARRIRAW'],
    ] as const) {
      const { code, message } = await failureOf(await media.madeFile(file, 'no tool reads this '.repeat(99)));
      const words = `“${file}” is ${name}, which this agent cannot decode; convert it with the camera maker’s software.`;
      expect([code, message]).toEqual(['UNSUPPORTED_MEDIA', words]);
    }
  });

  it('finds files that end before their container says', async () => {
    const wholes = [
      await media.h264Clip({ name: 'whole.mp4', seconds: 4, more: ['-movflags', '+faststart'] }),
      await media.wavFile(),
      await media.made('whole.mkv', ['-i', await media.h264Clip(), '-c', 'copy']),
      await media.made('whole.mxf', ['-i', await media.silentClip(), '-c:v', 'mpeg2video']),
      await media.made('whole.avi', ['-i', await media.silentClip(), '-c:v', 'mjpeg']),
      await media.made('whole.w64', ['-i', await media.wavFile()]),
      await media.made('whole.caf', ['-i', await media.wavFile(), '-c:a', 'pcm_s16le']),
      await media.made('whole.opus', ['-i', await media.wavFile(), '-c:a', 'libopus']),
      await media.made('whole.aac', ['-i', await media.wavFile(), '-c:a', 'aac']),
    ];
    for (const whole of wholes) {
      const name = whole.split('/').pop() ?? '';
      const cut = await media.madeFrom(whole, `cut-${name}`, 'cut 3/4', (b) => b.subarray(0, (b.length * 3) >> 2));
      for (const [path, isCut] of [[whole, false] as const, [cut, true] as const]) {
        const fd = openSync(path, 'r');
        expect((await missingBytes(fd, statSync(path).size)) > 0, path).toBe(isCut);
        closeSync(fd);
      }
    }
    expect(await failureOf(await media.truncatedClip())).toMatchObject({ code: 'SOURCE_UNREADABLE' });
  });

  it('takes no length from a bit rate: quiet first, loud then, ffprobe is off by far', async () => {
    const loudLater = `anoisesrc=r=44100:d=8:a=0.5:seed=1,volume='if(lt(t,4),0,1)':eval=frame`;
    for (const [name, codec] of [
      ['plain.aac', ['-c:a', 'aac']],
      ['plain.mp3', ['-c:a', 'libmp3lame', '-q:a', '2', '-write_xing', '0', '-id3v2_version', '0']],
    ] as const) {
      const probe = await probeOf(await media.made(name, ['-f', 'lavfi', '-i', loudLater, ...codec]));
      expect(durationMs(probe), name).toBeUndefined();
    }
    const counted = await media.made('counted.mp3', [
      '-f',
      'lavfi',
      '-i',
      loudLater,
      '-c:a',
      'libmp3lame',
      '-q:a',
      '2',
    ]);
    expect(Math.abs((durationMs(await probeOf(counted)) ?? 0) - 8000)).toBeLessThan(100);
  });

  it('gives progress from ffmpeg’s own lines', async () => {
    const args = [...inputArgs(await media.h264Clip()), '-progress', 'pipe:1', '-nostats', '-f', 'null', '-'];
    const lines = execFileSync(media.FFMPEG, ['-v', 'error', ...args], { encoding: 'utf8' }).split('\n');
    const parse = createProgressParser();
    const reports = lines.map(parse).filter((report) => report !== null);
    expect(reports.at(-1)).toMatchObject({ done: true, frame: 50 });
    expect(reports.at(-1)?.outTimeMs).toBeGreaterThan(1900);
  });
});

describe('parsers', () => {
  it('leaves unknown times undefined in progress', () => {
    const parse = createProgressParser();
    const lines = ['frame=0', 'out_time_us=-9223372036854775808', 'speed=N/A', 'some words', 'progress=continue'];
    expect(lines.map(parse).at(-1)).toEqual({
      outTimeMs: undefined,
      frame: 0,
      fps: undefined,
      speed: undefined,
      done: false,
    });
  });

  it('reads ratios and refuses impossible ones', () => {
    expect(parseRatio('30000/1001')).toEqual({ num: 30_000, den: 1001 });
    expect(parseRatio('0/0')).toBeUndefined();
    expect(parseRatio('N/A')).toBeUndefined();
  });

  it('tells stills by their first bytes', async () => {
    const tiff = (tags: number[]): Buffer => {
      const bytes = Buffer.alloc(10 + tags.length * 12);
      bytes.write('II*\0', 'latin1');
      bytes.writeUInt32LE(8, 4);
      bytes.writeUInt16LE(tags.length, 8);
      for (const [i, tag] of tags.entries()) bytes.writeUInt16LE(tag, 10 + i * 12);
      return bytes;
    };
    const iso = (major: string): Buffer => Buffer.from(`\0\0\0\x18ftyp${major}\0\0\0\0mif1heic`, 'latin1');
    expect(imageKind(tiff([0x100, 0x101]))).toBe('tiff');
    expect(imageKind(tiff([0x100, 0xc612]))).toBe('camera-raw');
    expect(imageKind(tiff([0x10f, 0x14a]))).toBe('camera-raw');
    expect(imageKind(iso('heic'))).toBe('heif');
    expect(imageKind(iso('crx '))).toBe('camera-raw');
    expect(imageKind(iso('isom'))).toBeNull();
    expect(imageKind(Buffer.from('a text that is long enough'))).toBeNull();
  });
});

it('is not fooled by a name: content decides', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'rushcatalog-kind-'));
  await writeFile(join(folder, 'photo.jpg'), 'no photo at all, only words');
  const rig = await rigFor('generate_thumbnails', join(folder, 'photo.jpg'));
  await expect(probeSource(rig.context)).rejects.toMatchObject({ failure: { code: 'SOURCE_UNREADABLE' } });
  await rig.remove();
  await rm(folder, { recursive: true });
});
