/** Colour as code points name it (ISO 23091-2, “nclx”), brought to what every screen shows: sRGB. */

export interface CodedColour {
  readonly primaries: number;
  readonly transfer: number;
}

const PQ = 16;
const HLG = 18;

type Matrix = readonly (readonly [number, number, number])[];

/** Linear light of the named primaries to BT.709's, all with white D65 (ITU-R BT.2087, SMPTE EG 432-1). */
const TO_BT709: ReadonlyMap<number, Matrix> = new Map([
  [
    9,
    [
      [1.6605, -0.5876, -0.0728],
      [-0.1246, 1.1329, -0.0083],
      [-0.0182, -0.1006, 1.1187],
    ],
  ],
  [
    12,
    [
      [1.2249, -0.2247, 0],
      [-0.042, 1.0419, 0],
      [-0.0197, -0.0786, 1.0979],
    ],
  ],
]);

function isHdr({ transfer }: CodedColour): boolean {
  return transfer === PQ || transfer === HLG;
}

/** Whether showing the numbers as sRGB would show other colours. */
export function needsConversion(colour: CodedColour): boolean {
  return isHdr(colour) || TO_BT709.has(colour.primaries);
}

/**
 * 8-bit sRGB of pixels in another coded colour, a channel beyond the third (alpha) kept. HDR is tone-mapped as the
 * review proxies are (proxy-picture.ts): SDR white at 100 cd/m², Hable's curve up to twelve times that.
 * @param pixels interleaved, 0 to 65,535
 */
export function toSrgb(pixels: Uint16Array, channels: 3 | 4, colour: CodedColour): Buffer {
  const linear = linearOf(colour);
  const toBt709 = TO_BT709.get(colour.primaries);
  const out = Buffer.alloc(pixels.length);
  for (let at = 0; at < pixels.length; at += channels) {
    let rgb: Rgb = linear([pixels[at] ?? 0, pixels[at + 1] ?? 0, pixels[at + 2] ?? 0]);
    if (toBt709 !== undefined) rgb = multiply(toBt709, rgb);
    if (isHdr(colour)) rgb = toneMapped(rgb);
    for (let i = 0; i < 3; i++) out[at + i] = Math.round(255 * srgbCode(rgb[i] ?? 0));
    if (channels === 4) out[at + 3] = (pixels[at + 3] ?? 0) >> 8;
  }
  return out;
}

type Rgb = readonly [number, number, number];

/** Code values to linear light, where 1 is SDR white. */
function linearOf(colour: CodedColour): (codes: Rgb) => Rgb {
  const curve = (from: (value: number) => number): Float64Array =>
    Float64Array.from({ length: 65_536 }, (_, code) => from(code / 65_535));
  const each = (table: Float64Array): ((codes: Rgb) => Rgb) => {
    return ([r, g, b]) => [table[r] ?? 0, table[g] ?? 0, table[b] ?? 0];
  };
  if (colour.transfer === PQ) return each(curve((code) => pqNits(code) / SDR_WHITE_NITS));
  if (colour.transfer !== HLG) return each(curve(srgbLight));
  const scene = each(curve(hlgScene));
  return (codes) => {
    const [r, g, b] = scene(codes);
    // BT.2100's system gamma for a display of 1,000 cd/m².
    const gain = (1000 / SDR_WHITE_NITS) * Math.max(1e-9, 0.2627 * r + 0.678 * g + 0.0593 * b) ** 0.2;
    return [r * gain, g * gain, b * gain];
  };
}

/** BT.2035. */
const SDR_WHITE_NITS = 100;

/** SMPTE ST 2084. */
function pqNits(code: number): number {
  const power = code ** (1 / 78.84375);
  return 10_000 * (Math.max(0, power - 0.8359375) / (18.8515625 - 18.6875 * power)) ** (1 / 0.1593017578125);
}

/** ARIB STD-B67, inverse OETF. */
function hlgScene(code: number): number {
  return code <= 0.5 ? (code * code) / 3 : (Math.exp((code - 0.55991073) / 0.17883277) + 0.28466892) / 12;
}

/** IEC 61966-2-1, both ways. */
function srgbLight(code: number): number {
  return code <= 0.04045 ? code / 12.92 : ((code + 0.055) / 1.055) ** 2.4;
}
function srgbCode(light: number): number {
  const clipped = Math.min(1, Math.max(0, light));
  return clipped <= 0.0031308 ? clipped * 12.92 : 1.055 * clipped ** (1 / 2.4) - 0.055;
}

function multiply(matrix: Matrix, [r, g, b]: Rgb): Rgb {
  const [one = 0, two = 0, three = 0] = matrix.map(([x, y, z]) => x * r + y * g + z * b);
  return [one, two, three];
}

/** What ffmpeg's tonemap assumes of a picture that does not tell its brightest point. */
const PEAK = 12;

function hable(light: number): number {
  return (light * (light * 0.15 + 0.05) + 0.004) / (light * (light * 0.15 + 0.5) + 0.06) - 0.02 / 0.3;
}

/** The brightest channel decides, so that hues stay. */
function toneMapped([r, g, b]: Rgb): Rgb {
  const brightest = Math.max(r, g, b, 1e-6);
  const gain = hable(brightest) / hable(PEAK) / brightest;
  return [r * gain, g * gain, b * gain];
}
