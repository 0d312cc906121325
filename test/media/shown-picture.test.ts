import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createProxyExecutor } from '../../electron/work/executors/proxies.ts';
import { createThumbnailExecutor } from '../../electron/work/executors/thumbnails.ts';
import { allFfmpegs } from '../support/laid-tools.ts';
import { FFMPEG, made, NO_FFMPEG } from '../support/made-media.ts';
import { rigFor } from './probe-context.ts';
import { first } from '../support/first.ts';

const WIDTH = 320;
const HEIGHT = 180;
const box = (x: number, y: number, colour: string): string =>
  `drawbox=${x}:${y}:${WIDTH / 2}:${HEIGHT / 2}:${colour}:fill`;
/** Red, green, blue and white: the corners as one reads. */
const CORNERS = `color=black:s=${WIDTH}x${HEIGHT}:r=25:d=2,${box(0, 0, 'red')},${box(160, 0, 'lime')},${box(0, 90, 'blue')},${box(160, 90, 'white')}`;

/** White in the middle half of black. */
const MIDDLE = `color=black:s=${WIDTH}x${HEIGHT}:r=25:d=2,drawbox=80:45:160:90:white:fill`;

/** Colours of the four corners of a picture, as one reads, and its size. */
async function cornersOf(picture: string | Buffer): Promise<string> {
  const { data, info } = await sharp(picture).removeAlpha().raw().toBuffer({ resolveWithObject: true });
  const name = (x: number, y: number): string => {
    const at = (Math.floor(y * info.height) * info.width + Math.floor(x * info.width)) * 3;
    const [r = 0, g = 0, b = 0] = data.subarray(at, at + 3);
    if (Math.min(r, g, b) > 150) return 'W';
    return 'RGB'[[r, g, b].indexOf(Math.max(r, g, b))] ?? '?';
  };
  const shape = info.width > info.height ? 'wide' : 'tall';
  return `${name(0.25, 0.25)}${name(0.75, 0.25)}${name(0.25, 0.75)}${name(0.75, 0.75)} ${shape}`;
}

/** The first picture of a proxy as players show it. */
function firstShown(ffmpeg: string, path: string): NonSharedBuffer {
  const { stdout } = spawnSync(ffmpeg, [
    '-v',
    'error',
    '-i',
    path,
    '-frames:v',
    '1',
    '-f',
    'image2pipe',
    '-c:v',
    'png',
    '-',
  ]);
  return stdout;
}

/** The track's matrix (ISO 14496-12, `tkhd`): 16.16 but for its last column. */
async function withMatrix(name: string, [a, b, c, d, x, y]: readonly number[]): Promise<string> {
  const args = ['-f', 'lavfi', '-i', CORNERS, '-c:v', 'libx264', '-pix_fmt', 'yuv420p'];
  const bytes = await readFile(await made('corners.mov', args));
  const at = bytes.indexOf('tkhd') + 44;
  const fixed = (value = 0): number => value * 65_536;
  [fixed(a), fixed(b), 0, fixed(c), fixed(d), 0, fixed(x), fixed(y), 1 << 30].forEach((value, index) =>
    bytes.writeInt32BE(value, at + 4 * index),
  );
  const path = join(folder, name);
  await writeFile(path, bytes);
  return path;
}

/** Boxes of the picture's entry: one that tells which part of it is clean (`clap`), in its middle. */
async function withAperture(name: string, width: number, height: number): Promise<string> {
  const args = ['-f', 'lavfi', '-i', MIDDLE, '-c:v', 'libx264', '-pix_fmt', 'yuv420p'];
  const bytes = await readFile(await made('middle.mov', args));
  const clap = Buffer.alloc(40);
  clap.writeUInt32BE(40, 0);
  clap.write('clap', 4, 'latin1');
  [width, 1, height, 1, 0, 1, 0, 1].forEach((value, index) => clap.writeInt32BE(value, 8 + 4 * index));
  const entry = bytes.indexOf('avc1', bytes.indexOf('stsd')) - 4;
  const end = entry + bytes.readUInt32BE(entry);
  const around = ['moov', 'trak', 'mdia', 'minf', 'stbl', 'stsd'].map((type) => bytes.lastIndexOf(type, entry) - 4);
  for (const at of [...around, entry]) bytes.writeUInt32BE(bytes.readUInt32BE(at) + 40, at);
  const path = join(folder, name);
  await writeFile(path, Buffer.concat([bytes.subarray(0, end), clap, bytes.subarray(end)]));
  return path;
}

const MATRICES = {
  'mirrored sideways': [[-1, 0, 0, 1, WIDTH, 0], 'GRWB wide', 0],
  'mirrored upside down': [[1, 0, 0, -1, 0, HEIGHT], 'BWRG wide', 0],
  'turned and mirrored': [[0, 1, 1, 0, 0, 0], 'RBGW tall', 90],
  'turned the other way and mirrored': [[0, -1, -1, 0, HEIGHT, WIDTH], 'WGBR tall', 270],
  'turned by 180°': [[-1, 0, 0, -1, WIDTH, HEIGHT], 'WBGR wide', 180],
} as const;

/** As the agent's toolbox holds it. */
const located = (program: string): string =>
  program.includes('/') ? program : execFileSync('which', [program], { encoding: 'utf8' }).trim();

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rushcatalog-shown-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe
  .skipIf(NO_FFMPEG !== null)
  .each(NO_FFMPEG === null ? allFfmpegs().map((tools, at) => ({ ...tools, isOwn: at === 0 })) : [])(
  `what of a picture is shown, by ffmpeg $version ${NO_FFMPEG ?? ''}`,
  (tools) => {
    const { ffmpeg, ffprobe, isOwn } = tools;
    // Of the other versions one that says most: what mirrors sideways reads as turned by 180°.
    const kinds = Object.entries(MATRICES).slice(0, isOwn ? undefined : 1);
    const withTools = <T extends { readonly tools: object }>(context: T): T => ({
      ...context,
      tools: {
        ...context.tools,
        ffmpeg: { path: located(ffmpeg), version: 'test' },
        ffprobe: { path: located(ffprobe), version: 'test' },
      },
    });

    first(isOwn ? 1 : 0).each(kinds)('%s', async (name, [matrix, expected, rotation]) => {
      const path = await withMatrix(`${name.replaceAll(/\W/g, '-')}.mov`, matrix);
      await using thumb = await rigFor('generate_thumbnails', path);
      await createThumbnailExecutor().execute(withTools(thumb.context));
      expect(await cornersOf(join(thumb.context.workspace, 'thumb_000.webp')), 'thumbnail').toBe(expected);
      for (const proxyProfile of ['video_review_default_v1', 'edit_prores_proxy_v1']) {
        await using rig = await rigFor('generate_video_proxies', path, { proxyProfile });
        const { artifacts, outputs } = await createProxyExecutor().execute(withTools(rig.context));
        const file = join(rig.context.workspace, artifacts[0]?.file ?? '');
        expect(await cornersOf(firstShown(ffmpeg, file)), proxyProfile).toBe(expected);
        expect(outputs.facts.rotation_deg).toBe(rotation);
      }
    });

    it('all of it, where a part is called clean: said, and the same by every version', async () => {
      // Cropped to that, it would be white from edge to edge.
      const path = await withAperture('clean-aperture.mov', WIDTH / 2, HEIGHT / 2);
      await using thumb = await rigFor('generate_thumbnails', path);
      const pictures = await createThumbnailExecutor().execute(withTools(thumb.context));
      expect(pictures.warnings.map(({ code }) => code)).toEqual(['CLEAN_APERTURE']);
      const { width, height } = await sharp(join(thumb.context.workspace, 'thumb_000.webp')).metadata();
      expect([width, height]).toEqual([WIDTH, HEIGHT]);
      for (const proxyProfile of ['video_review_default_v1', 'edit_prores_proxy_v1']) {
        await using rig = await rigFor('generate_video_proxies', path, { proxyProfile });
        const { artifacts, warnings } = await createProxyExecutor().execute(withTools(rig.context));
        expect(warnings.map(({ code }) => code)).toEqual(['CLEAN_APERTURE']);
        expect(warnings[0]?.message).toContain('160 × 90 of its 320 × 180 pixels');
        const shown = firstShown(ffmpeg, join(rig.context.workspace, artifacts[0]?.file ?? ''));
        const { data, info } = await sharp(shown).greyscale().raw().toBuffer({ resolveWithObject: true });
        const row = data.subarray(Math.floor(info.height / 2) * info.width).subarray(0, info.width);
        expect(row.filter((level) => level > 128).length / info.width).toBeCloseTo(0.5, 1);
      }
    });
  },
);

describe.skipIf(NO_FFMPEG !== null)(`IMX (D-10) ${NO_FFMPEG ?? ''}`, () => {
  first(1).each([
    [608, 576, '25'],
    [512, 480, '30000/1001'],
  ])('%i coded lines: %i are seen', async (coded, seen, rate) => {
    // White where captions and test signals lie, grey where the picture is.
    const picture = `color=gray:s=720x${coded}:r=${rate}:d=1,drawbox=0:0:720:32:white:fill,setdar=4/3`;
    const codec = '-c:v mpeg2video -pix_fmt yuv422p -g 1 -q:v 2 -flags +ildct+ilme'.split(' ');
    const path = await made(`imx-${coded}.mxf`, ['-f', 'lavfi', '-i', picture, ...codec]);
    await using thumb = await rigFor('generate_thumbnails', path);
    await createThumbnailExecutor().execute(thumb.context);
    await using sheet = await rigFor('generate_thumbnails', path, { thumbnailProfile: 'scrub_sprite_v1' });
    await createThumbnailExecutor().execute(sheet.context);
    const pictures = [
      await readFile(join(thumb.context.workspace, 'thumb_000.webp')),
      await readFile(join(sheet.context.workspace, 'sheet_000.webp')),
    ];
    for (const proxyProfile of ['video_review_default_v1', 'edit_h264_half_v1', 'edit_prores_proxy_v1']) {
      await using rig = await rigFor('generate_video_proxies', path, { proxyProfile });
      const { artifacts, outputs } = await createProxyExecutor().execute(rig.context);
      expect([outputs.facts.width, outputs.facts.height, outputs.facts.display_aspect]).toEqual([720, seen, '4:3']);
      pictures.push(firstShown(located(FFMPEG), join(rig.context.workspace, artifacts[0]?.file ?? '')));
    }
    for (const [index, shown] of pictures.entries()) {
      const { data, info } = await sharp(shown).greyscale().raw().toBuffer({ resolveWithObject: true });
      const lines = Array.from({ length: info.height }, (_, y) => data[y * info.width + info.width / 2] ?? 0);
      expect(Math.max(...lines), `picture ${index}, line ${lines.indexOf(Math.max(...lines))}`).toBeLessThan(170);
    }
  });
});
