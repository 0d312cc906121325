import { deflateSync, crc32 } from 'node:zlib';
import libheif, { type DecodedChannel, type HeifDecoder, type HeifImage } from 'libheif-js/wasm-bundle.js';
import sharp, { type Sharp } from 'sharp';
import { needsConversion, toSrgb, type CodedColour } from './coded-colour.ts';
import { croppedRegion, showingAll, storedSize } from './heif-crop.ts';
import { Refusal } from './refusal.ts';

/** Planes, RGBA inside the decoder and outside: 13 bytes for a pixel were measured, and the worker is ended at 1 GiB. */
const MAX_HELD_PIXELS = 70_000_000;
/** Above it a picture of more than 8 bits is decoded to 8: 16 would take twice the memory. */
const MAX_DEEP_PIXELS = 30_000_000;

/** Where a picture is to fit: no wider, no higher, never enlarged. */
export interface Box {
  readonly width: number;
  readonly height: number;
}

/**
 * The main picture (“primary item”) of a HEIC or AVIF, upright and no larger than `box`, in sRGB or with its colour
 * profile: phones write Display P3, cameras PQ and HLG. What is transparent stays so.
 */
export async function decodeHeif(bytes: Buffer, kind: 'heif' | 'avif', box: Box, maxPixels: number): Promise<Sharp> {
  const { decoder, image, free } = openHeif(bytes);
  try {
    const size = storedSize(image);
    if (size.width * size.height > maxPixels) throw Refusal.ofSize(size.width, size.height, maxPixels);
    if (size.width * size.height > MAX_HELD_PIXELS) throw Refusal.ofMemory(size.width, size.height);
    const colour = codedColour(image);
    const region = kind === 'avif' ? undefined : croppedRegion(decoder, image);
    let whole: Sharp;
    if (kind === 'avif') whole = await openAvif(bytes, maxPixels);
    else if (region === undefined) whole = await decodeHevc(image, maxPixels);
    else whole = (await decodeUncut(showingAll(bytes, size), maxPixels)).extract(region);
    const small = whole.resize({ ...box, fit: 'inside', withoutEnlargement: true });
    const profile = await colourProfile(bytes);
    if (colour !== undefined && needsConversion(colour) && profile === undefined) return converted(small, colour);
    return profile === undefined || kind === 'avif' ? small : sharp(withProfile(await small.png().toBuffer(), profile));
  } finally {
    free();
  }
}

/** The main picture, not decoded yet. `free` gives back the memory of everything that was opened. */
function openHeif(bytes: Buffer): { decoder: HeifDecoder; image: HeifImage; free: () => void } {
  const decoder = new libheif.HeifDecoder();
  const images = decoder.decode(bytes);
  const image = images.find((candidate) => candidate.is_primary()) ?? images[0];
  if (image === undefined) throw new Refusal('SOURCE_UNREADABLE', 'has no picture in it');
  return {
    decoder,
    image,
    free: () => {
      for (const each of images) each.free();
    },
  };
}

/** libheif reads the headers of an AVIF, though this build decodes HEVC alone; sharp has the AV1 decoder. */
async function openAvif(bytes: Buffer, maxPixels: number): Promise<Sharp> {
  const { pagePrimary } = await sharp(bytes, { limitInputPixels: false }).metadata();
  return sharp(bytes, { limitInputPixels: maxPixels, failOn: 'error', page: pagePrimary ?? 0 });
}

async function decodeUncut(bytes: Buffer, maxPixels: number): Promise<Sharp> {
  const { image, free } = openHeif(bytes);
  try {
    return await decodeHevc(image, maxPixels);
  } finally {
    free();
  }
}

async function decodeHevc(image: HeifImage, maxPixels: number): Promise<Sharp> {
  const pixels = image.get_width() * image.get_height();
  const bits = libheif._heif_image_handle_get_luma_bits_per_pixel(image.handle.$$.ptr);
  const isDeep = bits > 8 && pixels <= MAX_DEEP_PIXELS;
  const { heif_chroma_interleaved_RRGGBBAA_LE: deep, heif_chroma_interleaved_RGBA: plain } = libheif.heif_chroma;
  const decoded = await libheif.heif_js_decode_image2(
    image.handle,
    libheif.heif_colorspace.heif_colorspace_RGB,
    isDeep ? deep : plain,
  );
  const channel = decoded.channels?.[0];
  if (decoded.image === undefined || channel === undefined) throw new Error('the HEVC picture cannot be decoded');
  const { width, height } = channel;
  const rows = isDeep ? deepRows(channel) : rowsOf(channel, 4);
  libheif.heif_image_release(decoded.image);
  const picture = sharp(rows, { raw: { width, height, channels: 4 }, limitInputPixels: maxPixels });
  return image.has_alpha_channel() ? picture : picture.removeAlpha();
}

/** Copied out of the decoder's memory, without what it added behind each row. */
function rowsOf({ data, stride, width, height }: DecodedChannel, bytesPerPixel: number): Uint8Array {
  const row = width * bytesPerPixel;
  const rows = new Uint8Array(row * height);
  for (let y = 0; y < height; y++) rows.set(data.subarray(y * stride, y * stride + row), y * row);
  return rows;
}

/** 10 or 12 bits, little-endian, stretched to 16. */
function deepRows(channel: DecodedChannel): Uint16Array {
  const values = new Uint16Array(rowsOf(channel, 8).buffer);
  const most = 2 ** channel.bits_per_pixel - 1;
  for (let at = 0; at < values.length; at++) values[at] = Math.round(((values[at] ?? 0) * 65_535) / most);
  return values;
}

/** heif_color_profile_nclx: a version byte, then three enums of 32 bits from byte 4. */
function codedColour(image: HeifImage): CodedColour | undefined {
  const error = libheif._malloc(16);
  const out = libheif._malloc(4);
  try {
    libheif._heif_image_handle_get_nclx_color_profile(error, image.handle.$$.ptr, out);
    if (libheif.HEAP32[error >> 2] !== 0) return undefined;
    const profile = libheif.HEAPU32[out >> 2] ?? 0;
    const [primaries = 2, transfer = 2] = libheif.HEAP32.subarray((profile >> 2) + 1, (profile >> 2) + 3);
    libheif._heif_nclx_color_profile_free(profile);
    return { primaries, transfer };
  } finally {
    libheif._free(error);
    libheif._free(out);
  }
}

async function converted(small: Sharp, colour: CodedColour): Promise<Sharp> {
  const coded = small.pipelineColourspace('rgb16').toColourspace('rgb16').raw({ depth: 'ushort' });
  const { data, info } = await coded.toBuffer({ resolveWithObject: true });
  const pixels = new Uint16Array(data.buffer.slice(data.byteOffset, data.byteOffset + data.length));
  const channels = info.channels === 4 ? 4 : 3;
  return sharp(toSrgb(pixels, channels, colour), { raw: { width: info.width, height: info.height, channels } });
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
