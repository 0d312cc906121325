import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FFMPEG } from '../support/made-media.ts';

/** Photos that no encoder here writes, put together from their parts: HEIC around an HEVC frame, camera RAW around JPEGs. */

const u8 = (...values: number[]): Buffer => Buffer.from(values);
const u16 = (value: number): Buffer => Buffer.from([value >> 8, value & 0xff]);
const u32 = (value: number): Buffer =>
  Buffer.from([value >>> 24, (value >> 16) & 0xff, (value >> 8) & 0xff, value & 0xff]);
const ascii = (text: string): Buffer => Buffer.from(text, 'latin1');
const box = (type: string, ...content: Buffer[]): Buffer => {
  const body = Buffer.concat(content);
  return Buffer.concat([u32(body.length + 8), ascii(type), body]);
};
const fullBox = (type: string, version: number, ...content: Buffer[]): Buffer =>
  box(type, u8(version, 0, 0, 0), ...content);

export interface HeicOptions {
  /** lavfi source of one picture. */
  readonly picture: string;
  readonly width: number;
  readonly height: number;
  /** Quarter turns counter-clockwise for display. */
  readonly turns?: number;
  /** Clean aperture: what is shown of it, and by how much its middle lies right of and below that of the picture. */
  readonly aperture?: {
    readonly width: number;
    readonly height: number;
    readonly right: number;
    readonly below: number;
  };
  /** Left and right are exchanged for display. */
  readonly isMirrored?: boolean;
  readonly icc?: Buffer;
  /** Colour code points (ISO 23091-2) of a picture of 10 bits, whose numbers are in them already. */
  readonly nclx?: { readonly primaries: number; readonly transfer: number };
  /** lavfi source of a picture of the same size that lies in the file before the main one, as in a burst. */
  readonly before?: string;
}

/** HEIC (ISO 23008-12) with one image item, or two of which the second is the main one. */
export function heic(options: HeicOptions): Buffer {
  const frames = [...(options.before === undefined ? [] : [options.before]), options.picture].map((picture) =>
    hevcFrame(picture, options.nclx === undefined ? 8 : 10),
  );
  const { nclx, aperture } = options;
  const properties = [
    ...frames.map(({ hvcC }) => hvcC),
    fullBox('ispe', 0, u32(options.width), u32(options.height)),
    ...(aperture === undefined
      ? []
      : [
          box(
            'clap',
            ...[aperture.width, aperture.height, aperture.right, aperture.below].flatMap((value) => [
              u32(value),
              u32(1),
            ]),
          ),
        ]),
    box('irot', u8(options.turns ?? 0)),
    ...(options.isMirrored === true ? [box('imir', u8(1))] : []),
    ...(options.icc === undefined ? [] : [box('colr', ascii('prof'), options.icc)]),
    ...(nclx === undefined
      ? []
      : [box('colr', ascii('nclx'), u16(nclx.primaries), u16(nclx.transfer), u16(5), u8(0x80))]),
  ];
  const ids = frames.map((_, at) => at + 1);
  const shared = properties.slice(frames.length).map((_, at) => u8(0x80 | (frames.length + at + 1)));
  const ftyp = box('ftyp', ascii('heic'), u32(0), ascii('mif1heic'));
  const sizes = frames.map(({ frame }) => frame.length);
  const meta = (offset: number): Buffer =>
    fullBox(
      'meta',
      0,
      fullBox('hdlr', 0, u32(0), ascii('pict'), Buffer.alloc(13)),
      fullBox('pitm', 0, u16(ids.length)),
      fullBox(
        'iloc',
        0,
        u8(0x44, 0),
        u16(ids.length),
        ...ids.map((id, at) => {
          const begins = offset + sizes.slice(0, at).reduce((sum, size) => sum + size, 0);
          return Buffer.concat([u16(id), u16(0), u16(1), u32(begins), u32(sizes[at] ?? 0)]);
        }),
      ),
      fullBox(
        'iinf',
        0,
        u16(ids.length),
        ...ids.map((id) => fullBox('infe', 2, u16(id), u16(0), ascii('hvc1'), u8(0))),
      ),
      box(
        'iprp',
        box('ipco', ...properties),
        fullBox(
          'ipma',
          0,
          u32(ids.length),
          ...ids.map((id) => Buffer.concat([u16(id), u8(shared.length + 1), u8(0x80 | id), ...shared])),
        ),
      ),
    );
  const before = ftyp.length + meta(0).length + 8;
  return Buffer.concat([ftyp, meta(before), box('mdat', ...frames.map(({ frame }) => frame))]);
}

/** One frame of HEVC as an MP4 carries it, and its decoder configuration. */
function hevcFrame(picture: string, bits: 8 | 10): { hvcC: Buffer; frame: Buffer } {
  const folder = mkdtempSync(join(tmpdir(), 'rushcatalog-heic-'));
  try {
    const path = join(folder, 'frame.mp4');
    const codec = ['-c:v', 'libx265', '-preset', 'ultrafast', '-x265-params', 'log-level=error:crf=8'];
    const format = bits === 8 ? 'yuvj420p' : 'yuv420p10le';
    const colour = ['-vf', `scale=out_range=pc:out_color_matrix=bt601,format=${format}`, '-color_range', 'pc'];
    const input = ['-v', 'error', '-f', 'lavfi', '-i', picture, '-frames:v', '1'];
    execFileSync(FFMPEG, [...input, ...colour, ...codec, '-tag:v', 'hvc1', path]);
    const bytes = readFileSync(path);
    const at = bytes.indexOf('hvcC') - 4;
    const data = bytes.indexOf('mdat') - 4;
    return {
      hvcC: bytes.subarray(at, at + bytes.readUInt32BE(at)),
      frame: bytes.subarray(data + 8, data + bytes.readUInt32BE(data)),
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** An AVIF's code points, written over those that its encoder chose. */
export function withCodePoints(avif: Buffer, primaries: number, transfer: number): Buffer {
  const at = avif.indexOf('colrnclx');
  if (at < 0) throw new Error('no code points to change');
  const changed = Buffer.from(avif);
  changed.writeUInt16BE(primaries, at + 8);
  changed.writeUInt16BE(transfer, at + 10);
  return changed;
}

/** Sensor data of a camera: a lossless JPEG (SOF3), larger than any preview, which nobody may take for one. */
function sensorData(): Buffer {
  const frame = Buffer.concat([u8(0xff, 0xc3), u16(11), u8(14), u16(4000), u16(6000), u8(1, 0, 0x11, 0)]);
  const scan = Buffer.concat([u8(0xff, 0xda), u16(8), u8(1, 0, 0, 1, 0, 0)]);
  const noise = Buffer.from(Array.from({ length: 50_000 }, (_, i) => (Math.imul(i, 2_654_435_761) >>> 24) & 0xfe));
  return Buffer.concat([u8(0xff, 0xd8), frame, scan, noise, u8(0xff, 0xd9)]);
}

/** TIFF directory with the tags that make it a camera's: maker, orientation, sub-directories. Big-endian. */
function cameraTiff(orientation: number): Buffer {
  const entry = (tag: number, type: number, count: number, value: Buffer): Buffer =>
    Buffer.concat([u16(tag), u16(type), u32(count), value]);
  const entries = [
    entry(0x010f, 2, 4, ascii('NIK\0')),
    entry(0x0112, 3, 1, Buffer.concat([u16(orientation), u16(0)])),
    entry(0x014a, 4, 1, u32(0)),
  ];
  return Buffer.concat([ascii('MM\0*'), u32(8), u16(entries.length), ...entries, u32(0)]);
}

/** A photo between 300 kB of other things, as a RAW file holds it. */
const around = (...jpegs: readonly Buffer[]): Buffer[] => [
  sensorData(),
  ...jpegs.flatMap((jpeg) => [Buffer.alloc(150_001, 0x5a), jpeg]),
];

/** NEF, ARW, DNG: a TIFF. */
export function tiffRaw(orientation: number, ...jpegs: readonly Buffer[]): Buffer {
  return Buffer.concat([cameraTiff(orientation), ...around(...jpegs)]);
}

/** CR3: boxes, with the TIFF tags in one of them. */
export function cr3(orientation: number, ...jpegs: readonly Buffer[]): Buffer {
  const tags = box('moov', box('uuid', Buffer.alloc(16, 7), box('CMT1', cameraTiff(orientation))));
  return Buffer.concat([box('ftyp', ascii('crx '), u32(1), ascii('crx isom')), tags, box('mdat', ...around(...jpegs))]);
}

/** RAF: Fujifilm's own header, then the JPEG. */
export function raf(...jpegs: readonly Buffer[]): Buffer {
  return Buffer.concat([ascii('FUJIFILMCCD-RAW 0201'), Buffer.alloc(120), ...around(...jpegs)]);
}
