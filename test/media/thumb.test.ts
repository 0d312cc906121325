import { execFileSync } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { createThumbnailExecutor } from '../../electron/work/executors/thumbnails.ts';
import {
  betterNeighbour,
  mayBeFaded,
  representativeMoment,
  spreadOver,
} from '../../electron/work/media/thumbnail-moments.ts';
import { parseFrameStats } from '../../electron/work/media/thumbnail-stats.ts';
import { webpSize } from '../../electron/work/media/thumbnail-webp.ts';
import { JobFailure } from '../../shared/failure.ts';
import { THUMBNAIL_PROFILES } from '../../shared/profiles.ts';
import * as media from '../support/made-media.ts';
import { rigFor } from './probe-context.ts';
import { first } from '../support/first.ts';

const REPRESENTATIVE = 'video_representative_v1';
const STORYBOARD = 'video_storyboard_v1';

interface Shown {
  readonly timeMs: number;
  readonly width: number;
  readonly height: number;
  /** Mean of each channel, 0..255. */
  readonly mean: readonly number[];
  readonly sha256: string;
}

async function thumbnails(path: string, thumbnailProfile?: string) {
  const rig = await rigFor('generate_thumbnails', path, thumbnailProfile === undefined ? {} : { thumbnailProfile });
  try {
    const success = await createThumbnailExecutor().execute(rig.context);
    const shown: Shown[] = [];
    for (const { artifact, facts } of success.outputs.thumbs) {
      const file = success.artifacts[artifact];
      if (file === undefined) throw new Error('a thumbnail without its file');
      const image = sharp(join(rig.context.workspace, file.file));
      const { format, width, height } = await image.metadata();
      expect({ format, width, height }).toEqual({ format: 'webp', width: facts.width, height: facts.height });
      const { channels } = await image.stats();
      const mean = channels.map((channel) => channel.mean);
      shown.push({ timeMs: facts.time_ms, width, height, mean, sha256: file.sha256 });
    }
    const left = (await readdir(rig.context.workspace)).filter((name) => name.endsWith('.webp'));
    expect(left.toSorted()).toEqual(success.artifacts.map((artifact) => artifact.file));
    return { shown, success, reported: rig.reported };
  } finally {
    await rig.remove();
  }
}

async function failureOf(path: string, profile?: string) {
  try {
    await thumbnails(path, profile);
  } catch (error) {
    if (error instanceof JobFailure) return error.failure;
    throw error;
  }
  throw new Error(`${path} succeeded`);
}

/** The frame a flat grey picture shows (see made-media's greyFramesClip). */
const frameIn = (shown: Shown | undefined): number => media.frameOfGrey(shown?.mean[0] ?? -1);

const split = (text: string): string[] => text.split(' ');
const lavfi = (graph: string): string[] => ['-f', 'lavfi', '-i', graph];
const x264 = ['-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p', '-threads', '1'];

describe.skipIf(media.NO_FFMPEG !== null)(`thumbnails of recordings ${media.NO_FFMPEG ?? ''}`, () => {
  it('shows the frame at max(1 s, 10 %) with its true time, 480 wide, from one run of each tool', async () => {
    const { shown, success, reported } = await thumbnails(await media.h264Clip(), undefined);
    expect(shown).toMatchObject([{ timeMs: 1000, width: 480, height: 270 }]);
    expect(success.metrics['tool_runs']).toBe(1);
    expect(success.warnings).toEqual([]);
    const fractions = reported.filter((entry) => typeof entry === 'number');
    expect(fractions).toEqual(fractions.toSorted((a, b) => a - b));
    expect(fractions.at(-1)).toBe(1);
  });

  it('never upscales, and bakes rotation', async () => {
    expect((await thumbnails(await media.greyFramesClip())).shown).toMatchObject([{ width: 320, height: 180 }]);
    const large = await media.rotated(
      await media.silentClip({ name: 'l.mp4', size: '1280x720' }),
      'large-portrait.mp4',
    );
    expect((await thumbnails(large)).shown).toMatchObject([{ width: 480, height: 853 }]);
    expect((await thumbnails(await media.portraitClip())).shown).toMatchObject([{ width: 360, height: 640 }]);
  });

  it('squares anamorphic pixels', async () => {
    const path = await media.made('anamorphic.mp4', [...lavfi('testsrc2=s=720x576:r=25:d=1.5,setsar=64/45'), ...x264]);
    expect((await thumbnails(path)).shown).toMatchObject([{ width: 480, height: 270 }]);
  });

  it('shows the right frame of a long GOP with B frames', async () => {
    const { shown } = await thumbnails(await media.greyFramesClip());
    expect(shown[0]?.timeMs).toBe(1000);
    expect(frameIn(shown[0])).toBe(25);
  });

  first(1).each([
    ['starts at 1 h', 'offset.mkv', ['-output_ts_offset', '3600']],
    ['is a transport stream, which starts at 1.4 s and has no index', 'offset.mts', ['-muxrate', '0']],
    ['is MPEG-2 in a programme stream', 'offset.mpg', ['-c:v', 'mpeg2video', '-q:v', '2', '-g', '15']],
  ])('shows the right frame when a source %s', async (_, name, more) => {
    const path = await media.greyFramesClip({ name, more });
    const { shown } = await thumbnails(path);
    expect(Math.abs(frameIn(shown[0]) * 40 - (shown[0]?.timeMs ?? -1))).toBeLessThanOrEqual(20);
    const story = await thumbnails(path, STORYBOARD);
    expect(story.shown).toHaveLength(10);
    for (const picture of story.shown) {
      expect(Math.abs(frameIn(picture) * 40 - picture.timeMs)).toBeLessThanOrEqual(20);
    }
  });

  it(
    'tells ten moments of a transport stream with a key frame every 12 s within half an interval',
    { tags: ['slow'] },
    async () => {
      // Such a stream has no index: a seek shows the next key frame, unless it begins far enough back.
      const more = split('-g 24 -keyint_min 24 -sc_threshold 0 -bf 0');
      const path = await media.greyFramesClip({ name: 'long-gop.ts', rate: '2', more });
      const { shown } = await thumbnails(path, STORYBOARD);
      expect(shown).toHaveLength(10);
      for (const [i, picture] of shown.entries()) {
        expect(Math.abs(frameIn(picture) * 500 - picture.timeMs)).toBeLessThanOrEqual(20);
        expect(Math.abs(picture.timeMs - (i + 0.5) * 4800)).toBeLessThanOrEqual(2400);
      }
      expect((await thumbnails(path)).shown[0]?.timeMs).toBe(5000);
    },
  );

  it('deinterlaces, with the frame at its time', async () => {
    // Two fields of different grey a frame: combing would show as rows that differ.
    const fields = `color=black:s=320x180:r=50,format=yuv420p,geq=lum='48+mod(N,2)*60+floor(N/2)':cb=128:cr=128`;
    const path = await media.made('interlaced.mp4', [
      ...lavfi(`${fields},tinterlace=interleave_top`),
      ...split('-frames:v 50'),
      ...x264,
      ...split('-flags +ildct+ilme -x264opts tff=1'),
    ]);
    const single = await media.made('interlaced-single.mp4', ['-i', path, '-c', 'copy', '-frames:v', '1']);
    for (const [source, timeMs] of [[path, 1000] as const, [single, 0] as const]) {
      const rig = await rigFor('generate_thumbnails', source, { thumbnailProfile: REPRESENTATIVE });
      const success = await createThumbnailExecutor().execute(rig.context);
      expect(success.outputs.thumbs[0]?.facts).toMatchObject({ time_ms: timeMs, width: 320, height: 180 });
      const raw = await sharp(join(rig.context.workspace, 'thumb_000.webp')).greyscale().raw().toBuffer();
      const rows = Array.from({ length: 100 }, (_, y) => raw[(y + 40) * 320 + 160] ?? 0);
      const combing = Math.max(...rows.slice(1).map((value, i) => Math.abs(value - (rows[i] ?? 0))));
      expect(combing).toBeLessThan(12);
      await rig.remove();
    }
  });

  it('gives way from a black frame to a close neighbour, and keeps a night scene', async () => {
    const black = await media.made('black.mp4', [
      ...lavfi(`testsrc2=s=640x360:r=25:d=6,drawbox=color=black:t=fill:enable='lt(t,1.5)'`),
      ...x264,
      ...split('-g 250'),
    ]);
    const { shown } = await thumbnails(black);
    expect(shown[0]?.timeMs).toBeGreaterThanOrEqual(1500);
    expect(shown[0]?.timeMs).toBeLessThanOrEqual(2500);
    expect(Math.max(...(shown[0]?.mean ?? []))).toBeGreaterThan(60);
    const night = await media.made('night.mp4', [
      ...lavfi('testsrc2=s=640x360:r=25:d=3,eq=contrast=0.3:brightness=-0.3'),
      ...x264,
    ]);
    expect((await thumbnails(night)).shown[0]?.timeMs).toBe(1000);
  });

  it('gives way from a fade, to black or to white', { tags: ['slow'] }, async () => {
    for (const colour of ['black', 'white']) {
      const path = await media.made(`fade-${colour}.mp4`, [
        ...lavfi(`testsrc2=s=640x360:r=25:d=6,fade=t=in:st=0.4:d=1.6:color=${colour}`),
        ...x264,
        ...split('-g 250'),
      ]);
      expect((await thumbnails(path)).shown[0]?.timeMs, colour).toBeGreaterThanOrEqual(1400);
    }
  });

  it('keeps a wholly black clip’s own moment', async () => {
    const path = await media.made('all-black.mp4', [...lavfi('color=black:s=320x180:r=25:d=2'), ...x264]);
    expect((await thumbnails(path)).shown).toMatchObject([{ timeMs: 1000 }]);
  });

  it('gives the first frame of a clip shorter than the wanted moment', async () => {
    const { shown } = await thumbnails(await media.greyFramesClip({ frames: 10 }));
    expect(shown[0]?.timeMs).toBe(0);
    expect(frameIn(shown[0])).toBe(0);
  });

  it('tells ten moments evenly, in order, each with its own frame', async () => {
    const { shown } = await thumbnails(await media.greyFramesClip(), STORYBOARD);
    expect(shown).toHaveLength(10);
    for (const [i, picture] of shown.entries()) {
      expect(frameIn(picture) * 40).toBe(picture.timeMs);
      expect(Math.abs(picture.timeMs - (i + 0.5) * 384)).toBeLessThanOrEqual(40);
    }
  });

  it('does the same by seeks in a longer clip', async () => {
    const path = await media.greyFramesClip({ name: 'slow-grey.mp4', rate: '4', frames: 80 });
    const { shown, success } = await thumbnails(path, STORYBOARD);
    expect(success.metrics['tool_runs']).toBe(10);
    expect(shown.map((picture) => frameIn(picture) * 250)).toEqual(shown.map((picture) => picture.timeMs));
    expect(shown.map((picture) => picture.timeMs)).toEqual([1, 3, 5, 7, 9, 11, 13, 15, 17, 19].map((s) => s * 1000));
  });

  it('gives one picture per frame when there are fewer than ten', { tags: ['slow'] }, async () => {
    for (const frames of [1, 4, 9]) {
      const { shown } = await thumbnails(await media.greyFramesClip({ frames }), STORYBOARD);
      expect(shown.map(frameIn)).toEqual(Array.from({ length: frames }, (_, i) => i));
      expect(shown.map((picture) => picture.timeMs)).toEqual(Array.from({ length: frames }, (_, i) => i * 40));
    }
  });

  it('still finds ten different frames when most of a clip has none', { tags: ['slow'] }, async () => {
    // 20 frames in the first second, then one that stays for nine.
    const path = await media.greyFramesClip({
      name: 'gap.mp4',
      frames: 21,
      filter: `settb=1/1000,setpts='if(lt(N,20),N/20,10)/TB'`,
      more: ['-fps_mode', 'passthrough', '-enc_time_base', '1/90000'],
    });
    const { shown } = await thumbnails(path, STORYBOARD);
    const frames = shown.map(frameIn);
    expect(new Set(frames).size).toBe(10);
    expect(frames).toEqual(frames.toSorted((a, b) => a - b));
    for (const picture of shown) {
      const n = frameIn(picture);
      expect(Math.abs((n < 20 ? n * 50 : 10_000) - picture.timeMs)).toBeLessThanOrEqual(2);
    }
  });

  it('keeps variable-rate pictures at their times', async () => {
    const path = await media.greyFramesClip({
      name: 'vfr-grey.mp4',
      frames: 60,
      filter: `settb=1/1000,setpts='if(lt(N,40),N/40,1+(N-40)/10)/TB'`,
      more: ['-fps_mode', 'passthrough', '-enc_time_base', '1/90000'],
    });
    for (const picture of (await thumbnails(path, STORYBOARD)).shown) {
      const n = frameIn(picture);
      expect(Math.abs((n < 40 ? n * 25 : 1000 + (n - 40) * 100) - picture.timeMs)).toBeLessThanOrEqual(2);
    }
  });

  it.skipIf(!media.hasEncoder('libx265'))('maps HDR to the brightness of SDR (needs libx265)', async () => {
    // White paper of 203 cd/m² is code 0.58 of PQ: shown untouched it would be a dull grey.
    const hdr = await media.made('pq.mp4', [
      ...lavfi('color=c=0x949494:s=640x360:r=25:d=0.4'),
      ...split('-c:v libx265 -preset ultrafast -pix_fmt yuv420p10le -x265-params'),
      'log-level=error:colorprim=bt2020:transfer=smpte2084:colormatrix=bt2020nc',
    ]);
    const { shown } = await thumbnails(hdr);
    expect(shown[0]?.mean[0]).toBeGreaterThan(185);
  });

  it.skipIf(!media.hasEncoder('libx265'))(
    'shows HDR held upright, whose picture has an odd side',
    { tags: ['slow'] },
    async () => {
      const lying = await media.made('hlg.mov', [
        ...lavfi('color=c=0x949494:s=1280x720:r=25:d=0.4'),
        ...split('-c:v libx265 -preset ultrafast -pix_fmt yuv420p10le -tag:v hvc1 -x265-params'),
        'log-level=error:colorprim=bt2020:transfer=arib-std-b67:colormatrix=bt2020nc',
      ]);
      const { shown } = await thumbnails(await media.rotated(lying, 'hlg-upright.mov'));
      expect(shown[0]).toMatchObject({ width: 480, height: 853 });
      expect(shown[0]?.mean[0]).toBeGreaterThan(100);
    },
  );

  first(1).each([
    [
      'BT.2020 without HDR',
      '1280x720',
      // Said behind the input: ffmpeg's own pictures come without a word about their colours.
      'zscale=pin=709:tin=709:min=709:rin=tv:p=2020:t=709:m=2020_ncl:r=tv,setparams=color_primaries=bt2020:color_trc=bt709:colorspace=bt2020nc',
    ],
    ['untagged, wide and low', '1280x536', 'null'],
  ])('keeps colours: %s', async (_, size, filter) => {
    const red = `color=c=0xC02040:s=${size}:r=25:d=0.4,scale=out_color_matrix=bt709:out_range=tv,format=yuv422p10le`;
    const path = await media.made('colour.mov', [...lavfi(red), '-vf', filter, '-c:v', 'prores_ks']);
    const mean = (await thumbnails(path)).shown[0]?.mean ?? [];
    for (const [i, wanted] of [0xc0, 0x20, 0x40].entries()) expect(Math.abs((mean[i] ?? 0) - wanted)).toBeLessThan(8);
  });

  it('keeps colours: BT.709 source, BT.601 WebP', async () => {
    const path = await media.made('red.mp4', [
      ...lavfi('color=c=0xC02040:s=1280x720:r=25:d=0.4,scale=out_color_matrix=bt709:out_range=tv,format=yuv420p'),
      ...x264,
      ...split('-colorspace bt709 -color_primaries bt709 -color_trc bt709'),
    ]);
    const mean = (await thumbnails(path)).shown[0]?.mean ?? [];
    for (const [i, wanted] of [0xc0, 0x20, 0x40].entries()) expect(Math.abs((mean[i] ?? 0) - wanted)).toBeLessThan(6);
  });

  it('makes the same bytes twice', async () => {
    const path = await media.h264Clip();
    for (const profile of [REPRESENTATIVE, STORYBOARD]) {
      const first = (await thumbnails(path, profile)).shown.map((picture) => picture.sha256);
      expect((await thumbnails(path, profile)).shown.map((picture) => picture.sha256)).toEqual(first);
    }
  });

  it('counts damage as a warning and still shows a picture', async () => {
    const whole = await media.h264Clip({
      name: 'to-damage.mp4',
      seconds: 3,
      more: ['-movflags', '+faststart', '-g', '5'],
    });
    const path = await media.madeFrom(whole, 'damaged.mp4', 'noise in the middle', (bytes) => {
      const changed = Buffer.from(bytes);
      for (let i = 0; i < 6000; i++) changed[Math.floor(bytes.length / 3) + i] = (i * 37) & 0xff;
      return changed;
    });
    const { success, shown } = await thumbnails(path, STORYBOARD);
    expect(shown).toHaveLength(10);
    expect(success.warnings).toMatchObject([{ code: 'SOURCE_DAMAGED' }]);
  });

  it('fails by name: no picture, no media, cut short, unknown profile', async () => {
    const wav = await media.wavFile();
    expect(await failureOf(wav)).toMatchObject({ code: 'NO_VIDEO_TRACK', retryable: false });
    expect(await failureOf(await media.mp3WithCover())).toMatchObject({ code: 'NO_VIDEO_TRACK' });
    expect(await failureOf(await media.textAsMp4())).toMatchObject({ code: 'SOURCE_UNREADABLE', retryable: false });
    expect(await failureOf(await media.truncatedClip(), STORYBOARD)).toMatchObject({ code: 'SOURCE_UNREADABLE' });
    expect(await failureOf(wav, 'video_poster_v9')).toMatchObject({
      code: 'UNKNOWN_PROFILE',
      detail: { subject: 'video_poster_v9' },
    });
  });

  first(1).each(['zeros', 'noise'])('never shows a picture of %s', async (what) => {
    const path = await media.madeFrom(await media.h264Clip(), `${what}.mp4`, what, (bytes) => {
      const changed = Buffer.from(bytes);
      const at = changed.indexOf('mdat') + 4;
      const end = at - 8 + changed.readUInt32BE(at - 8);
      for (let i = at; i < end; i++) changed[i] = what === 'zeros' ? 0 : (Math.imul(i, 2_654_435_761) >>> 13) & 0xff;
      return changed;
    });
    for (const profile of [REPRESENTATIVE, STORYBOARD]) {
      expect(await failureOf(path, profile)).toMatchObject({ code: 'SOURCE_UNREADABLE', retryable: false });
    }
  });

  it('passes its own proof', async () => {
    const executor = createThumbnailExecutor();
    const sample = await media.made(executor.proof.sample.fileName, executor.proof.sample.args);
    const { success } = await thumbnails(sample, executor.proof.inputs.thumbnailProfile);
    expect(executor.proof.check(success)).toBeNull();
    const wrong = structuredClone(success.outputs.thumbs[0]);
    if (wrong === undefined) throw new Error('no thumb');
    const small = { ...wrong, facts: { ...wrong.facts, width: 100 } };
    expect(executor.proof.check({ ...success, outputs: { ...success.outputs, thumbs: [small] } })).toContain('480');
  });
});

describe('which moment', () => {
  const rule = THUMBNAIL_PROFILES.video_representative_v1.moment;

  it.each([
    [0.04, 0],
    [1, 0],
    [1.5, 1],
    [10, 1],
    [60, 6],
    [119.9, 11.99],
    [120, 6],
    [400, 20],
    [10_800, 20],
  ])('of a clip of %d s is %d s', (duration, moment) => {
    expect(representativeMoment(rule, duration)).toBeCloseTo(moment, 6);
  });

  it('is 1 s when the duration is unknown', () => {
    expect(representativeMoment(rule, undefined)).toBe(1);
  });

  it('takes each frame once when frames are uneven', () => {
    expect(spreadOver([0, 1, 2, 9], [1, 3, 9])).toEqual([1, 2, 9]);
    expect(spreadOver([0, 1], [1, 3, 9])).toEqual([0, 1]);
  });

  it('leaves a dark frame among dark ones alone', () => {
    const dark = { time: 5, low: 18, high: 60 };
    expect(mayBeFaded(dark)).toBe(true);
    expect(betterNeighbour(dark, [{ time: 4, low: 18, high: 65 }])).toBeNull();
    const full = [
      { time: 2, low: 20, high: 200 },
      { time: 6, low: 20, high: 190 },
    ];
    expect(betterNeighbour(dark, full)?.time).toBe(6);
  });
});

describe('readers', () => {
  it('reads the size of every kind of WebP', async () => {
    const make = (width: number, height: number, alpha: 0 | 0.5, lossless: boolean) =>
      sharp({ create: { width, height, channels: 4, background: { r: 9, g: 9, b: 9, alpha } } })
        .webp({ lossless })
        .toBuffer();
    expect(webpSize(await make(31, 17, 0.5, true))).toEqual({ width: 31, height: 17 });
    expect(webpSize(await make(480, 270, 0.5, false))).toEqual({ width: 480, height: 270 });
    expect(webpSize(Buffer.alloc(40))).toBeNull();
    expect(webpSize(Buffer.from('RIFF'))).toBeNull();
  });

  it.skipIf(media.NO_FFMPEG !== null)('reads ffmpeg’s own statistics and adds the seek', () => {
    const graph = 'color=gray:s=64x64:r=10:d=0.3,signalstats,metadata=print:file=-';
    const args = ['-v', 'error', '-f', 'lavfi', '-i', graph, '-f', 'null', '-'];
    const frames = parseFrameStats(execFileSync(media.FFMPEG, args, { encoding: 'utf8' }), 7);
    expect(frames.map((frame) => frame.time)).toEqual([7, 7.1, 7.2]);
    expect(frames[0]?.high).toBe(frames[0]?.low);
  });
});
