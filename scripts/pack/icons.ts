// node scripts/pack/icons.ts: makes every size of the app's and the tray's icon from two drawings.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { ROOT } from './stage.ts';

const APP = readFileSync(join(ROOT, 'renderer/public/icon.svg'));
const SIZES = [16, 24, 32, 48, 64, 128, 256, 512, 1024] as const;

/** The frame with the waveform's bar, in one colour: trays are coloured by the system, or must read on any. */
const tray = (bar: string, frame: string): Buffer =>
  Buffer.from(
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><path d="M5 7h22v18H5z" fill="none" stroke="${frame}" stroke-width="3"/>${bar}</svg>`,
  );
const BAR = (colour: string): string => `<path d="M5 20h13" stroke="${colour}" stroke-width="5"/>`;
const PAUSE = (colour: string): string => `<path d="M13 12v9M19 12v9" stroke="${colour}" stroke-width="3"/>`;
const ALERT = (colour: string): string => `<path d="M16 11v6M16 19.500v2.500" stroke="${colour}" stroke-width="3"/>`;
const TRAY = { idle: '', working: BAR('#000'), paused: PAUSE('#000'), trouble: ALERT('#000') } as const;

const png = (svg: Buffer, size: number): Promise<Buffer> =>
  sharp(svg, { density: 72 * Math.max(1, size / 32) })
    .resize(size, size)
    .png({ compressionLevel: 9, palette: false })
    .toBuffer();

/** ICO: a table of PNG pictures; a side of 256 is written as 0. */
function ico(pictures: readonly { readonly size: number; readonly data: Buffer }[]): Buffer {
  const head = Buffer.alloc(6 + 16 * pictures.length);
  head.writeUInt16LE(1, 2);
  head.writeUInt16LE(pictures.length, 4);
  let offset = head.length;
  for (const [index, { size, data }] of pictures.entries()) {
    const at = 6 + 16 * index;
    head.writeUInt8(size % 256, at);
    head.writeUInt8(size % 256, at + 1);
    head.writeUInt16LE(1, at + 4);
    head.writeUInt16LE(32, at + 6);
    head.writeUInt32LE(data.length, at + 8);
    head.writeUInt32LE(offset, at + 12);
    offset += data.length;
  }
  return Buffer.concat([head, ...pictures.map(({ data }) => data)]);
}

/** ICNS: PNG pictures under the four letters of their size. */
const ICNS_TYPES = { 32: 'ic11', 64: 'ic12', 128: 'ic07', 256: 'ic08', 512: 'ic09', 1024: 'ic10' } as const;
function icns(pictures: readonly { readonly size: number; readonly data: Buffer }[]): Buffer {
  const parts = pictures.flatMap(({ size, data }) => {
    const type = ICNS_TYPES[size as keyof typeof ICNS_TYPES] as string | undefined;
    if (type === undefined) return [];
    const head = Buffer.alloc(8);
    head.write(type, 'latin1');
    head.writeUInt32BE(data.length + 8, 4);
    return [head, data];
  });
  const head = Buffer.alloc(8);
  head.write('icns', 'latin1');
  head.writeUInt32BE(8 + parts.reduce((sum, part) => sum + part.length, 0), 4);
  return Buffer.concat([head, ...parts]);
}

const folder = join(ROOT, 'build/icons');
mkdirSync(folder, { recursive: true });
mkdirSync(join(ROOT, 'build/tray'), { recursive: true });
const pictures = await Promise.all(SIZES.map(async (size) => ({ size, data: await png(APP, size) })));
for (const { size, data } of pictures) writeFileSync(join(folder, `${size}x${size}.png`), data);
writeFileSync(join(folder, 'icon.ico'), ico(pictures.filter(({ size }) => size <= 256)));
writeFileSync(join(folder, 'icon.icns'), icns(pictures));
for (const [state, bar] of Object.entries(TRAY)) {
  const dark = tray(bar, '#000');
  // “Template” in the name lets macOS colour it; Windows and Linux show it on a bar of any colour.
  const grey = Buffer.from(dark.toString().replaceAll('#000', '#8a8a8a'));
  for (const [suffix, size] of [
    ['', 16],
    ['@2x', 32],
  ] as const) {
    writeFileSync(join(ROOT, 'build/tray', `${state}Template${suffix}.png`), await png(dark, size));
    writeFileSync(join(ROOT, 'build/tray', `${state}${suffix}.png`), await png(grey, size));
  }
}
