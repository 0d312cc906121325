import libheif, { type HeifDecoder, type HeifImage } from 'libheif-js/wasm-bundle.js';

/** Part of a picture, pixels. */
interface Region {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

const fourcc = (name: string): number => Buffer.from(name, 'latin1').readUInt32BE();
const CROP = fourcc('clap');
const TURN = fourcc('irot');
const MIRROR = fourcc('imir');
/** heif_transform_mirror_direction_horizontal: left and right are exchanged. */
const LEFT_AND_RIGHT = 1;
/** More than a file that means well gives one picture (MIAF allows one of each). */
const MAX_TRANSFORMATIONS = 16;

/** The size that is stored and decoded, before anything is cut off. */
export function storedSize({ handle }: HeifImage): { readonly width: number; readonly height: number } {
  const { ptr } = handle.$$;
  return {
    width: libheif._heif_image_handle_get_ispe_width(ptr),
    height: libheif._heif_image_handle_get_ispe_height(ptr),
  };
}

/**
 * What a picture's clean apertures leave of it (ISO 23008-12, 6.5.9), counted in the whole picture after its turns and
 * mirrorings; undefined where nothing is cut off.
 */
export function croppedRegion(decoder: HeifDecoder, image: HeifImage): Region | undefined {
  const context = decoder.decoder.$$.ptr;
  const item = libheif._heif_image_handle_get_item_id(image.handle.$$.ptr);
  const memory = libheif._malloc(MAX_TRANSFORMATIONS * 4);
  try {
    const count = libheif._heif_item_get_transformation_properties(context, item, memory, MAX_TRANSFORMATIONS);
    const properties = Array.from(libheif.HEAPU32.subarray(memory >> 2, (memory >> 2) + count));
    let whole = storedSize(image);
    let region: Region = { left: 0, top: 0, ...whole };
    for (const property of properties) {
      switch (libheif._heif_item_get_property_type(context, item, property)) {
        case CROP:
          region = without(region, bordersOf(context, item, property, region, memory));
          break;
        case TURN: {
          const degrees = libheif._heif_item_get_property_transform_rotation_ccw(context, item, property);
          for (let turned = 0; turned < degrees; turned += 90) {
            const { left, top, width, height } = region;
            region = { left: top, top: whole.width - left - width, width: height, height: width };
            whole = { width: whole.height, height: whole.width };
          }
          break;
        }
        case MIRROR: {
          const direction = libheif._heif_item_get_property_transform_mirror(context, item, property);
          if (direction === LEFT_AND_RIGHT) region = { ...region, left: whole.width - region.left - region.width };
          else region = { ...region, top: whole.height - region.top - region.height };
        }
      }
    }
    return region.width === whole.width && region.height === whole.height ? undefined : region;
  } finally {
    libheif._free(memory);
  }
}

type Borders = readonly [left: number, top: number, right: number, bottom: number];

function bordersOf(context: number, item: number, property: number, of: Region, memory: number): Borders {
  const out = [memory, memory + 4, memory + 8, memory + 12] as const;
  libheif._heif_item_get_property_transform_crop_borders(context, item, property, of.width, of.height, ...out);
  const [left = 0, top = 0, right = 0, bottom = 0] = libheif.HEAP32.subarray(memory >> 2, (memory >> 2) + 4);
  return [left, top, right, bottom];
}

function without({ left, top, width, height }: Region, [l, t, r, b]: Borders): Region {
  return { left: left + l, top: top + t, width: width - l - r, height: height - t - b };
}

/** Type, size and eight numbers of 32 bits: width, height and both offsets as fractions. */
const CROP_BYTES = 40;

/**
 * A copy whose clean apertures show everything: libheif 1.23 bounds what its decoder may allocate by the size after the
 * crop, and so refuses a picture of which much is cut off (libheif issue 1856, mended after that version).
 */
export function showingAll(
  bytes: Buffer,
  { width, height }: { readonly width: number; readonly height: number },
): Buffer {
  const copy = Buffer.from(bytes);
  for (let at = copy.indexOf('clap'); at >= 0; at = copy.indexOf('clap', at + 4)) {
    if (at < 4 || copy.readUInt32BE(at - 4) !== CROP_BYTES || at + CROP_BYTES - 4 > copy.length) continue;
    [width, 1, height, 1, 0, 1, 0, 1].forEach((value, index) => copy.writeUInt32BE(value, at + 4 + index * 4));
  }
  return copy;
}
