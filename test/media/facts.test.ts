import { describe, expect, it } from 'vitest';
import { captureFacts } from '../../electron/work/media/facts-capture.ts';
import { technicalMetadata } from '../../electron/work/media/facts.ts';
import type { Stream, VideoStream } from '../../electron/work/media/probe.ts';
import { startTimecode } from '../../electron/work/media/timecode.ts';
import { TechnicalMetadata } from '../../shared/facts.ts';
import { h264Clip, made, NO_FFMPEG, portraitClip, wavFile } from '../support/made-media.ts';
import { probeFile } from './proxy-run.ts';
import { audio, probeOf, video } from './proxy-streams.ts';

const WITHOUT = NO_FFMPEG === null ? '' : ` (skipped: ${NO_FFMPEG})`;

describe.skipIf(NO_FFMPEG !== null)(`technicalMetadata of real files${WITHOUT}`, () => {
  it('says what ffprobe knows of an MP4, and only that', async () => {
    const facts = technicalMetadata(await probeFile(await h264Clip()), 1234);
    expect(TechnicalMetadata.parse(facts)).toEqual(facts);
    expect(facts).toMatchObject({
      media_format: 'mp4',
      size_bytes: 1234,
      video_codec: 'h264',
      width: 640,
      height: 360,
      display_aspect: '16:9',
      fps: { num: 25, den: 1, value: 25 },
      frame_count: 50,
      field_order: 'progressive',
      pixel_format: 'yuv420p',
      bit_depth: 8,
      rotation_deg: 0,
      audio_streams: [{ codec: 'aac', channels: 2, channel_layout: 'stereo', sample_rate_hz: 48_000 }],
    });
    expect(Object.values(facts)).not.toContain(undefined);
    expect(facts).not.toHaveProperty('captured_at');
    expect(facts).not.toHaveProperty('timecode_start');
    expect(facts).not.toHaveProperty('color_transfer');
  });

  it('turns clockwise', async () => {
    expect(technicalMetadata(await probeFile(await portraitClip()), 1)).toMatchObject({ rotation_deg: 90, width: 640 });
  });

  it('reads the start timecode with drop-frame from its own track', async () => {
    const source = await made('drop.mov', [
      ...'-f lavfi -i testsrc2=s=160x90:r=30000/1001:d=0.5 -c:v prores_ks -profile:v 0'.split(' '),
      ...'-timecode 01:00:00;02 -metadata creation_time=2024-05-01T12:00:00Z'.split(' '),
    ]);
    const facts = technicalMetadata(await probeFile(source), 1);
    expect(facts).toMatchObject({
      media_format: 'mov',
      timecode_start: '01:00:00;02',
      drop_frame: true,
      fps: { num: 30000, den: 1001, value: 29.97003 },
      bit_depth: 10,
      captured_at: '2024-05-01T12:00:00Z',
    });
  });

  it('knows no picture in a WAV', async () => {
    const facts = technicalMetadata(await probeFile(await wavFile()), 1);
    expect(facts).toMatchObject({ media_format: 'wav', duration_ms: 2000 });
    expect(facts.audio_streams).toEqual([{ codec: 'pcm_s16le', channels: 2, sample_rate_hz: 48_000, bit_depth: 16 }]);
    for (const field of ['width', 'fps', 'rotation_deg', 'video_codec']) expect(facts).not.toHaveProperty(field);
  });
});

describe('technicalMetadata', () => {
  const of = (given: Partial<VideoStream>) => technicalMetadata(probeOf([video(given)]), 1);

  it('writes the aspect with its pixels, and fields as top or bottom', () => {
    const pal = { width: 720, height: 576, sampleAspect: { num: 64, den: 45 } };
    expect(of({ ...pal, fieldOrder: 'tb' })).toMatchObject({ display_aspect: '16:9', field_order: 'top' });
    expect(of({ ...pal, fieldOrder: 'bt' }).field_order).toBe('bottom');
    const mxf = probeOf([video({ fieldOrder: 'tb' })], { name: 'mxf' });
    expect(technicalMetadata(mxf, 1).field_order).toBe('bottom');
    expect(of({})).not.toHaveProperty('field_order');
  });

  it('counts an MXF’s pictures by its edit units, and no other container’s', () => {
    const of = (name: string, given: Partial<VideoStream>): number | undefined =>
      technicalMetadata(probeOf([video({ timeBase: { num: 1, den: 25 }, ...given })], { name }), 1).frame_count;
    expect(of('mxf', { duration: 0.8 })).toBe(20);
    expect(of('mxf', { duration: 100.1, timeBase: { num: 1001, den: 30_000 } })).toBe(3000);
    expect(of('mxf', { duration: undefined })).toBeUndefined();
    expect(of('mpegts', { duration: 0.8 })).toBeUndefined();
  });

  it('gives the average of a variable rate, and the nearest standard rate of a rounded one', () => {
    const variable = { realRate: { num: 120, den: 1 }, averageRate: { num: 2993, den: 100 } };
    expect(of(variable).fps).toEqual({ num: 2993, den: 100, value: 29.93 });
    const rounded = { realRate: { num: 90_000, den: 1 }, averageRate: { num: 19_001, den: 634 } };
    expect(of(rounded).fps).toEqual({ num: 30_000, den: 1001, value: 29.97003 });
  });

  it.each([
    ['yuv422p10le', 10],
    ['yuvj420p', 8],
    ['p010le', 10],
    ['gbrp12le', 12],
    ['nv12', 8],
    ['xyz12le', undefined],
  ])('knows the depth of %s', (pixelFormat, depth) => {
    expect(of({ pixelFormat }).bit_depth).toBe(depth);
  });

  it('leaves an undetermined language out', () => {
    const streams = [audio({ tags: { language: 'und' } }), audio({ tags: { language: 'fra' } })];
    const facts = technicalMetadata(probeOf(streams), 1);
    expect(facts.audio_streams?.map(({ language }) => language)).toEqual([undefined, 'fra']);
  });
});

describe('startTimecode', () => {
  const track = (timecode: string): Stream => ({
    ...audio({}),
    type: 'data',
    codecTag: 'tmcd',
    tags: { timecode, reel_name: 'A001' },
  });

  it('believes the timecode track before the picture’s tag', () => {
    const probe = probeOf([video({ tags: { timecode: '00:00:00:00' } }), track('10:00:00;00')]);
    expect(startTimecode(probe)).toEqual({ start: '10:00:00;00', dropFrame: true });
    expect(technicalMetadata(probe, 1).reel_name).toBe('A001');
  });

  it('takes what is no timecode for none', () => {
    expect(startTimecode(probeOf([track('noon')]))).toBeUndefined();
  });
});

describe('captureFacts', () => {
  it('reads a phone’s keys', () => {
    const facts = captureFacts({
      creation_time: '2024-05-01T12:03:22.000000Z',
      'com.apple.quicktime.creationdate': '2024-05-01T14:03:22+0200',
      'com.apple.quicktime.make': 'Apple',
      'com.apple.quicktime.model': 'iPhone 15 Pro',
      'com.apple.quicktime.location.ISO6709': '+48.8577+002.2950+035.120/',
    });
    expect(facts).toEqual({
      captured_at: '2024-05-01T14:03:22+02:00',
      camera_make: 'Apple',
      camera_model: 'iPhone 15 Pro',
      gps: { latitude: 48.8577, longitude: 2.295, altitude_m: 35.12 },
    });
    expect(captureFacts({ location: '-33.8568+151.2153/' }).gps).toEqual({ latitude: -33.8568, longitude: 151.2153 });
  });

  it('reads a recorder’s clock, which has no zone', () => {
    expect(captureFacts({ date: '2023-11-04', creation_time: '09:08:07' })).toEqual({
      captured_at: '2023-11-04T09:08:07',
    });
  });

  it('invents nothing from an unset clock or a broken position', () => {
    expect(captureFacts({ creation_time: '1904-01-01T00:00:00.000000Z', location: 'Paris' })).toEqual({});
    expect(captureFacts({ creation_time: '1970-01-01T00:00:00.000000Z', location: '+98.0+002.0/' })).toEqual({});
    expect(captureFacts({})).toEqual({});
  });
});
