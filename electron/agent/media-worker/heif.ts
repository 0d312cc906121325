import { deflateSync, crc32 } from 'node:zlib';
import heicDecode from 'heic-decode';
import sharp, { type Sharp } from 'sharp';
import { Refusal } from './refusal.ts';

/** Planes, RGBA inside the decoder and outside: 13 bytes for a pixel were measured, and the worker is ended at 1 GiB. */
const MAX_HELD_PIXELS = 70_000_000;

/**
 * The main picture of a HEIC, upright (libheif turns it) and no wider than `width`. Its colour profile, which the
 * decoder drops, goes with it: phones write Display P3.
 */
export async function decodeHeif(bytes: Buffer, width: number, maxPixels: number): Promise<Sharp> {
  const images = await heicDecode.all({ buffer: bytes });
  try {
    const image = images[0];
    if (image === undefined) throw new Refusal('SOURCE_UNREADABLE', 'has no picture in it');
    if (image.width * image.height > maxPixels) throw Refusal.ofSize(image.width, image.height, maxPixels);
    if (image.width * image.height > MAX_HELD_PIXELS) throw Refusal.ofMemory(image.width, image.height);
    const { data } = await image.decode();
    const raw = { width: image.width, height: image.height, channels: 4 as const };
    const small = sharp(data, { raw, limitInputPixels: maxPixels })
      .removeAlpha()
      .resize({ width, withoutEnlargement: true });
    const profile = await colourProfile(bytes);
    return profile === undefined ? small : sharp(withProfile(await small.png().toBuffer(), profile));
  } finally {
    images.dispose();
  }
}

/** sharp reads a HEIC's header, though not its picture. */
async function colourProfile(bytes: Buffer): Promise<Buffer | undefined> {
  const metadata = await sharp(bytes, { limitInputPixels: false })
    .metadata()
    .catch(() => undefined);
  return metadata?.icc;
}

/** Bytes of the signature and the header chunk, which every PNG begins with. */
const PNG_HEADER_BYTES = 33;

/** Puts an ICC profile into a PNG (ISO 15948, 11.3.2.3): sharp converts to a profile, but assigns none. */
function withProfile(png: Buffer, icc: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from('iCCPicc\0\0', 'latin1'), deflateSync(icc)]);
  const chunk = Buffer.alloc(body.length + 8);
  chunk.writeUInt32BE(body.length - 4, 0);
  body.copy(chunk, 4);
  chunk.writeUInt32BE(crc32(body), chunk.length - 4);
  return Buffer.concat([png.subarray(0, PNG_HEADER_BYTES), chunk, png.subarray(PNG_HEADER_BYTES)]);
}
