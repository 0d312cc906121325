import { describe, expect, it } from 'vitest';
import { createProxyExecutor } from '../../electron/work/executors/proxies.ts';
import {
  h264Clip,
  hasEncoder,
  made,
  madeFrom,
  NO_FFMPEG,
  portraitClip,
  silentClip,
  vfrClip,
} from '../support/made-media.ts';
import {
  colourAt,
  combedFrames,
  levels,
  longestStep,
  makeProxy,
  pictureOf,
  pictureTimes,
  soundOf,
} from './proxy-run.ts';
import { flashAndBeep, hdrGrey, interlaced, pattern, screenRecording, standardDefinition } from './proxy-sources.ts';
import { first } from '../support/first.ts';

const NO_HEVC = hasEncoder('libx265') ? null : 'no HEVC encoder to make HDR sources with';
const because = (reason: string | null): string => (reason === null ? '' : ` (skipped: ${reason})`);

describe.skipIf(NO_FFMPEG !== null)(`picture of a review proxy${because(NO_FFMPEG)}`, () => {
  it('is H.264 High, BT.709, fits the box of its profile and is ready to stream', async () => {
    const source = await pattern('hd.mp4', '2560x1440', '24000/1001', 3);
    await using made = await makeProxy(source);
    const picture = pictureOf(made.probe);
    expect(picture).toMatchObject({
      codec: 'h264',
      profile: 'High',
      pixelFormat: 'yuv420p',
      width: 1280,
      height: 720,
      colorSpace: 'bt709',
      colorTransfer: 'bt709',
      colorPrimaries: 'bt709',
      colorRange: 'tv',
      realRate: { num: 24000, den: 1001 },
    });
    expect(made.success.artifacts).toMatchObject([
      { kind: 'proxy_video', file: 'proxy_video.mp4', contentType: 'video/mp4' },
    ]);
    expect(made.success.outputs.proxies).toEqual([{ artifact: 0, profile: 'video_review_default_v1' }]);
    expect(made.success.metrics).toMatchObject({ encoder: 'libx264', decoder: 'h264' });
    expect(Object.keys(made.probe.format.tags).sort()).toEqual(['compatible_brands', 'major_brand', 'minor_version']);
    // At 23.976, frame 48 is at 2.002 s: too late.
    const { all, keys } = await pictureTimes(made.file);
    expect(all).toHaveLength(72);
    expect(longestStep(keys)).toBeLessThanOrEqual(2);
    const fractions = made.reported.filter((entry) => typeof entry === 'number');
    expect(fractions).toEqual([...fractions].sort((a, b) => a - b));
    expect(fractions.at(-1)).toBe(1);
    expect(made.reported.filter((entry) => typeof entry === 'string')).toEqual(['probing', 'encoding', 'verifying']);
  });

  it('fits 1920×1080 in the 1080p profile', { tags: ['slow'] }, async () => {
    await using made = await makeProxy(await pattern('hd-short.mp4', '2560x1440', '25', 0.4), 'video_review_1080p_v1');
    expect(pictureOf(made.probe)).toMatchObject({ width: 1920, height: 1080 });
  });

  it.each([
    ['15', 5],
    ['24000/1001', 7],
    ['60000/1001', 3],
    ['1/3', 12],
  ])('has key frames at most 2.000 s apart at %s frames a second', async (rate, seconds) => {
    await using made = await makeProxy(await pattern(`rate-${rate.replace('/', '-')}.mov`, '160x90', rate, seconds));
    const { keys } = await pictureTimes(made.file);
    expect(keys.length).toBeGreaterThan(1);
    expect(longestStep(keys)).toBeLessThanOrEqual(2);
  });

  it('stands upright and carries no rotation flag', async () => {
    await using made = await makeProxy(await portraitClip());
    expect(pictureOf(made.probe)).toMatchObject({ width: 360, height: 640, rotation: 0 });
  });

  it('has square pixels, in even numbers', { tags: ['slow'] }, async () => {
    await using wide = await makeProxy(await pattern('wide.mp4', '720x576', '25', 0.4, ['-aspect', '16:9']));
    expect(pictureOf(wide.probe)).toMatchObject({ width: 1024, height: 576, sampleAspect: { num: 1, den: 1 } });
    await using odd = await makeProxy(await pattern('odd.mkv', '321x181', '25', 0.4, ['-pix_fmt', 'yuv444p']));
    expect(pictureOf(odd.probe)).toMatchObject({ width: 320, height: 180 });
  });

  it('is not larger than a small source, and works without sound and with one frame', { tags: ['slow'] }, async () => {
    await using silent = await makeProxy(await silentClip());
    expect(pictureOf(silent.probe)).toMatchObject({ width: 640, height: 360 });
    expect(silent.probe.streams).toHaveLength(1);
    await using one = await makeProxy(await pattern('one.mov', '160x90', '25', 0.04));
    expect((await pictureTimes(one.file)).all).toEqual([0]);
  });

  it('is deinterlaced at the frame rate of the source, from a source that does not start at 0', async () => {
    const source = await interlaced();
    await using made = await makeProxy(source);
    expect(await combedFrames(source)).toBeGreaterThan(15);
    expect(await combedFrames(made.file)).toBe(0);
    const { all } = await pictureTimes(made.file);
    expect(pictureOf(made.probe)).toMatchObject({ width: 1024, height: 576, fieldOrder: 'progressive' });
    expect(all[0]).toBe(0);
    expect(all).toHaveLength(25);
    expect(made.success.facts).toMatchObject({ field_order: 'top', fps: { num: 25, den: 1 } });
  });

  it('keeps a variable-rate source in step with its sound', { tags: ['slow'] }, async () => {
    const at = 2.5;
    await using made = await makeProxy(await flashAndBeep(at, 4));
    // Its pictures are 1/7 s apart there: the first blue one is at 2.571 s.
    const [redBefore, , blueBefore] = await colourAt(made.file, at - 0.1);
    const [redAfter, , blueAfter] = await colourAt(made.file, at + 0.2);
    expect([(redBefore ?? 0) > 200, (blueBefore ?? 255) < 60]).toEqual([true, true]);
    expect([(redAfter ?? 255) < 60, (blueAfter ?? 0) > 200]).toEqual([true, true]);
    expect(soundOf(made.probe).duration).toBeCloseTo(4, 1);
    const { keys } = await pictureTimes(made.file);
    expect(longestStep(keys)).toBeLessThanOrEqual(2);
  });

  it('shows every picture of a variable-rate source at its time', async () => {
    const source = await vfrClip();
    await using made = await makeProxy(source);
    const wanted = (await pictureTimes(source)).all;
    const shown = new Set((await pictureTimes(made.file)).all.map((time) => Math.round(time * 1000)));
    const missing = wanted.filter((time) => ![-1, 0, 1].some((off) => shown.has(Math.round(time * 1000) + off)));
    expect(missing).toEqual([]);
  });

  it('keeps key frames near where a screen recording stands still for 5 s', async () => {
    await using made = await makeProxy(await screenRecording());
    const { all, keys } = await pictureTimes(made.file);
    expect(all.at(-1)).toBeGreaterThan(5.5);
    expect(longestStep(keys)).toBeLessThanOrEqual(2);
  });

  it('proves itself on its own sample', async () => {
    const { proof } = createProxyExecutor();
    await using proved = await makeProxy(
      await made(proof.sample.fileName, proof.sample.args),
      proof.inputs.proxyProfile,
    );
    expect(proof.check(proved.success)).toBeNull();
    expect(proof.check({ ...proved.success, artifacts: [] })).toBe('no video proxy was made');
  });

  it('turns the colours of SD into BT.709', async () => {
    await using made = await makeProxy(await standardDefinition('0x00c000'));
    const [red = 255, green = 0, blue = 255] = await colourAt(made.file, 0);
    // Read as BT.709 without conversion, this green is some 15 steps off and not clean.
    expect(Math.abs(green - 0xc0)).toBeLessThan(6);
    expect(Math.max(red, blue)).toBeLessThan(8);
  });

  it.skipIf(NO_HEVC !== null).each(['smpte2084', 'arib-std-b67'] as const)(
    `tone-maps %s to SDR${because(NO_HEVC)}`,
    async (transfer) => {
      await using made = await makeProxy(await hdrGrey(transfer));
      expect(pictureOf(made.probe)).toMatchObject({ colorTransfer: 'bt709', colorPrimaries: 'bt709' });
      const [red = 0, green = 0, blue = 0] = await colourAt(made.file, 0);
      // Diffuse white of 203 cd/m² (BT.2408) is bright, not clipped, and has no cast. Unmapped PQ would show 148.
      expect(green).toBeGreaterThan(170);
      expect(green).toBeLessThan(250);
      expect(Math.max(red, green, blue) - Math.min(red, green, blue)).toBeLessThan(4);
      expect(made.success.facts).toMatchObject({ color_transfer: transfer, bit_depth: 10 });
    },
  );

  it('is the same file on every run', async () => {
    const source = await h264Clip();
    await using one = await makeProxy(source);
    await using two = await makeProxy(source);
    expect(one.success.artifacts[0]?.sha256).toMatch(/^[0-9a-f]{64}$/);
    expect(two.success.artifacts).toEqual(one.success.artifacts);
    expect((await levels(one.file)).rms).toHaveLength(2);
  });
});

/** The one track's last picture lasts `ticks`: its table of times gets one more entry. @param bytes with its `moov` at the end */
function shortEnd(bytes: Buffer, ticks: number): Buffer {
  const moov = bytes.lastIndexOf('moov');
  const at = bytes.indexOf('stts', moov) - 4;
  const end = at + bytes.readUInt32BE(at);
  const entry = Buffer.alloc(8);
  entry.writeUInt32BE(1);
  entry.writeUInt32BE(ticks, 4);
  for (const box of ['moov', 'trak', 'mdia', 'minf', 'stbl', 'stts']) {
    const from = bytes.indexOf(box, moov) - 4;
    bytes.writeUInt32BE(bytes.readUInt32BE(from) + entry.length, from);
  }
  bytes.writeUInt32BE(2, at + 12);
  bytes.writeUInt32BE(bytes.readUInt32BE(at + 16) - 1, at + 16);
  return Buffer.concat([bytes.subarray(0, end), entry, bytes.subarray(end)]);
}

describe.skipIf(!hasEncoder('libx264'))('a last picture that is stated to end at once', () => {
  first(1).each(['video_review_default_v1', 'edit_prores_proxy_v1'])('is in %s', async (profile) => {
    const whole = await made('end.mp4', [
      ...'-f lavfi -i testsrc2=s=320x180:r=25:d=24 -c:v libx264 -preset ultrafast -bf 0 -pix_fmt yuv420p'.split(' '),
    ]);
    const source = await madeFrom(whole, 'short-end.mp4', 'short end', (bytes) => shortEnd(bytes, 40));
    await using proxy = await makeProxy(source, profile);
    expect((await pictureTimes(proxy.file)).all).toHaveLength(600);
  });
});
