import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { planReview, planSound, proxyArgs } from '../../electron/work/media/proxy-args.ts';
import { reviewFilters, reviewSize } from '../../electron/work/media/proxy-picture.ts';
import { frameRate, keyFrameInterval, steadyRate } from '../../electron/work/media/proxy-rate.ts';
import { PROXY_PROFILES } from '../../shared/profiles.ts';
import { hasSteadySlices, X264_BUILD_ARGS, x264Build } from '../../electron/work/media/x264-build.ts';
import { FFMPEG, NO_FFMPEG } from '../support/made-media.ts';
import { audio, probeOf, video } from './proxy-streams.ts';

const small = PROXY_PROFILES.video_review_default_v1;
const large = PROXY_PROFILES.video_review_1080p_v1;

describe('reviewSize', () => {
  it.each([
    [{ width: 1920, height: 1080 }, '1280×720'],
    [{ width: 3840, height: 2160 }, '1280×720'],
    [{ width: 1920, height: 1080, rotation: 90 }, '720×1280'],
    [{ width: 1080, height: 1920 }, '720×1280'],
    [{ width: 640, height: 360 }, '640×360'],
    [{ width: 641, height: 361 }, '640×360'],
    [{ width: 2048, height: 858 }, '1280×536'],
    [{ width: 1080, height: 1080 }, '720×720'],
    [{ width: 720, height: 576, sampleAspect: { num: 64, den: 45 } }, '1024×576'],
    [{ width: 1440, height: 1080, sampleAspect: { num: 4, den: 3 } }, '1280×720'],
    [{ width: 720, height: 576, sampleAspect: { num: 64, den: 45 }, rotation: 90 }, '576×1024'],
    [{ width: 1, height: 1 }, '2×2'],
  ] as const)('fits %j into %s', (stream, expected) => {
    const size = reviewSize(video(stream), small.video.box);
    expect(`${size.width}×${size.height}`).toBe(expected);
  });

  it('uses the larger box of the 1080p profile', () => {
    expect(reviewSize(video({ width: 3840, height: 2160 }), large.video.box)).toEqual({ width: 1920, height: 1080 });
  });
});

describe('rates', () => {
  const rates = (real: [number, number], average: [number, number], fieldOrder?: string) =>
    video({
      realRate: { num: real[0], den: real[1] },
      averageRate: { num: average[0], den: average[1] },
      fieldOrder,
    });

  it('keeps a constant rate as the fraction it is', () => {
    const ntsc = rates([24000, 1001], [24000, 1001]);
    expect(frameRate(ntsc)).toEqual({ kind: 'constant', rate: { num: 24000, den: 1001 } });
    expect(steadyRate(ntsc)).toEqual({ num: 24000, den: 1001 });
  });

  it('believes the container before a guess, and a standard rate before a rounded clock', () => {
    expect(frameRate(rates([120, 1], [120_000, 1001]))?.rate).toEqual({ num: 120_000, den: 1001 });
    expect(frameRate(rates([19_001, 317], [5993, 100]))?.rate).toEqual({ num: 60_000, den: 1001 });
    expect(frameRate(rates([2998, 100], [2998, 100]))?.rate).toEqual({ num: 1499, den: 50 });
  });

  it('counts frames, not fields', () => {
    expect(frameRate(rates([50, 1], [25, 1], 'tt'))).toEqual({ kind: 'constant', rate: { num: 25, den: 1 } });
    expect(frameRate(rates([60000, 1001], [30000, 1001], 'tb'))?.rate).toEqual({ num: 30000, den: 1001 });
  });

  it('gives a variable source the rate that times all its frames, or 60 where that is only a clock', () => {
    expect(frameRate(rates([30, 1], [359, 13]))).toEqual({ kind: 'variable', rate: { num: 359, den: 13 } });
    expect(steadyRate(rates([30, 1], [359, 13]))).toEqual({ num: 30, den: 1 });
    expect(steadyRate(rates([90000, 1], [2993, 100]))).toEqual({ num: 60, den: 1 });
    expect(steadyRate(rates([24, 1], [27, 1]))).toEqual({ num: 30000, den: 1001 });
  });

  it('never puts key frames more than 2.000 s apart', () => {
    for (const [num, den] of [
      [24000, 1001],
      [30000, 1001],
      [15, 1],
      [60000, 1001],
      [25, 2],
      [240, 1],
      [1, 1],
    ] as const) {
      const interval = keyFrameInterval({ num, den }, 2);
      expect(interval * den).toBeLessThanOrEqual(2 * num);
      expect((interval + 1) * den).toBeGreaterThan(2 * num);
    }
    expect(keyFrameInterval({ num: 24000, den: 1001 }, 2)).toBe(47);
  });

  it('repeats the frames of a slow source until 2 s can be kept', () => {
    const slow = steadyRate(rates([1, 3], [1, 3]));
    expect(slow).toEqual({ num: 1, den: 1 });
    expect(keyFrameInterval(slow, 2)).toBe(2);
  });
});

describe('reviewFilters', () => {
  const size = { width: 1280, height: 720 };
  const rate = { num: 25, den: 1 };

  it('deinterlaces only what is interlaced', () => {
    expect(reviewFilters(video({ fieldOrder: 'progressive' }), size, rate)).not.toContain('bwdif');
    expect(reviewFilters(video({ codec: 'vp9' }), size, rate)).not.toContain('bwdif');
    // The header is silent (DV in AVI): the frames' own flags decide.
    expect(reviewFilters(video({ codec: 'dvvideo' }), size, rate)).toContain('deint=interlaced');
    expect(reviewFilters(video({ fieldOrder: 'tt' }), size, rate)).toContain('bwdif=mode=send_frame');
    expect(reviewFilters(video({ fieldOrder: 'bb', codec: 'mjpeg' }), size, rate)).toContain('parity=bff:deint=all');
  });

  it('tone-maps PQ and HLG, and nothing else', () => {
    const hdr = { colorSpace: 'bt2020nc', colorPrimaries: 'bt2020' };
    for (const colorTransfer of ['smpte2084', 'arib-std-b67']) {
      expect(reviewFilters(video({ ...hdr, colorTransfer }), size, rate)).toContain(`tin=${colorTransfer}`);
      expect(reviewFilters(video({ ...hdr, colorTransfer }), size, rate)).toContain('tonemap=hable');
    }
    expect(reviewFilters(video({ ...hdr, colorTransfer: 'bt2020-10' }), size, rate)).not.toContain('tonemap');
    expect(reviewFilters(video({ ...hdr, colorTransfer: 'bt2020-10' }), size, rate)).toContain('pin=bt2020');
    expect(reviewFilters(video({ colorSpace: 'bt709' }), size, rate)).not.toContain('zscale');
  });

  it('takes untagged pictures for what players take them for', () => {
    expect(reviewFilters(video({ width: 720, height: 576 }), size, rate)).toContain('in_color_matrix=bt601');
    expect(reviewFilters(video({ width: 1920, height: 1080 }), size, rate)).toContain('in_color_matrix=bt709');
  });
});

describe('proxyArgs', () => {
  it('spells a profile out completely', () => {
    const probe = probeOf([video({ index: 0 }), audio({ index: 2, channels: 1 })]);
    const plan = planReview(probe, video({ index: 0 }), large);
    const args = proxyArgs(plan, '/dev/fd/3', '/work/part-proxy_video.mp4').join(' ');
    for (const part of [
      '-c:v libx264 -preset veryfast -profile:v high -pix_fmt yuv420p -crf 23 -maxrate 8000k -bufsize 16000k',
      '-g 50 -x264-params sliced-threads=1:threads=4:sync-lookahead=0:partitions=p8x8,i8x8,i4x4',
      '-color_primaries bt709 -color_trc bt709 -colorspace bt709 -color_range tv',
      '-c:a aac -b:a 160k -ar 48000 -ac 1',
      '-map_metadata -1 -map_chapters -1 -fflags +bitexact -flags:v +bitexact -flags:a +bitexact',
      '-movflags +faststart -t 71 -f mp4 file:/work/part-proxy_video.mp4',
      '-map 0:0 ',
      '[0:2]pan=mono',
    ]) {
      expect(args).toContain(part);
    }
  });

  it('encodes in one part where this x264’s slices differ from run to run', () => {
    const builds = [
      '[libx264 @ 0x55c682b54d00] [info] 264 - core 164 r3095 baee400 - H.264/MPEG-4 AVC codec - Copyleft 2003-2022',
      '[libx264 @ 0x55557abac240] [info] 264 - core 165 - H.264/MPEG-4 AVC codec - Copyleft 2003-2025 - options: cabac=1',
      '[libx264 @ 0x55557abac240] [info] profile High, level 1.0, 4:2:0, 8-bit',
    ].map(x264Build);
    expect(builds).toEqual([164, 165, undefined]);
    expect(builds.map(hasSteadySlices)).toEqual([true, false, false]);
    const plan = planReview(probeOf([video({ index: 0 })]), video({ index: 0 }), large, 1);
    const args = proxyArgs(plan, '/dev/fd/3', '/work/part-proxy_video.mp4').join(' ');
    expect(args).toContain('-x264-params threads=1:partitions=p8x8,i8x8,i4x4 ');
  });

  it.skipIf(NO_FFMPEG !== null)(
    `hears from ffmpeg which x264 it has${NO_FFMPEG === null ? '' : ` (skipped: ${NO_FFMPEG})`}`,
    () => {
      const { stderr } = spawnSync(FFMPEG, X264_BUILD_ARGS, { encoding: 'utf8' });
      const build = stderr
        .split('\n')
        .map(x264Build)
        .find((found) => found !== undefined);
      expect(build).toBeGreaterThan(100);
    },
  );

  it('plans sound alone for a source without picture, and nothing for one with neither', () => {
    const plan = planSound(probeOf([audio({ index: 0, channels: 2 })]), small);
    expect(plan?.kind).toBe('sound');
    if (plan === undefined) throw new Error('no plan');
    const args = proxyArgs(plan, '/dev/fd/3', '/work/a.m4a').join(' ');
    expect(args).toContain('-c:a aac -b:a 128k -ar 48000 -ac 2');
    expect(args).toContain('-f ipod');
    expect(args).not.toContain('libx264');
    expect(planSound(probeOf([]), small)).toBeUndefined();
  });
});
