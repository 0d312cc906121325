import { made, madeFrom } from '../support/made-media.ts';

/** Film in video: MPEG-2 of 24 pictures a second, flagged to be shown at 30, two fields and three in turn. */

/** MPEG-2 start codes (ISO 13818-2 §6.2): a sequence, and what extends it or a picture. */
const SEQUENCE = 0xb3;
const EXTENSION = 0xb5;
const OF_SEQUENCE = 1;
const OF_PICTURE = 8;
/** top_field_first and repeat_first_field of four pictures in turn: 3, 2, 3 and 2 fields. */
const CADENCE = [
  [1, 1],
  [0, 0],
  [0, 1],
  [1, 0],
] as const;

/** @param video how many pictures of every hundred come without repeated fields; 0: all of it is film */
function flagged(bytes: Buffer, video: number): Buffer {
  const changed = Buffer.from(bytes);
  let pictures = 0;
  for (let at = changed.indexOf('\0\0\x01'); at >= 0; at = changed.indexOf('\0\0\x01', at + 4)) {
    const set = (byte: number, keep: number, bits: number): void => {
      changed.writeUInt8((changed.readUInt8(at + byte) & keep) | bits, at + byte);
    };
    const code = changed[at + 3];
    const extends_ = code === EXTENSION ? changed.readUInt8(at + 4) >> 4 : 0;
    // Rate 4 is 30000/1001; a progressive sequence would repeat whole pictures.
    if (code === SEQUENCE) set(7, 0xf0, 4);
    if (extends_ === OF_SEQUENCE) set(5, 0xf7, 0);
    if (extends_ !== OF_PICTURE) continue;
    const [top, repeat] = pictures % 100 < video ? [1, 0] : (CADENCE[pictures % 4] ?? [1, 0]);
    pictures++;
    set(7, 0x7d, (top << 7) | (repeat << 1));
    set(8, 0xff, 0x80);
  }
  return changed;
}

/**
 * @param file whose name tells the container
 * @param filter drawn into every picture
 */
export async function filmInVideo(file: string, filter: string, frames = 96, video = 0): Promise<string> {
  const raw = await made('film.m2v', [
    ...['-f', 'lavfi', '-i', `testsrc2=s=320x192:r=24000/1001:d=${frames / 20}`, '-vf', filter],
    ...`-frames:v ${frames} -c:v mpeg2video -b:v 3M -bf 0 -g 12 -pix_fmt yuv420p`.split(' '),
  ]);
  const film = await madeFrom(raw, 'flagged.m2v', `2:3 ${video}`, (bytes) => flagged(bytes, video));
  const sound = ['-f', 'lavfi', '-i', `sine=f=440:r=48000:d=${((frames * 1001) / 24_000).toFixed(3)}`];
  const streams = ['-map', '0', '-map', '1', '-c:v', 'copy', '-c:a', 'mp2'];
  // A programme stream may do without time stamps of its pictures, other containers may not.
  const timed = file.endsWith('.mpg') ? [] : ['-fflags', '+genpts'];
  return made(file, [...timed, '-framerate', '30000/1001', '-f', 'mpegvideo', '-i', film, ...sound, ...streams]);
}
