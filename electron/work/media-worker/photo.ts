import { open } from 'node:fs/promises';
import sharp, { type Sharp } from 'sharp';
import type { PhotoAnswer, PhotoRequest } from './protocol.ts';
import { Refusal } from './refusal.ts';

/** 400 megapixels: above the largest multi-shot stills, far below what a forged header may claim. */
const MAX_PIXELS = 400_000_000;

/** Of a picture that cannot be read row by row; the worker is ended at 1 GiB. */
const MAX_HELD_BYTES = 700_000_000;

/** One upright sRGB WebP of a photo (media.md, "photo source"). Never throws: what went wrong is the answer. */
export async function renderPhotoFile(request: PhotoRequest): Promise<PhotoAnswer> {
  // One photo, then the process ends: no cache to keep, and one thread so that the result does not depend on the machine.
  sharp.cache(false);
  sharp.concurrency(1);
  let photo: Sharp;
  try {
    photo = await openPhoto(request);
  } catch (error) {
    const code = error instanceof Refusal ? error.code : 'SOURCE_UNREADABLE';
    const because = error instanceof Refusal ? { because: error.because } : {};
    return { ok: false, code, reason: messageOf(error), ...because };
  }
  try {
    return await write(photo, request);
  } catch (error) {
    if (request.kind === 'plain' && lacksEnd(error)) {
      const whole = await write(await withEndMark(request.input), request).catch(() => null);
      if (whole !== null) return whole;
    }
    return { ok: false, code: isOurSide(error) ? 'RENDER_FAILED' : 'SOURCE_UNREADABLE', reason: messageOf(error) };
  }
}

async function write(photo: Sharp, request: PhotoRequest): Promise<PhotoAnswer> {
  const info = await photo
    .resize({ ...boxOf(request), fit: 'inside', withoutEnlargement: true })
    .toColourspace('srgb')
    .webp({ quality: request.quality, effort: request.effort })
    .toFile(request.output);
  return { ok: true, width: info.width, height: info.height, library: libraryOf(request.kind) };
}

/** The photo upright, before it is made small; its header is read and judged. */
async function openPhoto(request: PhotoRequest): Promise<Sharp> {
  switch (request.kind) {
    case 'plain': {
      await judgeSize(request.input);
      return decoded(request.input).autoOrient();
    }
    case 'heif':
    case 'avif': {
      const bytes = await readWhole(request.input);
      // Two megabytes of decoder that no other photo needs.
      const { decodeHeif } = await import('./heif.ts');
      return decodeHeif(bytes, request.kind, boxOf(request), MAX_PIXELS);
    }
    case 'camera-raw': {
      const { readRawPreview } = await import('./raw-preview.ts');
      const preview = await readRawPreview(request.input);
      await judgeSize(preview.jpeg);
      const { orientation } = await sharp(preview.jpeg).metadata();
      // The preview of most cameras lies as the sensor did; then the file's own tag says how it was held.
      if (orientation !== undefined && orientation > 1) return decoded(preview.jpeg).autoOrient();
      return turned(decoded(preview.jpeg), preview.orientation);
    }
  }
}

/** WebP has 14 bits for a side (RFC 9649); a scrolled screenshot of 480 pixels in width may be higher. */
const MAX_HEIGHT = 16_383;

function boxOf({ width }: PhotoRequest): { readonly width: number; readonly height: number } {
  return { width, height: MAX_HEIGHT };
}

/** `sequentialRead`: rows are made small as they are decoded, so that a huge photo is never held whole. */
function decoded(input: string | Buffer): Sharp {
  return sharp(input, { limitInputPixels: MAX_PIXELS, sequentialRead: true, failOn: 'error' });
}

/** Reads the header alone; throws where it claims more than any camera makes. */
async function judgeSize(input: string | Buffer): Promise<void> {
  const { width, height, isProgressive, format } = await sharp(input, { limitInputPixels: false }).metadata();
  if (width * height > MAX_PIXELS) throw Refusal.ofSize(width, height, MAX_PIXELS);
  // Progressive JPEGs come as coefficients of 16 bits, interlaced PNGs as passes over the whole picture.
  const bytesPerPixel = isProgressive !== true ? 0 : format === 'jpeg' ? 6 : 4;
  if (width * height * bytesPerPixel > MAX_HELD_BYTES) throw Refusal.ofMemory(width, height);
}

/** EXIF orientation 1 to 8. */
function turned(photo: Sharp, orientation: number): Sharp {
  const isMirrored = orientation === 2 || orientation === 4 || orientation === 5 || orientation === 7;
  const angle = [0, 0, 0, 180, 180, 270, 90, 90, 270][orientation] ?? 0;
  const upright = angle === 0 ? photo : photo.rotate(angle);
  return isMirrored ? upright.flop() : upright;
}

/** libjpeg's words for a picture that ends before its end mark. */
function lacksEnd(error: unknown): boolean {
  return messageOf(error).includes('premature end of JPEG image');
}

/**
 * A JPEG with an end mark (ISO 10918-1, EOI) put behind it. Some cameras and copies leave out that mark alone; where
 * anything of the picture is missing too, libjpeg warns, and a warning ends this reading.
 */
async function withEndMark(input: string): Promise<Sharp> {
  const bytes = Buffer.concat([await readWhole(input), Buffer.from([0xff, 0xd9])]);
  return sharp(bytes, { limitInputPixels: MAX_PIXELS, sequentialRead: true, failOn: 'warning' }).autoOrient();
}

/** Phones write 2 to 10 MB. */
const MAX_HELD_FILE_BYTES = 256 << 20;

async function readWhole(path: string): Promise<Buffer> {
  const file = await open(path, 'r');
  try {
    const { size } = await file.stat();
    if (size > MAX_HELD_FILE_BYTES)
      throw new Refusal('SOURCE_UNREADABLE', `is ${size >> 20} MB large, which no photo is`);
    const bytes = Buffer.alloc(size);
    await file.read(bytes, 0, size, 0);
    return bytes;
  } finally {
    await file.close();
  }
}

function libraryOf(kind: PhotoRequest['kind']): string {
  const own = `sharp ${sharp.versions.sharp ?? ''}`.trim();
  return kind === 'heif' || kind === 'avif' ? `libheif, ${own}` : own;
}

/** libvips names the file it could not write; everything else while decoding is the photo's fault. */
function isOurSide(error: unknown): boolean {
  return /unable to (open for write|write)|no space|ENOSPC|out of memory/i.test(messageOf(error));
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message.trim() : String(error);
}
