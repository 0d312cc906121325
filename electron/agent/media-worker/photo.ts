import sharp from 'sharp';
import type { WorkerAnswer, WorkerRequest } from './protocol.ts';

/** 400 megapixels: above the largest multi-shot stills, far below what a forged header may claim. */
const MAX_PIXELS = 400_000_000;

/** One upright sRGB WebP of a photo (media.md, "photo source"). Never throws: what went wrong is the answer. */
export async function renderPhotoFile(request: WorkerRequest): Promise<WorkerAnswer> {
  // One photo, then the process ends: no cache to keep, and one thread so that the result does not depend on the machine.
  sharp.cache(false);
  sharp.concurrency(1);
  const photo = sharp(request.input, { limitInputPixels: MAX_PIXELS, sequentialRead: true, failOn: 'error' });
  try {
    await photo.metadata();
  } catch (error) {
    return { ok: false, code: 'SOURCE_UNREADABLE', reason: messageOf(error) };
  }
  try {
    const info = await photo
      .autoOrient()
      .resize({ width: request.width, withoutEnlargement: true })
      .toColourspace('srgb')
      .webp({ quality: request.quality, effort: request.effort })
      .toFile(request.output);
    return { ok: true, width: info.width, height: info.height, library: `sharp ${sharp.versions.sharp ?? ''}`.trim() };
  } catch (error) {
    return { ok: false, code: isOurSide(error) ? 'RENDER_FAILED' : 'SOURCE_UNREADABLE', reason: messageOf(error) };
  }
}

/** libvips names the file it could not write; everything else while decoding is the photo's fault. */
function isOurSide(error: unknown): boolean {
  return /unable to (open for write|write)|no space|ENOSPC|out of memory/i.test(messageOf(error));
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message.trim() : String(error);
}
