import { join } from 'node:path';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { refuseFieldCoded } from '../../electron/work/executors/field-coded.ts';
import { createThumbnailExecutor } from '../../electron/work/executors/thumbnails.ts';
import { createProxyExecutor } from '../../electron/work/executors/proxies.ts';
import { probeSource, requireVideo } from '../../electron/work/media/probe-source.ts';
import { JobFailure } from '../../shared/failure.ts';
import { hasEncoder, hevcClip, made, madeFrom } from '../support/made-media.ts';
import { rigFor } from './probe-context.ts';

/** A magenta that is wholly transparent outside a square in the middle, and half so inside it. */
const hidden = (format: string, most: number): string =>
  `color=magenta:s=320x180:r=25:d=1,format=${format},geq=lum='lum(X,Y)':cb='cb(X,Y)':cr='cr(X,Y)':a='if(between(X,120,200)*between(Y,60,120),${most},0)'`;

async function pixels(
  path: string,
): Promise<{ corner: readonly number[]; middle: readonly number[]; codes: string[] }> {
  const rig = await rigFor('generate_thumbnails', path);
  try {
    const { warnings } = await createThumbnailExecutor().execute(rig.context);
    const image = sharp(join(rig.context.workspace, 'thumb_000.webp')).removeAlpha();
    const at = async (left: number, top: number): Promise<readonly number[]> =>
      Array.from(await image.clone().extract({ left, top, width: 1, height: 1 }).raw().toBuffer());
    return { corner: await at(4, 4), middle: await at(160, 90), codes: warnings.map(({ code }) => code) };
  } finally {
    await rig.remove();
  }
}

describe('transparency', () => {
  it.each([
    ['qtrle.mov', ['-c:v', 'png', '-pix_fmt', 'rgba'], hidden('yuva444p', 255)],
    ['ffv1.mkv', ['-c:v', 'ffv1', '-pix_fmt', 'yuva420p'], hidden('yuva420p', 255)],
    ['prores.mov', ['-c:v', 'prores_ks', '-profile:v', '4', '-pix_fmt', 'yuva444p10le'], hidden('yuva444p10le', 1023)],
  ])('shows nothing of what lies under it: %s', async (name, codec, picture) => {
    const { corner, middle } = await pixels(await made(`alpha-${name}`, ['-f', 'lavfi', '-i', picture, ...codec]));
    expect(Math.max(...corner), corner.join()).toBeLessThan(24);
    expect(middle[0], middle.join()).toBeGreaterThan(180);
    expect(middle[1], middle.join()).toBeLessThan(80);
  });

  it('is said of a proxy, which has none', async () => {
    const args = ['-f', 'lavfi', '-i', hidden('yuva420p', 255), '-c:v', 'ffv1', '-pix_fmt', 'yuva420p'];
    const rig = await rigFor('generate_video_proxies', await made('alpha-said.mkv', args));
    const { warnings } = await createProxyExecutor().execute(rig.context);
    expect(warnings.map(({ code }) => code)).toEqual(['ALPHA_DROPPED']);
    await rig.remove();
  });
});

describe.skipIf(!hasEncoder('libx265'))('HEVC', () => {
  async function refusal(path: string): Promise<string | null> {
    const rig = await rigFor('generate_video_proxies', path);
    try {
      const probe = await probeSource(rig.context);
      await refuseFieldCoded(rig.context, requireVideo(probe, path));
      return null;
    } catch (error) {
      if (error instanceof JobFailure) return `${error.failure.code} ${error.failure.message}`;
      throw error;
    } finally {
      await rig.remove();
    }
  }

  it('coded field by field is refused by name, and frames are not', async () => {
    const fields = await made('fields.mov', [
      ...[
        '-f',
        'lavfi',
        '-i',
        'testsrc2=s=320x240:r=60:d=1,format=yuv420p,tinterlace=interleave_bottom,setfield=bff,separatefields',
      ],
      ...['-c:v', 'libx265', '-preset', 'ultrafast', '-tag:v', 'hvc1'],
      ...['-x265-params', 'interlace=bff:log-level=error:pools=1:frame-threads=1:bframes=0'],
    ]);
    expect(await refusal(fields)).toMatch(/^UNSUPPORTED_MEDIA .*field by field/);
    expect(await refusal(await hevcClip())).toBeNull();
  });
});

describe('a clip of which only the beginning is left', () => {
  it('is no success without a word', async () => {
    const whole = await made('whole-lost.mxf', [
      ...['-f', 'lavfi', '-i', 'testsrc2=s=320x240:r=25:d=10', '-c:v', 'mpeg2video', '-q:v', '2', '-g', '1'],
    ]);
    const lost = await madeFrom(whole, 'lost.mxf', 'zeros from a third on', (bytes) => {
      const footer = bytes.lastIndexOf(Buffer.from('060e2b34020501010d010201010404', 'hex'));
      const third = Math.floor(bytes.length / 3);
      return Buffer.concat([bytes.subarray(0, third), Buffer.alloc(footer - third), bytes.subarray(footer)]);
    });
    for (const [path, codes] of [
      [whole, []],
      [lost, ['PICTURE_ENDS_EARLY']],
    ] as const) {
      const rig = await rigFor('generate_thumbnails', path, { thumbnailProfile: 'video_storyboard_v1' });
      const { warnings } = await createThumbnailExecutor().execute(rig.context);
      expect(warnings.map(({ code }) => code).filter((code) => code === 'PICTURE_ENDS_EARLY')).toEqual(codes);
      await rig.remove();
    }
  });
});
