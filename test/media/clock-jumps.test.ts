import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { createProxyExecutor } from '../../electron/work/executors/proxies.ts';
import { createThumbnailExecutor } from '../../electron/work/executors/thumbnails.ts';
import { createPlayedReader } from '../../electron/work/media/played-length.ts';
import { greyFramesClip, h264Clip, made, madeFile, madeFrom } from '../support/made-media.ts';
import { rigFor } from './probe-context.ts';

describe('the length that plays', () => {
  const played = (lines: readonly string[]) => {
    const reader = createPlayedReader();
    for (const line of lines) reader.line(line);
    return reader.played();
  };

  it('is what the packets last, jumps left out, in the words of 5.1 and 9.0', () => {
    expect(played(['10.0,0.04,', '', '10.04,0.04,', '', '0.5,0.04', '0.54,0.04', '9999.0,0.04'])).toEqual({
      seconds: expect.closeTo(0.2, 6),
      jumps: 2,
    });
    expect(played(['N/A,N/A', '1.0,N/A', '2.0,N/A'])).toEqual({ seconds: 1, jumps: 0 });
    expect(played([])).toEqual({ seconds: 0, jumps: 0 });
  });
});

describe('a recording whose clock starts again', () => {
  /** Two takes behind each other, as a recorder that was restarted leaves them: the second one darker. */
  async function joined(first: number, second: number): Promise<string> {
    const take = (at: number, grey: number): Promise<string> =>
      made(`take-${at}-${grey}.ts`, [
        ...['-f', 'lavfi', '-i', `color=black:s=320x180:r=25:d=3,format=yuv420p,geq=lum=${grey}:cb=128:cr=128`],
        ...['-f', 'lavfi', '-i', 'sine=440:r=48000:d=3', '-c:v', 'libx264', '-preset', 'ultrafast', '-g', '25'],
        ...['-c:a', 'mp2', '-output_ts_offset', String(at), '-muxdelay', '0'],
      ]);
    const [one, other] = [await take(first, 200), await take(second, 60)];
    const rest = await readFile(other);
    return madeFrom(one, `joined-${first}-${second}.ts`, 'joined', (bytes) => Buffer.concat([bytes, rest]));
  }

  it.each([
    [500, 20],
    [20, 50_000],
  ])('at %d s and then at %d s is as long as both, in proxy and storyboard', async (first, second) => {
    const path = await joined(first, second);
    const proxy = await rigFor('generate_video_proxies', path);
    const { facts } = await createProxyExecutor().execute(proxy.context);
    expect(Math.abs((facts?.duration_ms ?? 0) - 6000)).toBeLessThan(100);
    await proxy.remove();

    const rig = await rigFor('generate_thumbnails', path, { thumbnailProfile: 'video_storyboard_v1' });
    const { outputs } = await createThumbnailExecutor().execute(rig.context);
    const times = outputs.thumbs.map(({ facts: { time_ms } }) => time_ms);
    expect(times).toHaveLength(10);
    expect(Math.max(...times)).toBeLessThan(6000);
    const greys = await Promise.all(
      times.map(async (_, index) => {
        const file = join(rig.context.workspace, `thumb_${String(index).padStart(3, '0')}.webp`);
        return (await sharp(file).stats()).channels[0]?.mean ?? 0;
      }),
    );
    // Each picture is of the take that plays at its time.
    expect(greys.map((grey) => grey > 120)).toEqual(times.map((time) => time < 3000));
    await rig.remove();
  });

  it('has no editing proxy, by name', async () => {
    const rig = await rigFor('generate_video_proxies', await joined(500, 20), { proxyProfile: 'edit_h264_half_v1' });
    await expect(createProxyExecutor().execute(rig.context)).rejects.toMatchObject({
      failure: { code: 'UNSUPPORTED_MEDIA', message: expect.stringContaining('its clock starts again') },
    });
    await rig.remove();
  });

  it('is not looked for where the clock runs on', async () => {
    const path = await made('steady.ts', ['-i', await greyFramesClip(), '-c', 'copy']);
    const rig = await rigFor('generate_thumbnails', path);
    expect((await createThumbnailExecutor().execute(rig.context)).outputs.thumbs).toHaveLength(1);
    await rig.remove();
  });
});

describe('a picture that grows', () => {
  it('is shown as large as it gets, and said', async () => {
    const part = (size: string): Promise<string> =>
      made(`grows-${size}.webm`, [
        ...['-f', 'lavfi', '-i', `testsrc2=s=${size}:r=25:d=2`, '-c:v', 'libvpx', '-b:v', '300k', '-g', '25'],
        ...['-deadline', 'realtime', '-cpu-used', '8'],
      ]);
    const [small, large] = [await part('160x90'), await part('480x270')];
    const list = await madeFile('grown.txt', `file '${small}'\nfile '${large}'\n`);
    const path = await made('grown.webm', ['-f', 'concat', '-safe', '0', '-i', list, '-c', 'copy']);
    const rig = await rigFor('generate_video_proxies', path);
    const { metrics, warnings } = await createProxyExecutor().execute(rig.context);
    expect(metrics['proxy_facts']).toMatchObject({ width: 480, height: 270 });
    expect(warnings.map(({ code }) => code)).toEqual(['PICTURE_SIZE_CHANGES']);
    await rig.remove();
  });

  it('is not told of a picture that stays, with x264’s words beside its first frame', async () => {
    const path = await made('stays.mkv', ['-i', await h264Clip({ seconds: 3 }), '-c', 'copy']);
    const rig = await rigFor('generate_video_proxies', path);
    expect((await createProxyExecutor().execute(rig.context)).warnings).toEqual([]);
    await rig.remove();
  });
});
