import { readdir } from 'node:fs/promises';

/** A hardware H.264 encoder of ffmpeg, and how it is given pictures. */
export interface EncoderTrial {
  readonly encoder: string;
  /** Devices it may run on; an encoder of a vendor whose device is absent is still tried, and fails by itself. */
  readonly vendors: RegExp;
  /** Options before the input and before the output. */
  readonly device: readonly string[];
  readonly output: readonly string[];
}

/** Pixel format of the review profiles: what a proved encoder has to deliver. */
export const TRIAL_PIXEL_FORMAT = 'yuv420p';
/** Above every encoder's smallest picture, and small enough for a trial of 0.1 s. */
export const TRIAL_WIDTH = 640;
export const TRIAL_HEIGHT = 368;
export const TRIAL_FRAMES = 12;

const PICTURES = [
  ['-f', 'lavfi', '-i', `testsrc2=size=${String(TRIAL_WIDTH)}x${String(TRIAL_HEIGHT)}:rate=25`],
  ['-frames:v', String(TRIAL_FRAMES)],
].flat();

/** @param renderNode VAAPI's device file, such as /dev/dri/renderD128. */
export function encoderTrials(renderNode: string): readonly EncoderTrial[] {
  return [
    { encoder: 'h264_nvenc', vendors: /nvidia/i, device: [], output: ['-pix_fmt', 'yuv420p'] },
    { encoder: 'h264_qsv', vendors: /intel/i, device: [], output: ['-pix_fmt', 'nv12'] },
    {
      encoder: 'h264_vaapi',
      vendors: /intel|amd|advanced micro|ati\b/i,
      device: ['-vaapi_device', renderNode],
      output: ['-vf', 'format=nv12,hwupload'],
    },
    { encoder: 'h264_videotoolbox', vendors: /apple|amd|intel/i, device: [], output: ['-pix_fmt', 'yuv420p'] },
    { encoder: 'h264_amf', vendors: /amd|advanced micro|ati\b/i, device: [], output: ['-pix_fmt', 'nv12'] },
    // Without -hw_encoding Windows may hand back Microsoft's software encoder under this name.
    { encoder: 'h264_mf', vendors: /./, device: [], output: ['-pix_fmt', 'nv12', '-hw_encoding', '1'] },
  ];
}

const START = ['-hide_banner', '-nostdin', '-loglevel', 'error', '-y'];

export function encodeArgs(trial: EncoderTrial, file: string): string[] {
  return [...START, ...trial.device, ...PICTURES, ...trial.output, '-c:v', trial.encoder, '-f', 'h264', file];
}

/** Decodes with the software decoder to raw pictures on stdout: what was encoded must be readable everywhere. */
export function decodeArgs(file: string): string[] {
  return [...START, '-f', 'h264', '-i', `file:${file}`, ...RAW_OUT];
}

/** The same pictures without any encoder, to compare with. */
export function referenceArgs(): string[] {
  return [...START, ...PICTURES, ...RAW_OUT];
}

const RAW_OUT = ['-an', '-pix_fmt', TRIAL_PIXEL_FORMAT, '-f', 'rawvideo', 'pipe:1'];

export const FRAME_BYTES = (TRIAL_WIDTH * TRIAL_HEIGHT * 3) / 2;

/**
 * Mean difference of the luma planes, 0..255. A broken driver delivers the right number of green or torn pictures
 * with exit code 0; a good encode at its default rate stays below 6.
 */
export function lumaDifference(a: Uint8Array, b: Uint8Array): number {
  const lumaBytes = TRIAL_WIDTH * TRIAL_HEIGHT;
  const frames = Math.min(Math.floor(a.length / FRAME_BYTES), Math.floor(b.length / FRAME_BYTES));
  if (frames === 0) return 255;
  let sum = 0;
  for (let frame = 0; frame < frames; frame += 1) {
    const start = frame * FRAME_BYTES;
    for (let index = start; index < start + lumaBytes; index += 1) sum += Math.abs((a[index] ?? 0) - (b[index] ?? 0));
  }
  return sum / (frames * lumaBytes);
}

/** Names of encoders in the output of `ffmpeg -encoders`. */
export function parseEncoders(output: string): ReadonlySet<string> {
  return new Set([...output.matchAll(/^ V[A-Z.]{5} (?<name>\S+)/gm)].map((match) => match.groups?.['name'] ?? ''));
}

/** First render node of the machine; the usual first one where there is none, so that the trial says so itself. */
export async function firstRenderNode(): Promise<string> {
  const names = await readdir('/dev/dri').catch(() => []);
  const node = names.filter((name) => name.startsWith('renderD')).sort()[0] ?? 'renderD128';
  return `/dev/dri/${node}`;
}
