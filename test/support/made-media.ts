import { execFile, execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { access, mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

/**
 * Small media made by the real ffmpeg, once per machine: each file is kept in a folder named after its recipe, so a
 * changed recipe makes a new file. Never write into what comes back; copy it first.
 */

const run = promisify(execFile);
export const FFMPEG = process.env['FFMPEG_BIN'] ?? 'ffmpeg';
export const FFPROBE = process.env['FFPROBE_BIN'] ?? 'ffprobe';

/** Why media cannot be made here, or null. For `describe.skipIf(NO_FFMPEG !== null)`, with the reason in the name. */
export const NO_FFMPEG = answers(FFMPEG) && answers(FFPROBE) ? null : 'ffmpeg and ffprobe are not on this machine';

function answers(program: string): boolean {
  try {
    execFileSync(program, ['-version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** True where this ffmpeg has the encoder (libx265, prores_ks…): printed reasons for skipped tests need it. */
export function hasEncoder(name: string): boolean {
  if (NO_FFMPEG !== null) return false;
  const list = execFileSync(FFMPEG, ['-hide_banner', '-encoders'], { encoding: 'utf8' });
  return new RegExp(`^ \\S+ ${name} `, 'm').test(list);
}

async function once(recipe: readonly unknown[], fileName: string, make: (path: string) => Promise<void>) {
  const key = createHash('sha256')
    .update(JSON.stringify([FFMPEG, fileName, recipe]))
    .digest('hex')
    .slice(0, 16);
  const folder = join(tmpdir(), 'rushcatalog-made-media', key);
  const path = join(folder, fileName);
  const exists = await access(path).then(
    () => true,
    () => false,
  );
  if (exists) return path;
  // Test files run in parallel processes: each makes its own copy, and the rename decides.
  const scratch = join(folder, `making-${process.pid}-${Math.random().toString(36).slice(2)}`);
  await mkdir(scratch, { recursive: true });
  await make(join(scratch, fileName));
  await rename(join(scratch, fileName), path);
  return path;
}

/** Runs ffmpeg with `args` and the output path behind them. Answers the path of the made file. */
export function made(fileName: string, args: readonly string[]): Promise<string> {
  return once(args, fileName, async (path) => {
    await run(FFMPEG, ['-v', 'error', '-nostdin', '-y', ...args, '-f', muxerOf(fileName), path], {
      maxBuffer: 16 << 20,
    });
  });
}

/** A made file changed byte by byte: damaged, cut short, with another header. */
export function madeFrom(
  source: string,
  fileName: string,
  what: string,
  change: (bytes: Buffer) => Buffer,
): Promise<string> {
  return once([source, what], fileName, async (path) => writeFile(path, change(await readFile(source))));
}

export function madeFile(fileName: string, bytes: Buffer | string): Promise<string> {
  return once([Buffer.from(bytes).toString('base64')], fileName, (path) => writeFile(path, bytes));
}

const MUXERS: Readonly<Record<string, string>> = Object.fromEntries(
  `mp4=mp4 mov=mov m4a=ipod mkv=matroska webm=webm mxf=mxf mts=mpegts ts=mpegts avi=avi m2v=mpeg2video mpg=mpeg wav=wav aiff=aiff mp3=mp3
   flac=flac ogg=ogg opus=ogg aac=adts ac3=ac3 jpg=image2 png=image2 webp=webp tiff=image2 gif=gif flv=flv w64=w64 caf=caf vob=vob`
    .split(/\s+/)
    .map((pair) => pair.split('=')),
);

function muxerOf(fileName: string): string {
  const muxer = MUXERS[fileName.split('.').pop()?.toLowerCase() ?? ''];
  if (muxer === undefined) throw new Error(`made-media knows no muxer for ${fileName}`);
  return muxer;
}

// ── building blocks ─────────────────────────────────────────────────────────────────────────────────────────────

const x264 = ['-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p', '-threads', '1'];
const bitexact = ['-fflags', '+bitexact', '-flags', '+bitexact', '-map_metadata', '-1'];
/** Options without spaces in them, as one readable line. */
const split = (text: string): string[] => text.split(' ');
const lavfi = (graph: string): string[] => ['-f', 'lavfi', '-i', graph];

export interface ClipOptions {
  readonly name?: string;
  readonly seconds?: number;
  readonly size?: string;
  readonly rate?: string;
  /** Further output arguments. */
  readonly more?: readonly string[];
}

/** H.264 + stereo AAC in MP4: moving test pattern with a burnt-in timestamp, 440 Hz tone. Default 2 s of 640×360 at 25. */
export function h264Clip(options: ClipOptions = {}): Promise<string> {
  const { name = 'h264.mp4', seconds = 2, size = '640x360', rate = '25', more = [] } = options;
  return made(name, [
    ...lavfi(`testsrc2=s=${size}:r=${rate}:d=${seconds}`),
    ...lavfi(`sine=f=440:r=48000:d=${seconds}`),
    ...x264,
    ...split('-g 50 -c:a aac -ac 2 -shortest'),
    ...bitexact,
    ...more,
  ]);
}

export function silentClip(options: ClipOptions = {}): Promise<string> {
  const { name = 'no-audio.mp4', seconds = 2, size = '640x360', rate = '25', more = [] } = options;
  return made(name, [...lavfi(`testsrc2=s=${size}:r=${rate}:d=${seconds}`), ...x264, ...bitexact, ...more]);
}

/** Needs libx265. */
export function hevcClip(options: ClipOptions = {}): Promise<string> {
  const { name = 'hevc.mp4', seconds = 1, size = '320x180', rate = '25', more = [] } = options;
  return made(name, [
    ...lavfi(`testsrc2=s=${size}:r=${rate}:d=${seconds}`),
    ...split('-c:v libx265 -preset ultrafast -pix_fmt yuv420p10le -tag:v hvc1'),
    ...split('-x265-params log-level=error:pools=1:frame-threads=1'),
    ...bitexact,
    ...more,
  ]);
}

/** Luma (limited range) of frame `n` of `greyFramesClip`. */
export const greyOfFrame = (n: number): number => 32 + n * 2;

/** The frame number that a mean full-range grey (0..255, sRGB) stands for. */
export function frameOfGrey(grey: number): number {
  return Math.round(((grey * 219) / 255 + 16 - 32) / 2);
}

/** As the options of the encoder say it: ffmpeg 7 converts what is not tagged so, and each grey becomes the next darker one. */
export const TAGGED = 'setparams=range=tv:colorspace=bt709:color_primaries=bt709:color_trc=bt709';

/**
 * At most 96 frames; each is one flat grey that names its number (`frameOfGrey`), so that a test can compute which
 * frame a picture shows. Long GOP with B frames, to make seeking honest.
 */
export function greyFramesClip(
  options: ClipOptions & { readonly frames?: number; readonly filter?: string } = {},
): Promise<string> {
  const { name = 'grey.mp4', frames = 96, size = '320x180', rate = '25', more = [], filter } = options;
  const grey = `geq=lum='${greyOfFrame(0)}+N*2':cb=128:cr=128,${TAGGED}`;
  return made(name, [
    ...lavfi(`color=black:s=${size}:r=${rate},format=yuv420p,${grey}${filter === undefined ? '' : `,${filter}`}`),
    ...split(`-frames:v ${frames} -c:v libx264 -preset veryfast -bf 3 -g 250 -crf 12 -threads 1`),
    ...split('-color_range tv -colorspace bt709 -color_primaries bt709 -color_trc bt709'),
    ...bitexact,
    ...more,
  ]);
}

/** Landscape picture with the rotation flag of a phone held upright: shown as 360×640. */
export async function portraitClip(): Promise<string> {
  return rotated(await h264Clip(), 'portrait.mp4');
}

/** Writes “turn 90° clockwise” into the first track's matrix: ffmpeg's own option for it differs between versions. */
export function rotated(source: string, fileName: string): Promise<string> {
  return madeFrom(source, fileName, 'rotate 90', (bytes) => {
    const changed = Buffer.from(bytes);
    // ISO 14496-12: the matrix lies 40 bytes behind the type of a version 0 `tkhd` box.
    const matrix = changed.indexOf('tkhd') + 4 + 40;
    const values = [0, 0x10000, 0, -0x10000, 0, 0, 0, 0, 0x40000000];
    for (const [i, value] of values.entries()) changed.writeInt32BE(value, matrix + i * 4);
    return changed;
  });
}

/** 2 s at 30 frames a second, then 2 s at 10, with sound over the whole length. */
export function vfrClip(): Promise<string> {
  return made('vfr.mp4', [
    ...lavfi(`testsrc2=s=320x180:r=30:d=2.6666,setpts='if(lt(N,60),N/30,2+(N-60)/10)/TB'`),
    ...lavfi('sine=f=440:r=48000:d=4'),
    ...x264,
    ...split('-fps_mode passthrough -enc_time_base 1/90000 -c:a aac'),
    ...bitexact,
  ]);
}

export function wavFile(seconds = 2, more: readonly string[] = []): Promise<string> {
  return made('tone.wav', [...lavfi(`sine=f=440:r=48000:d=${seconds}`), '-ac', '2', ...bitexact, ...more]);
}

/** MP3 whose cover art is a video stream marked as attached picture. */
export function mp3WithCover(): Promise<string> {
  return made('cover.mp3', [
    ...lavfi('sine=f=440:r=44100:d=2'),
    ...lavfi('testsrc2=s=300x300:r=1:d=1'),
    ...split('-map 0 -map 1 -ac 2 -c:a libmp3lame -c:v mjpeg -disposition:v attached_pic -id3v2_version 3'),
    ...bitexact,
  ]);
}

/** MOV with eight mono PCM tracks; `loud` (0..7) is the only one with sound, or none with -1. */
export function eightMonoTracks(loud: number): Promise<string> {
  const tones = Array.from({ length: 8 }, (_, i) =>
    lavfi(i === loud ? 'sine=f=1000:r=48000:d=2' : 'anullsrc=r=48000:cl=mono:d=2'),
  ).flat();
  const maps = Array.from({ length: 9 }, (_, i) => ['-map', String(i)]).flat();
  return made(`eight-mono-${loud}.mov`, [
    ...lavfi('testsrc2=s=320x180:r=25:d=2'),
    ...tones,
    ...maps,
    ...x264,
    ...split('-c:a pcm_s16le'),
    ...bitexact,
  ]);
}

/** One test picture; the extension decides: jpg, png, tiff or webp. */
export function photoFile(fileName: string, size = '1200x800'): Promise<string> {
  const codec = fileName.endsWith('.webp') ? ['-c:v', 'libwebp'] : [];
  return made(fileName, [...lavfi(`testsrc2=s=${size}:r=1:d=1`), '-frames:v', '1', ...codec, ...bitexact]);
}

/** A playable MP4 whose last part is missing although its index promises it. */
export async function truncatedClip(fraction = 0.5): Promise<string> {
  const whole = await h264Clip({ name: 'whole.mp4', seconds: 4, more: ['-movflags', '+faststart'] });
  return madeFrom(whole, 'truncated.mp4', `cut at ${fraction}`, (b) => b.subarray(0, Math.floor(b.length * fraction)));
}

export function textAsMp4(): Promise<string> {
  return madeFile('text.mp4', 'This is a shopping list: apples, pears.\n'.repeat(40));
}

export function emptyFile(): Promise<string> {
  return madeFile('empty.mp4', '');
}
