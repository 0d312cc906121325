import type { Warning } from '../../../shared/facts.ts';
import type { Source } from '../execution.ts';
import { bytesAt } from './bytes-at.ts';
import { wholePicture } from './input.ts';
import { boxAt, boxesIn, type Box } from './iso-boxes.ts';
import { videoStream, type Probe, type VideoStream } from './probe.ts';

/**
 * QuickTime and ISO 14496-12 let a track say which part of its pictures is clean (`clap`): 702 of the 720 pixels of SD, a
 * camera's frame without its edges. Some players crop to it, editing programs do not, ffmpeg does from 7.1 on. Here the
 * pictures are shown as a timeline shows them, whole, whatever the tool would do by itself, and the difference is told.
 */
export async function withWholePicture(source: Pick<Source, 'fd' | 'input'>, probe: Probe): Promise<Probe> {
  const picture = videoStream(probe);
  if (picture === undefined) return probe;
  const clean = picture.cleanAperture ?? (await readAperture(source.fd, probe));
  if (clean === undefined || (clean.width === picture.width && clean.height === picture.height)) return probe;
  const streams = probe.streams.map((one) => (one === picture ? { ...picture, cleanAperture: clean } : one));
  // Only a tool that tells of it crops to it, and has the option not to.
  const crops = picture.cleanAperture !== undefined && probe.input === undefined;
  return { ...probe, streams, ...(crops ? { input: wholePicture(source.input) } : {}) };
}

export function apertureWarning({ cleanAperture: clean, width, height }: VideoStream): Warning | undefined {
  if (clean === undefined || (clean.width === width && clean.height === height)) return undefined;
  const part = `${clean.width} × ${clean.height} of its ${width} × ${height} pixels`;
  const message = `The file asks players to show ${part}; all of them are shown here, as in an editing program.`;
  return { code: 'CLEAN_APERTURE', message };
}

/** For tools that do not tell: of the first track with pictures, whose entry has the size of the stream's. */
async function readAperture(fd: number, probe: Probe): Promise<VideoStream['cleanAperture']> {
  if (!probe.format.name.startsWith('mov')) return undefined;
  for await (const box of boxesIn(fd, 0, Number.MAX_SAFE_INTEGER)) {
    if (box.type !== 'moov') continue;
    for await (const track of boxesIn(fd, box.body, box.end)) {
      const clean = track.type === 'trak' ? await apertureOf(fd, track) : undefined;
      if (clean !== undefined) return clean;
    }
  }
  return undefined;
}

/** Version, flags and the number of entries come first; a picture's entry has 78 bytes before its boxes. */
const STSD_HEAD = 8;
const VISUAL_ENTRY = 78;

async function apertureOf(fd: number, track: Box): Promise<VideoStream['cleanAperture']> {
  const media = await boxAt(fd, track, 'mdia', 'minf');
  if (media === null || (await boxAt(fd, media, 'vmhd')) === null) return undefined;
  const table = await boxAt(fd, media, 'stbl', 'stsd');
  if (table === null) return undefined;
  for await (const entry of boxesIn(fd, table.body + STSD_HEAD, table.end)) {
    const clean = await boxAt(fd, { ...entry, body: entry.body + VISUAL_ENTRY }, 'clap');
    return clean === null ? undefined : sizeIn(await bytesAt(fd, clean.body, 16));
  }
  return undefined;
}

/** Width and height as fractions of two 32-bit numbers each. */
function sizeIn(bytes: Buffer): VideoStream['cleanAperture'] {
  if (bytes.length < 16) return undefined;
  const [widthN = 0, widthD = 0, heightN = 0, heightD = 0] = [0, 4, 8, 12].map((at) => bytes.readUInt32BE(at));
  const [width, height] = [Math.round(widthN / widthD), Math.round(heightN / heightD)];
  return width > 0 && height > 0 && Number.isFinite(width + height) ? { width, height } : undefined;
}
