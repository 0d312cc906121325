import sharp from 'sharp';
import type { ProofAnswer } from './protocol.ts';

/** Makes one small picture into a WebP and reads it back; throws where the image library does not do that. */
export async function proveLibraries(): Promise<ProofAnswer> {
  const picture = { width: 64, height: 48, channels: 3 as const, background: '#406080' };
  const png = await sharp({ create: picture }).png().toBuffer();
  const webp = await sharp(png).resize({ width: 32 }).webp().toBuffer();
  const { format, width, height } = await sharp(webp).metadata();
  if (format !== 'webp' || width !== 32 || height !== 24) throw new Error('The image library made a wrong picture.');
  return { ok: true, libraries: [`sharp ${sharp.versions.sharp ?? ''}`.trim(), `libvips ${sharp.versions.vips}`] };
}
