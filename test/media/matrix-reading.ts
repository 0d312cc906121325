import { execFile, execFileSync } from 'node:child_process';
import { promisify } from 'node:util';
import { z } from 'zod';
import { FFMPEG, FFPROBE } from '../support/made-media.ts';

/** How the matrix reads a finished proxy: apart from the agent's own reader, by ffprobe, MediaInfo and its pixels. */

const run = promisify(execFile);
const MEDIAINFO = process.env['MEDIAINFO_BIN'] ?? 'mediainfo';

/** Why MediaInfo cannot be asked here, or null. */
export const NO_MEDIAINFO = answers(MEDIAINFO) ? null : 'MediaInfo is not on this machine';

function answers(program: string): boolean {
  try {
    execFileSync(program, ['--Version'], { stdio: 'ignore' });
    return true;
  } catch (error) {
    // MediaInfo's own answer to --Version ends with 255 in some versions.
    return error instanceof Error && 'status' in error && typeof error.status === 'number';
  }
}

export interface ShownFrame {
  /** Seconds from the first frame. */
  readonly time: number;
  /** The number burnt into the picture. */
  readonly number: number;
}

const TURN_BACK = { 0: [], 90: ['transpose=cclock'], 180: ['hflip', 'vflip'], 270: ['transpose=clock'] } as const;

/** Decodes the whole file and reads each frame's number from its pixels, and its time. */
export async function shownFrames(file: string, turn: keyof typeof TURN_BACK): Promise<readonly ShownFrame[]> {
  const filters = [...TURN_BACK[turn], 'crop=iw:ih/8:0:ih*13/16', 'scale=64:1:flags=area', 'format=gray', 'showinfo'];
  const args = ['-hide_banner', '-nostats', '-noautorotate', '-i', file, '-map', '0:v:0', '-vf', filters.join(',')];
  const output = ['-fps_mode', 'passthrough', '-f', 'rawvideo', '-'];
  const { stdout, stderr } = await run(FFMPEG, [...args, ...output], { encoding: 'buffer', maxBuffer: 64 << 20 });
  const times = [...stderr.toString().matchAll(/pts_time:(-?[\d.]+)/g)].map((match) => Number(match[1]));
  return times.map((time, at) => ({
    time: time - (times[0] ?? 0),
    number: numberOf(stdout.subarray(at * 64, at * 64 + 64)),
  }));
}

/** Eight fields of eight pixels; the two in the middle of each are asked, so that soft edges do not matter. */
function numberOf(row: Buffer): number {
  let number = 0;
  for (let bit = 0; bit < 8; bit++) {
    const grey = ((row[bit * 8 + 3] ?? 0) + (row[bit * 8 + 4] ?? 0)) / 2;
    if (grey > 128) number += 2 ** bit;
  }
  return number;
}

/** Which field of every picture shows the earlier of two moments, by what is drawn into them (matrix-sources.ts). */
export async function earlierField(file: string): Promise<string> {
  const [top, bottom] = await Promise.all((['top', 'bottom'] as const).map((type) => moments(file, type)));
  const orders = (top ?? []).map((moment, at) => {
    const ahead = ((bottom?.[at] ?? 0) - moment + 8) % 8;
    return ahead === 1 ? 'top' : ahead === 7 ? 'bottom' : `${ahead} moments apart`;
  });
  return [...new Set(orders)].join(', ');
}

async function moments(file: string, field: 'top' | 'bottom'): Promise<readonly number[]> {
  const filters = [`field=type=${field}`, 'crop=iw:ih/16:0:ih/32', 'scale=64:1:flags=area', 'format=gray'];
  const args = ['-v', 'error', '-noautorotate', '-i', file, '-map', '0:v:0', '-vf', filters.join(',')];
  const output = ['-fps_mode', 'passthrough', '-f', 'rawvideo', '-'];
  const { stdout } = await run(FFMPEG, [...args, ...output], { encoding: 'buffer', maxBuffer: 64 << 20 });
  return Array.from({ length: stdout.length / 64 }, (_, at) => {
    const row = stdout.subarray(at * 64, at * 64 + 64);
    const grey = Array.from({ length: 8 }, (_, part) => (row[part * 8 + 3] ?? 0) + (row[part * 8 + 4] ?? 0));
    return grey.indexOf(Math.max(...grey));
  });
}

const text = z.string().optional();
const Probed = z.object({
  streams: z.array(
    z.looseObject({
      codec_type: text,
      codec_name: text,
      codec_tag_string: text,
      field_order: text,
      color_primaries: text,
      color_transfer: text,
      color_space: text,
      avg_frame_rate: text,
      nb_read_packets: text,
      sample_aspect_ratio: text,
      width: z.number().optional(),
      height: z.number().optional(),
      channels: z.number().optional(),
      sample_rate: text,
      tags: z.record(z.string(), z.string()).default({}),
      side_data_list: z.array(z.looseObject({ rotation: z.number().optional() })).default([]),
    }),
  ),
});
export type Probed = z.infer<typeof Probed>['streams'];

export async function ffprobed(file: string): Promise<Probed> {
  const { stdout } = await run(FFPROBE, ['-v', 'error', '-count_packets', '-show_streams', '-of', 'json', file]);
  return Probed.parse(JSON.parse(stdout)).streams;
}

const Track = z.looseObject({ '@type': z.string() }).catchall(z.unknown());
const Informed = z.object({ media: z.object({ track: z.array(Track) }) });

/** MediaInfo's tracks by type, every field as text. */
export async function mediaInfo(file: string) {
  const { stdout } = await run(MEDIAINFO, ['--Full', '--Output=JSON', file], { maxBuffer: 16 << 20 });
  const { track } = Informed.parse(JSON.parse(stdout)).media;
  return (type: 'Video' | 'Audio' | 'Other') =>
    track
      .filter((found) => found['@type'] === type)
      .map(
        (found) =>
          (field: string): string | undefined =>
            found[field] === undefined ? undefined : String(found[field]),
      );
}
