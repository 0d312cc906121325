import { join } from 'node:path';
import { writeFile, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { crc32 } from 'node:zlib';
import sharp, { type Sharp } from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createThumbnailExecutor } from '../../electron/work/executors/thumbnails.ts';
import type { JobProcesses } from '../../electron/work/process/child.ts';
import { JobFailure } from '../../shared/failure.ts';
import { hasEncoder } from '../support/made-media.ts';
import { cr3, heic, raf, tiffRaw, withCodePoints } from './photo-made.ts';
import { rigFor } from './probe-context.ts';
import { first } from '../support/first.ts';

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
    let peakBytes: number | undefined;
    const { processes } = rig.context;
    const run: JobProcesses['run'] = async (spec) => {
      const result = await processes.run(spec);
      peakBytes = result.peakResidentBytes;
      return result;
    };
    const success = await createThumbnailExecutor().execute({ ...rig.context, processes: { run } });
    expect(await readdir(rig.context.workspace)).toEqual(['thumb_000.webp']);
    const image = sharp(join(rig.context.workspace, 'thumb_000.webp'));
    const metadata = await image.metadata();
    const { width, height } = metadata;
    const corner = async (left: number, top: number) =>
      Array.from(
        await image
          .clone()
          .extract({ left, top: Math.min(top, height - 1), width: 1, height: 1 })
          .removeAlpha()
          .raw()
          .toBuffer(),
      );
    return {
      facts: success.outputs.thumbs.map((thumb) => thumb.facts),
      metadata,
      peakBytes,
      sha256: success.artifacts[0]?.sha256,
      topLeft: await corner(4, 4),
      topRight: await corner(width - 5, 4),
      bottomLeft: await corner(4, Math.max(0, height - 5)),
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
  first(2).each(['jpeg', 'png', 'tiff', 'webp'] as const)(
    'makes one WebP of a %s, whatever it is called',
    async (format) => {
      const path = await save(`${format}.mp4`, await twoColours(1200, 800).toFormat(format).toBuffer());
      const { facts, metadata, topLeft, bottomLeft } = await thumbnail(path, 'video_storyboard_v1');
      expect(facts).toEqual([{ index: 0, time_ms: 0, width: 480, height: 320 }]);
      expect(metadata).toMatchObject({ format: 'webp', width: 480, height: 320, space: 'srgb' });
      expect([isRed(topLeft), isRed(bottomLeft)]).toEqual([true, false]);
    },
  );

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

  it('refuses a header that claims more pixels than any camera has, and names them', async () => {
    const png = await twoColours(64, 64).png().toBuffer();
    png.writeUInt32BE(60_000, 16);
    png.writeUInt32BE(60_000, 20);
    png.writeUInt32BE(crc32(png.subarray(12, 29)), 29);
    const failure = await failureOf(await save('bomb.png', png));
    expect(failure.code).toBe('SOURCE_UNREADABLE');
    expect(failure.message).toContain('60000 × 60000 pixels');
  });

  it('makes a photo of 256 megapixels small in under 200 MB', { tags: ['slow'] }, async () => {
    const path = join(folder, 'large.png');
    const background = '#204060';
    await sharp({ create: { width: 16_000, height: 16_000, channels: 3, background }, limitInputPixels: false })
      .png({ compressionLevel: 1 })
      .toFile(path);
    const { facts, peakBytes } = await thumbnail(path);
    expect(facts).toMatchObject([{ width: 480, height: 480 }]);
    console.log(`16,000 × 16,000 PNG: ${((peakBytes ?? 0) / 1e6).toFixed(0)} MB at most`);
    expect(peakBytes).toBeLessThan(200e6);
  });

  it('names the kinds it does not decode', async () => {
    const jxl = Buffer.from(`\0\0\0\x0cJXL \r\n\x87\n\0\0\0\x14ftypjxl ${'\0'.repeat(64)}`, 'latin1');
    const failure = await failureOf(await save('picture.jxl', jxl));
    expect(failure).toMatchObject({ code: 'UNSUPPORTED_MEDIA', retryable: false, detail: { subject: 'jxl' } });
    expect(failure.message).toContain('a JPEG XL picture');
  });

  it(
    'keeps a scrolled screenshot within what a WebP can hold, and a thin strip at least one pixel high',
    { tags: ['slow'] },
    async () => {
      const tall = await thumbnail(await save('tall.png', await twoColours(900, 41_000).png().toBuffer()));
      expect(tall.facts).toEqual([{ index: 0, time_ms: 0, width: 360, height: 16_383 }]);
      expect([isRed(tall.topLeft), isRed(tall.bottomLeft)]).toEqual([true, false]);
      const strip = await thumbnail(await save('strip.jpg', await twoColours(20_000, 20).jpeg().toBuffer()));
      expect(strip.facts).toEqual([{ index: 0, time_ms: 0, width: 480, height: 1 }]);
    },
  );

  it('reads a BigTIFF', async () => {
    const path = await save('big.tif', await twoColours(600, 400).tiff({ bigtiff: true }).toBuffer());
    const { facts, topLeft, bottomLeft } = await thumbnail(path);
    expect(facts).toEqual([{ index: 0, time_ms: 0, width: 480, height: 320 }]);
    expect([isRed(topLeft), isRed(bottomLeft)]).toEqual([true, false]);
  });

  first(1).each([false, true])(
    'takes a JPEG that lacks only its end mark for whole (progressive: %s)',
    async (progressive) => {
      const jpeg = await twoColours(1200, 800).jpeg({ progressive }).toBuffer();
      const unmarked = await thumbnail(await save('unmarked.jpg', jpeg.subarray(0, -2)));
      const whole = await thumbnail(await save('marked.jpg', jpeg));
      expect(unmarked.sha256).toBe(whole.sha256);
      expect(await failureOf(await save('shorter.jpg', jpeg.subarray(0, -4)))).toMatchObject({
        code: 'SOURCE_UNREADABLE',
      });
    },
  );
});

describe('AVIF photos', () => {
  /** 58 % of PQ's range is 203 cd/m², HDR's diffuse white; tone-mapped it is a light grey of some 185. */
  const grey = (code: number) => ({ r: code, g: code, b: code });
  const plain = (code: number): Sharp =>
    sharp({ create: { width: 640, height: 400, channels: 3, background: grey(code) } });

  it('shows one', async () => {
    const path = await save('photo.avif', await twoColours(1200, 800).avif({ lossless: true, effort: 0 }).toBuffer());
    const { facts, topLeft, bottomLeft } = await thumbnail(path);
    expect(facts).toEqual([{ index: 0, time_ms: 0, width: 480, height: 320 }]);
    expect([isRed(topLeft), isRed(bottomLeft)]).toEqual([true, false]);
  });

  it.each([
    ['PQ', 16, 148, 170, 200],
    ['HLG', 18, 191, 170, 215],
  ] as const)('tone-maps %s by its code points', async (name, transfer, code, least, most) => {
    const avif = await plain(code).avif({ bitdepth: 10, lossless: true, effort: 0 }).toBuffer();
    const { topLeft } = await thumbnail(await save(`${name}.avif`, withCodePoints(avif, 9, transfer)));
    for (const value of topLeft) {
      expect(value, topLeft.join()).toBeGreaterThan(least);
      expect(value, topLeft.join()).toBeLessThan(most);
    }
    // The same numbers as SDR are what they are.
    const sdr = await thumbnail(await save(`${name}-sdr.avif`, avif));
    expect(Math.abs((sdr.topLeft[0] ?? 0) - code)).toBeLessThan(4);
  });

  it('brings the code points of Display P3 to sRGB', async () => {
    const green = sharp({ create: { width: 640, height: 400, channels: 3, background: '#50c850' } });
    const avif = await green.avif({ lossless: true, effort: 0 }).toBuffer();
    const wide = await thumbnail(await save('p3.avif', withCodePoints(avif, 12, 13)));
    expect(0x50 - (wide.topLeft[0] ?? 0)).toBeGreaterThan(20);
  });

  it('refuses one that is cut', async () => {
    const avif = await twoColours(1200, 800).avif().toBuffer();
    const failure = await failureOf(await save('cut.avif', avif.subarray(0, avif.length >> 1)));
    expect(failure).toMatchObject({ code: 'SOURCE_UNREADABLE', retryable: false });
  });
});

describe.skipIf(!hasEncoder('libx265'))('HEIC photos (made with libx265)', () => {
  const redAboveBlue = 'color=red:s=640x480,drawbox=y=240:h=240:color=blue:t=fill';

  it('shows one, upright', async () => {
    const path = await save('IMG_1.HEIC', heic({ picture: redAboveBlue, width: 640, height: 480 }));
    const { facts, metadata, topLeft, bottomLeft } = await thumbnail(path);
    expect(facts).toEqual([{ index: 0, time_ms: 0, width: 480, height: 360 }]);
    expect(metadata).toMatchObject({ format: 'webp', space: 'srgb', hasAlpha: false });
    expect([isRed(topLeft), isRed(bottomLeft)]).toEqual([true, false]);
    // Three quarters counter-clockwise: what was above is on the right.
    const turned = heic({ picture: redAboveBlue, width: 640, height: 480, turns: 3 });
    const upright = await thumbnail(await save('IMG_2.HEIC', turned));
    expect(upright.facts).toMatchObject([{ width: 480, height: 640 }]);
    expect([isRed(upright.topLeft), isRed(upright.topRight)]).toEqual([false, true]);
  });

  it('shows the clean aperture alone, turned after it was cut, and mirrored', async () => {
    const lower = { width: 320, height: 200, right: 40, below: 130 };
    const cut = await thumbnail(
      await save('aperture.HEIC', heic({ picture: redAboveBlue, width: 640, height: 480, aperture: lower })),
    );
    expect(cut.facts).toMatchObject([{ width: 320, height: 200 }]);
    expect([isRed(cut.topLeft), isRed(cut.bottomLeft)]).toEqual([false, false]);
    const leftIsRed = 'color=red:s=640x480,drawbox=x=320:w=320:color=blue:t=fill';
    const tall = { width: 400, height: 480, right: 0, below: 0 };
    const turned = await thumbnail(
      await save('turned.HEIC', heic({ picture: redAboveBlue, width: 640, height: 480, aperture: tall, turns: 3 })),
    );
    expect(turned.facts).toMatchObject([{ width: 480, height: 400 }]);
    expect([isRed(turned.topLeft), isRed(turned.topRight)]).toEqual([false, true]);
    const mirrored = await thumbnail(
      await save('mirrored.HEIC', heic({ picture: leftIsRed, width: 640, height: 480, isMirrored: true })),
    );
    expect([isRed(mirrored.topLeft), isRed(mirrored.topRight)]).toEqual([false, true]);
  });

  it('shows the main picture, which is not always the first', async () => {
    const burst = heic({ picture: redAboveBlue, before: 'color=green:s=640x480', width: 640, height: 480 });
    const { topLeft, bottomLeft } = await thumbnail(await save('burst.HIF', burst));
    expect([isRed(topLeft), isRed(bottomLeft)]).toEqual([true, false]);
    expect(bottomLeft[2]).toBeGreaterThan(180);
  });

  it('tone-maps PQ by its code points, in 10 bits', async () => {
    const white = { picture: 'color=0x949494:s=320x240', width: 320, height: 240 };
    const { topLeft } = await thumbnail(await save('pq.hif', heic({ ...white, nclx: { primaries: 9, transfer: 16 } })));
    expect(topLeft[0], topLeft.join()).toBeGreaterThan(170);
    expect(topLeft[0], topLeft.join()).toBeLessThan(200);
  });

  it('brings Display P3 to sRGB', async () => {
    const p3 = await sharp({ create: { width: 8, height: 8, channels: 3, background: '#808080' } })
      .withIccProfile('p3')
      .png()
      .toBuffer();
    const { icc } = await sharp(p3).metadata();
    if (icc === undefined) throw new Error('no profile to try');
    const green = { picture: 'color=0x50C850:s=320x240', width: 320, height: 240 };
    const plain = await thumbnail(await save('srgb.heic', heic(green)));
    const wide = await thumbnail(await save('p3.heic', heic({ ...green, icc })));
    expect(Math.abs((plain.topLeft[1] ?? 0) - 0xc8)).toBeLessThan(8);
    // The same numbers mean a more saturated green in P3: less red in sRGB.
    expect((plain.topLeft[0] ?? 0) - (wide.topLeft[0] ?? 0)).toBeGreaterThan(20);
  });

  it('refuses one that would have to be held whole, before it is decoded', async () => {
    const path = await save('huge.heic', heic({ picture: 'color=red:s=64x64:r=1', width: 10_000, height: 9_000 }));
    const failure = await failureOf(path);
    expect(failure).toMatchObject({ code: 'UNSUPPORTED_MEDIA', retryable: false });
    expect(failure.message).toContain('10000 × 9000 pixels stored so that all of them have to be held at once');
  });

  it('refuses a damaged one', async () => {
    const whole = heic({ picture: redAboveBlue, width: 640, height: 480 });
    const failure = await failureOf(await save('cut.heic', whole.subarray(0, whole.length - 200)));
    expect(failure).toMatchObject({ code: 'SOURCE_UNREADABLE', retryable: false });
    const head = Buffer.from(`\0\0\0\x18ftypheic\0\0\0\0mif1heic${'\0'.repeat(64)}`, 'latin1');
    expect((await failureOf(await save('head.heic', head))).code).toBe('SOURCE_UNREADABLE');
  });
});

describe('camera RAW photos', () => {
  const jpeg = (width: number, height: number) => twoColours(width, height).jpeg({ quality: 90 }).toBuffer();

  it.each([
    ['a TIFF (NEF, ARW, DNG)', 'DSC_1.NEF', tiffRaw],
    ['boxes (CR3)', 'IMG_1.CR3', cr3],
  ] as const)('shows the largest preview in %s, turned as the camera was held', async (_, name, make) => {
    const bytes = make(6, await jpeg(160, 120), await jpeg(1200, 800));
    const { facts, topLeft, topRight } = await thumbnail(await save(name, bytes));
    expect(facts).toEqual([{ index: 0, time_ms: 0, width: 480, height: 720 }]);
    expect([isRed(topLeft), isRed(topRight)]).toEqual([false, true]);
  });

  it('trusts a preview that knows its own orientation (RAF)', async () => {
    const preview = await twoColours(1200, 800).withMetadata({ orientation: 3 }).jpeg().toBuffer();
    const { facts, topLeft, bottomLeft } = await thumbnail(await save('DSCF1.RAF', raf(preview)));
    expect(facts).toMatchObject([{ width: 480, height: 320 }]);
    expect([isRed(topLeft), isRed(bottomLeft)]).toEqual([false, true]);
  });

  it('says when there is no preview, and takes none that is cut short', async () => {
    const none = await failureOf(await save('none.NEF', tiffRaw(1)));
    expect(none).toMatchObject({ code: 'UNSUPPORTED_MEDIA', retryable: false });
    expect(none.message).toContain('preview');
    const preview = await jpeg(1200, 800);
    const cut = tiffRaw(1, preview.subarray(0, preview.length - 400));
    expect((await failureOf(await save('cut.NEF', cut))).code).toBe('UNSUPPORTED_MEDIA');
  });
});
