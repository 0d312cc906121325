import { join } from 'node:path';
import { writeFile, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import sharp, { type Sharp } from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createThumbnailExecutor } from '../../electron/agent/executors/thumbnails.ts';
import { JobFailure } from '../../shared/failure.ts';
import { rigFor } from './probe-context.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rushcatalog-photos-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function save(name: string, bytes: Buffer): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, bytes);
  return path;
}

/** Red above, blue below. */
function twoColours(width: number, height: number): Sharp {
  const half = { width, height: height / 2, channels: 3 as const };
  return sharp({ create: { width, height, channels: 3, background: '#0000ff' } }).composite([
    { input: { create: { ...half, background: '#ff0000' } }, left: 0, top: 0 },
  ]);
}

async function thumbnail(path: string, thumbnailProfile?: string) {
  const rig = await rigFor('generate_thumbnails', path, thumbnailProfile === undefined ? {} : { thumbnailProfile });
  try {
    const success = await createThumbnailExecutor().execute(rig.context);
    expect(await readdir(rig.context.workspace)).toEqual(['thumb_000.webp']);
    const image = sharp(join(rig.context.workspace, 'thumb_000.webp'));
    const metadata = await image.metadata();
    const corner = async (left: number, top: number) =>
      Array.from(await image.clone().extract({ left, top, width: 1, height: 1 }).removeAlpha().raw().toBuffer());
    const { width, height } = metadata;
    return {
      facts: success.outputs.thumbs.map((thumb) => thumb.facts),
      metadata,
      sha256: success.artifacts[0]?.sha256,
      topLeft: await corner(4, 4),
      topRight: await corner(width - 5, 4),
      bottomLeft: await corner(4, height - 5),
    };
  } finally {
    await rig.remove();
  }
}

async function failureOf(path: string) {
  try {
    await thumbnail(path);
  } catch (error) {
    if (error instanceof JobFailure) return error.failure;
    throw error;
  }
  throw new Error(`${path} succeeded`);
}

const isRed = (pixel: readonly number[]): boolean => (pixel[0] ?? 0) > 180 && (pixel[2] ?? 0) < 80;

describe('photos', () => {
  it.each(['jpeg', 'png', 'tiff', 'webp'] as const)('makes one WebP of a %s, whatever it is called', async (format) => {
    const path = await save(`${format}.mp4`, await twoColours(1200, 800).toFormat(format).toBuffer());
    const { facts, metadata, topLeft, bottomLeft } = await thumbnail(path, 'video_storyboard_v1');
    expect(facts).toEqual([{ index: 0, time_ms: 0, width: 480, height: 320 }]);
    expect(metadata).toMatchObject({ format: 'webp', width: 480, height: 320, space: 'srgb' });
    expect([isRed(topLeft), isRed(bottomLeft)]).toEqual([true, false]);
  });

  it('turns it upright and never makes it larger', async () => {
    // Orientation 6: to be turned 90° clockwise, so that what was above is on the right.
    const turned = await save(
      'turned.jpg',
      await twoColours(1200, 800).withMetadata({ orientation: 6 }).jpeg().toBuffer(),
    );
    const { facts, metadata, topLeft, topRight } = await thumbnail(turned);
    expect(facts).toMatchObject([{ width: 480, height: 720 }]);
    expect(metadata.orientation).toBeUndefined();
    expect([isRed(topLeft), isRed(topRight)]).toEqual([false, true]);
    const small = await save('small.png', await twoColours(100, 60).png().toBuffer());
    expect((await thumbnail(small)).facts).toMatchObject([{ width: 100, height: 60 }]);
  });

  it('brings wide gamut, CMYK and 16 bit to sRGB', async () => {
    const red = sharp({ create: { width: 600, height: 400, channels: 3, background: '#ff0000' } });
    const sources = {
      'p3.jpg': await red.clone().withIccProfile('p3').jpeg({ quality: 95 }).toBuffer(),
      'cmyk.tiff': await red.clone().toColourspace('cmyk').tiff().toBuffer(),
      'deep.png': await red.clone().toColourspace('rgb16').png().toBuffer(),
    };
    for (const [name, bytes] of Object.entries(sources)) {
      const { metadata, topLeft } = await thumbnail(await save(name, bytes));
      expect(metadata, name).toMatchObject({ space: 'srgb', depth: 'uchar' });
      expect(isRed(topLeft), `${name} ${topLeft.join()}`).toBe(true);
    }
  });

  it('makes the same bytes twice', async () => {
    const path = await save('again.jpg', await twoColours(900, 600).jpeg().toBuffer());
    expect((await thumbnail(path)).sha256).toBe((await thumbnail(path)).sha256);
  });

  it('refuses a photo that is cut short or damaged', async () => {
    const noise = Buffer.from(Array.from({ length: 600 * 400 * 3 }, (_, i) => (i * 2_654_435_761) >>> 24));
    const jpeg = await sharp(noise, { raw: { width: 600, height: 400, channels: 3 } })
      .jpeg()
      .toBuffer();
    const cut = await save('cut.jpg', jpeg.subarray(0, jpeg.length >> 1));
    const failure = await failureOf(cut);
    expect(failure).toMatchObject({ code: 'SOURCE_UNREADABLE', retryable: false });
    expect(failure.message).toContain('cut.jpg');
    expect(
      await failureOf(await save('head.png', (await twoColours(64, 64).png().toBuffer()).subarray(0, 40))),
    ).toMatchObject({
      code: 'SOURCE_UNREADABLE',
    });
  });

  it('refuses a header that claims more pixels than any camera has', async () => {
    const png = await twoColours(64, 64).png().toBuffer();
    png.writeUInt32BE(60_000, 16);
    png.writeUInt32BE(60_000, 20);
    expect((await failureOf(await save('bomb.png', png))).code).toBe('SOURCE_UNREADABLE');
  });

  it('names the kinds it does not decode', async () => {
    const heic = Buffer.from(`\0\0\0\x18ftypheic\0\0\0\0mif1heic${'\0'.repeat(64)}`, 'latin1');
    const failure = await failureOf(await save('IMG_1.HEIC', heic));
    expect(failure).toMatchObject({ code: 'UNSUPPORTED_MEDIA', retryable: false, detail: { subject: 'heif' } });
    expect(failure.message).toContain('HEIC');
  });
});
