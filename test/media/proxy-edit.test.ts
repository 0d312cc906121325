import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { compare } from '../../electron/work/media/parity.ts';
import { proxyArgs } from '../../electron/work/media/proxy-args.ts';
import { planEdit, type EditPlan } from '../../electron/work/media/proxy-edit-plan.ts';
import { createPacketReader, type ReadBack } from '../../electron/work/media/proxy-readback.ts';
import { scanOf } from '../../electron/work/media/proxy-scan.ts';
import type { Stream, VideoStream } from '../../electron/work/media/probe.ts';
import { PROXY_PROFILES, type EditProxyProfile } from '../../shared/profiles.ts';
import { FFMPEG, made, NO_FFMPEG } from '../support/made-media.ts';
import { makeProxy } from './proxy-run.ts';
import { audio, probeOf, video } from './proxy-streams.ts';

const run = promisify(execFile);
const h264 = PROXY_PROFILES.edit_h264_half_v1;
const prores = PROXY_PROFILES.edit_prores_proxy_v1;
const dnxhr = PROXY_PROFILES.edit_dnxhr_lb_v1;
const BASE = { num: 1, den: 12_800 };
const GRID = { rate: { num: 25, den: 1 }, timeBase: BASE };

/** `ticks` of each packet; 512 of them are a frame at 25. */
function packets(ticks: readonly number[], duration = 512) {
  const reader = createPacketReader(GRID);
  for (const at of ticks) reader.line(`${at},${at / 12_800},${duration},K_`);
  const facts = reader.facts();
  if (facts === undefined) throw new Error('no packets');
  return facts;
}

const steady = Array.from({ length: 250 }, (_, at) => at * 512);
const timecode = (tags: Record<string, string>): Stream => ({
  ...audio({ index: 9 }),
  type: 'data',
  codecTag: 'tmcd',
  tags,
});

function planned(given: Partial<VideoStream>, profile: EditProxyProfile = h264, others: readonly Stream[] = []) {
  const picture = video(given);
  return planEdit(probeOf([picture, ...others]), picture, profile, { packets: packets(steady), frames: [] });
}

function plan(...given: Parameters<typeof planned>): EditPlan {
  const result = planned(...given);
  if (result.kind !== 'edit') throw new Error(result.because);
  return result;
}

describe('planEdit', () => {
  it.each([
    [{ width: 1920, height: 1080 }, '960×540'],
    [{ width: 1920, height: 1080, fieldOrder: 'tt' }, '960×540'],
    [{ width: 720, height: 576, fieldOrder: 'tt' }, '360×288'],
    [{ width: 1280, height: 716, fieldOrder: 'tt' }, '1280×716'],
    [{ width: 1998, height: 1080 }, '1000×540'],
    [{ width: 321, height: 181 }, '160×90'],
    [{ width: 20, height: 20 }, '16×16'],
  ])('halves %j to %s for H.264', (given, expected) => {
    const { size } = plan(given);
    expect(`${size.width}×${size.height}`).toBe(expected);
  });

  it('keeps the display aspect exactly, whatever halving had to round', () => {
    const { size, sampleAspect } = plan({ width: 1998, height: 1080 });
    const shown = (size.width * sampleAspect.num) / (size.height * sampleAspect.den);
    expect(shown).toBeCloseTo(1998 / 1080, 12);
    expect(plan({ width: 720, height: 576, sampleAspect: { num: 64, den: 45 } }).sampleAspect).toEqual({
      num: 64,
      den: 45,
    });
  });

  it.each([
    [{ fieldOrder: 'tt' }, dnxhr, /interlaced/],
    [{ width: 1921 }, dnxhr, /odd side/],
    [{ width: 254, height: 144 }, dnxhr, /smaller than 256×120/],
    [{ width: 720, height: 486, fieldOrder: 'bb' }, h264, /no multiple of 4/],
  ])('refuses %j by name', (given, profile, reason) => {
    const result = planned(given, profile);
    expect(result.kind === 'refused' ? result.because : 'a plan').toMatch(reason);
  });

  it('refuses drop-frame where it does not exist', () => {
    const df = [timecode({ timecode: '01:00:00;00' })];
    expect(planned({}, h264, df)).toMatchObject({
      kind: 'refused',
      because: expect.stringContaining('drops frames') as string,
    });
    const ntsc = { num: 30_000, den: 1001 };
    expect(planned({ realRate: ntsc, averageRate: ntsc }, h264, df).kind).toBe('edit');
    const fast = { num: 120_000, den: 1001 };
    const hundred = [timecode({ timecode: '01:00:00;104' })];
    expect(planned({ realRate: fast, averageRate: fast }, h264, hundred).kind).toBe('edit');
  });

  it('calls a rate constant only where every picture lies on its grid', () => {
    expect(plan({}).timing).toBe('constant');
    const look = (ticks: readonly number[]) => {
      const picture = video({});
      const result = planEdit(probeOf([picture]), picture, h264, { packets: packets(ticks), frames: [] });
      return result.kind === 'edit' ? `${result.timing} ${result.frames}` : result.because;
    };
    expect(look(steady.toSpliced(100, 2))).toBe('variable 248');
    expect(look(steady.map((at, n) => at + (n > 100 ? 200 : 0)))).toBe('variable 250');
    expect(look(steady.map((at, n) => at + (n % 3) * 6))).toBe('constant 250');
  });

  it('counts two field packets as one picture', () => {
    const picture = video({ fieldOrder: 'tt', realRate: { num: 25, den: 1 } });
    const fields = Array.from({ length: 500 }, (_, at) => at * 256);
    const result = planEdit(probeOf([picture]), picture, prores, { packets: packets(fields), frames: [] });
    expect(result).toMatchObject({ kind: 'edit', timing: 'constant', frames: 250 });
  });
});

describe('scanOf', () => {
  it('believes frames before headers, and headers where a codec has no flags', () => {
    const top = [{ interlaced: true, topFirst: true }];
    const none = [{ interlaced: false, topFirst: false }];
    const of = (given: Partial<VideoStream>, frames: typeof top) => scanOf(probeOf([]), video(given), frames);
    expect(of({ fieldOrder: 'progressive' }, top)).toBe('top');
    expect(of({ fieldOrder: 'tt' }, none)).toBe('progressive');
    expect(of({ codec: 'mjpeg', fieldOrder: 'tb' }, none)).toBe('top');
    expect(of({ codec: 'mjpeg', fieldOrder: 'bt' }, none)).toBe('bottom');
    expect(of({ codec: 'mjpeg' }, none)).toBe('progressive');
  });
});

describe('packets', () => {
  it('hidden by an edit list are none, and without a time are counted alone', () => {
    const reader = createPacketReader(GRID);
    for (const line of ['0,0.0,512,KD', '512,0.04,512,K_', 'N/A,N/A,512,__', '1024,0.08,N/A,__']) reader.line(line);
    expect(reader.facts()).toMatchObject({ count: 3, untimed: 1, keys: 1, first: 512, last: 1024, onGrid: true });
  });
});

describe('the attach guarantee', () => {
  const tracks = [audio({ index: 1, channels: 1 }), audio({ index: 2, channels: 2, sampleRate: 44_100 })];
  const tags = { timecode: '10:00:00:00', reel_name: 'A001' };
  const colours = { colorSpace: 'bt709', colorPrimaries: 'bt709', colorTransfer: 'iec61966-2-1' };
  const source = probeOf([video(colours), ...tracks, timecode(tags)]);
  const intent = plan(colours, prores, [...tracks, timecode(tags)]);

  interface Lie {
    readonly picture?: Partial<VideoStream>;
    readonly sound?: readonly Stream[];
    readonly track?: Record<string, string>;
    readonly ticks?: readonly number[];
    readonly topFirst?: boolean;
  }
  const proxy = ({ picture, sound = tracks, track = tags, ticks = steady, topFirst }: Lie): ReadBack => {
    const flags = { interlaced: topFirst !== undefined, topFirst: topFirst === true };
    return {
      probe: probeOf([
        video({
          codec: 'prores',
          profile: 'Proxy',
          pixelFormat: 'yuv422p10le',
          width: 960,
          height: 540,
          fieldOrder: 'progressive',
          ...colours,
          ...picture,
        }),
        ...sound,
        timecode(track),
      ]),
      packets: packets(ticks),
      frames: [
        { stream: 0, time: 0, flags },
        { stream: 0, time: (ticks.at(-1) ?? 0) / 12_800, flags },
        ...sound.map(({ index }) => ({ stream: index, time: 0 })),
      ],
    };
  };
  const fields = (lie: Lie): string[] => compare(source, intent, proxy(lie)).map(({ field }) => field);

  it('finds nothing in a proxy that is what an NLE wants', () => {
    expect(compare(source, intent, proxy({}))).toEqual([]);
  });

  it.each<[string, Lie]>([
    ['frame_count', { ticks: steady.slice(0, 249) }],
    ['frame_rate', { picture: { averageRate: { num: 24, den: 1 } } }],
    ['duration', { ticks: steady.slice(0, 240) }],
    ['timecode', { track: { ...tags, timecode: '10:00:00:01' } }],
    ['timecode', { track: { reel_name: 'A001' } }],
    ['drop_frame', { track: { ...tags, timecode: '10:00:00;00' } }],
    ['reel_name', { track: { timecode: '10:00:00:00' } }],
    ['field_order', { topFirst: true }],
    ['field_order', { picture: { fieldOrder: 'tb' } }],
    ['audio_streams', { sound: tracks.slice(0, 1) }],
    ['audio_channels', { sound: tracks.toReversed() }],
    ['audio_sample_rates', { sound: tracks.map((stream) => ({ ...stream, sampleRate: 48_000 })) }],
    ['display_aspect', { picture: { sampleAspect: { num: 4, den: 3 } } }],
    ['rotation', { picture: { rotation: 90 } }],
    ['dimensions', { picture: { width: 962 } }],
    ['video_codec', { picture: { profile: 'LT' } }],
    ['pixel_format', { picture: { colorRange: 'pc' } }],
    ['colour', { picture: { colorSpace: 'bt2020nc' } }],
    ['colour', { picture: { colorPrimaries: 'bt2020' } }],
    ['colour', { picture: { colorTransfer: undefined } }],
  ])('names %s', (field, lie) => {
    expect(fields(lie)).toContain(field);
  });
});

describe('editArgs', () => {
  it('spells a profile out completely', () => {
    const tracks = [
      audio({ index: 1, channels: 1, bitsPerSample: 16, tags: { language: 'fra' } }),
      audio({ index: 3, channels: 6, bitsPerSample: 24 }),
    ];
    const intent = plan({ fieldOrder: 'tt', colorSpace: 'bt709' }, h264, [
      ...tracks,
      timecode({ timecode: '01:00:00:00', reel_name: 'A1' }),
    ]);
    const args = proxyArgs(intent, '/dev/fd/3', '/work/part-proxy_video.mov').join(' ');
    for (const part of [
      '-noautorotate',
      'scale=w=960:h=540:interl=1',
      'setparams=field_mode=tff:range=tv:colorspace=bt709,fps=fps=25/1:start_time=0',
      '-c:v libx264 -preset veryfast -profile:v high -crf 21 -bf 0 -g 12 -flags:v +ilme+ildct -x264-params force-cfr=1:tff=1:weightp=0 -threads:v 4',
      '-map 0:1 -c:a:0 pcm_s16le',
      '-metadata:s:a:0 language=fra',
      '-map 0:3 -c:a:1 pcm_s24le',
      '-metadata:s:a:1 language=und',
      '-map_metadata -1 -map_chapters -1 -fflags +bitexact',
      '-timecode 01:00:00:00 -metadata:s:v:0 reel_name=A1',
    ]) {
      expect(args).toContain(part);
    }
  });
});

describe.skipIf(NO_FFMPEG !== null)('fields of an editing proxy', () => {
  it.each(['edit_h264_half_v1', 'edit_prores_proxy_v1'])('stay apart when %s is halved', async (profile) => {
    // White top lines, black bottom lines: scaled as whole frames, every line would be grey.
    const source = await made('comb.mov', [
      ...`-f lavfi -i color=black:s=320x192:r=25:d=0.2 -vf format=yuv422p10le,geq=lum='if(mod(Y\\,2)\\,64\\,940)':cb=512:cr=512,setfield=tff`.split(
        ' ',
      ),
      ...'-c:v prores_ks -profile:v 3 -flags +ildct'.split(' '),
    ]);
    await using proxy = await makeProxy(source, profile);
    const args = ['-v', 'error', '-i', proxy.file, '-frames:v', '1', '-vf', 'format=gray', '-f', 'rawvideo', '-'];
    const { stdout } = await run(FFMPEG, args, { encoding: 'buffer' });
    // 160 pixels a line, 96 lines.
    const line = (y: number) => stdout[y * 160 + 80] ?? 0;
    expect(stdout).toHaveLength(160 * 96);
    for (const y of [20, 40, 60]) {
      expect(line(y)).toBeGreaterThan(200);
      expect(line(y + 1)).toBeLessThan(50);
    }
  });
});
