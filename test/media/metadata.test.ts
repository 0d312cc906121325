import { describe, expect, it } from 'vitest';
import { createProxyExecutor } from '../../electron/work/executors/proxies.ts';
import { libraryFacts, mergeFacts } from '../../electron/work/media/metadata-merge.ts';
import { readMetadata } from '../../electron/work/media/metadata-source.ts';
import { TechnicalMetadata } from '../../shared/facts.ts';
import * as media from '../support/made-media.ts';
import { rigFor } from './probe-context.ts';

async function tracksOf(path: string) {
  const rig = await rigFor('generate_video_proxies', path);
  try {
    return await readMetadata(rig.context);
  } finally {
    await rig.remove();
  }
}

const general = (fields: Record<string, string>) => [{ '@type': 'General', ...fields }];

describe.skipIf(media.NO_FFMPEG !== null)(`the metadata library ${media.NO_FFMPEG ?? ''}`, () => {
  it('tells when, with what and where a phone’s clip was taken', async () => {
    const path = await media.h264Clip({
      name: 'phone.mov',
      seconds: 1,
      more: [
        ...['-movflags', 'use_metadata_tags', '-metadata', 'com.apple.quicktime.make=Apple'],
        ...['-metadata', 'com.apple.quicktime.model=iPhone 15'],
        ...['-metadata', 'com.apple.quicktime.creationdate=2024-05-01T14:00:00+0200'],
        ...['-metadata', 'com.apple.quicktime.location.ISO6709=-33.8577-070.2950+035.000/'],
      ],
    });
    expect(libraryFacts(await tracksOf(path))).toEqual({
      captured_at: '2024-05-01T14:00:00+02:00',
      camera_make: 'Apple',
      camera_model: 'iPhone 15',
      gps: { latitude: -33.8577, longitude: -70.295, altitude_m: 35 },
      field_order: 'progressive',
      bit_depth: 8,
    });
  });

  it('reads the field order that only the stream knows', async () => {
    const path = await media.made('fields.mts', [
      ...['-f', 'lavfi', '-i', 'testsrc2=s=320x240:r=25:d=1', '-c:v', 'libx264', '-preset', 'ultrafast'],
      ...['-pix_fmt', 'yuv420p', '-flags', '+ildct+ilme', '-x264opts', 'tff=1'],
    ]);
    expect(libraryFacts(await tracksOf(path)).field_order).toBe('top');
  });

  it('knows nothing of a file that is no media, and fails nothing', async () => {
    expect(libraryFacts(await tracksOf(await media.textAsMp4()))).toEqual({});
    expect(libraryFacts(await tracksOf(await media.emptyFile()))).toEqual({});
  });

  it('is in the facts of a proxy job, beside the encoder', async () => {
    const rig = await rigFor('generate_video_proxies', await media.portraitClip());
    const started: string[] = [];
    const { processes } = rig.context;
    const run: typeof processes.run = (spec) => {
      started.push([...spec.args, spec.stdin === undefined ? '' : String(spec.stdin)].join(' '));
      return processes.run(spec);
    };
    const success = await createProxyExecutor().execute({ ...rig.context, processes: { run } });
    await rig.remove();
    const encoder = started.findIndex((line) => line.includes('-x264-params'));
    const worker = started.findIndex((line) => line.includes('"task":"metadata"'));
    expect(worker).toBeGreaterThan(-1);
    expect(worker).toBeLessThan(encoder);
    // No clock, no camera: absent, not invented.
    expect(success.outputs.facts).toEqual(TechnicalMetadata.parse(success.outputs.facts));
    expect(Object.keys(success.outputs.facts)).not.toContain('captured_at');
    expect(success.outputs.facts).toMatchObject({ field_order: 'progressive', bit_depth: 8, rotation_deg: 90 });
  });
});

describe('merging', () => {
  it('lets ffprobe win and fills what it does not know', () => {
    const tracks = [
      ...general({ Encoded_Date: '2024-05-01 12:00:00 UTC', Encoded_Hardware_CompanyName: 'Sony' }),
      { '@type': 'Video', ScanType: 'Interlaced', ScanOrder: 'BFF', BitDepth: '10' },
    ];
    const facts = { video_codec: 'h264', field_order: 'top', captured_at: '2023-01-01T00:00:00Z' };
    expect(mergeFacts(facts, tracks)).toEqual({ ...facts, bit_depth: 10, camera_make: 'Sony' });
    expect(mergeFacts({ media_format: 'wav' }, tracks)).toEqual({
      media_format: 'wav',
      captured_at: '2024-05-01T12:00:00Z',
      camera_make: 'Sony',
    });
  });

  it.each([
    [{ Recorded_Date: '2024-05-01T14:00:00+0200' }, { captured_at: '2024-05-01T14:00:00+02:00' }],
    [{ Encoded_Date: 'UTC 2024-05-01 12:00:00' }, { captured_at: '2024-05-01T12:00:00Z' }],
    [{ Recorded_Date: '2024-05-01 14:00:00' }, { captured_at: '2024-05-01T14:00:00' }],
    [{ Recorded_Date: '0-00-00 00:00:00.000', Encoded_Date: '1904-01-01 00:00:00 UTC' }, {}],
    [{ Recorded_Location: '91.0000°N 2.0000°E' }, {}],
    [{ Encoded_Hardware_CompanyName: '  ' }, {}],
    [{}, {}],
  ])('reads %j', (fields, expected) => {
    expect(libraryFacts(general(fields as Record<string, string>))).toEqual(expected);
  });

  it('leaves an unknown field order out', () => {
    expect(libraryFacts([{ '@type': 'Video', ScanType: 'Interlaced' }])).toEqual({});
  });
});
