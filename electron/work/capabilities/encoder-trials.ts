import { readdir } from 'node:fs/promises';
import {
  HARDWARE_ENCODERS,
  hardwareCodecArgs,
  hardwareDeviceArgs,
  hardwareFilters,
  PIXEL_BYTES,
  type EncodedPixelFormat,
  type HardwareChoice,
} from '../media/hardware-encoders.ts';
import { keysOf } from '../../../shared/objects.ts';

/** One encoder with one pixel format: what works in 4:2:0 may well fail in 4:2:2. */
export interface EncoderTrial {
  readonly choice: HardwareChoice;
  readonly pixelFormat: EncodedPixelFormat;
}

/** Above every encoder's smallest picture, and small enough for a trial of 0.1 s. */
const TRIAL_WIDTH = 640;
const TRIAL_HEIGHT = 368;
export const TRIAL_FRAMES = 12;

const TEST_PICTURE = `testsrc2=size=${String(TRIAL_WIDTH)}x${String(TRIAL_HEIGHT)}:rate=25`;
const PICTURES = ['-f', 'lavfi', '-i', TEST_PICTURE, '-frames:v', String(TRIAL_FRAMES)];

/** Every encoder with every pixel format it might take. @param renderNode VAAPI's device file. */
export function encoderTrials(renderNode: string): readonly EncoderTrial[] {
  return HARDWARE_ENCODERS.flatMap((encoder) =>
    keysOf(PIXEL_BYTES)
      .filter((pixelFormat) => encoder.takes[pixelFormat] !== undefined)
      .map((pixelFormat) => ({ choice: { encoder, renderNode }, pixelFormat })),
  );
}

const START = ['-hide_banner', '-nostdin', '-loglevel', 'error', '-y'];

/** With the very options a job uses. */
export function encodeArgs({ choice, pixelFormat }: EncoderTrial, file: string): string[] {
  const options = { pixelFormat, crf: 23, maxKbps: 4000, bufferKbits: 8000, usualKbps: 2000, keyFrameInterval: 10 };
  return [
    ...START,
    ...hardwareDeviceArgs(choice),
    ...PICTURES,
    ...['-vf', `format=${pixelFormat}${hardwareFilters(choice, pixelFormat)}`],
    ...hardwareCodecArgs(choice, options),
    ...['-f', 'h264', file],
  ];
}

/**
 * Decodes with the software decoder to raw pictures on stdout, in the format they were encoded in: what was encoded
 * must be readable everywhere, and an encoder that quietly made 4:2:0 of 4:2:2 gives too few bytes.
 */
export function decodeArgs(file: string): string[] {
  return [...START, '-f', 'h264', '-i', `file:${file}`, '-an', '-f', 'rawvideo', 'pipe:1'];
}

/** The same pictures without any encoder, to compare with. */
export function referenceArgs(pixelFormat: EncodedPixelFormat = 'yuv420p'): string[] {
  return [...START, ...PICTURES, '-an', '-pix_fmt', pixelFormat, '-f', 'rawvideo', 'pipe:1'];
}

export const frameBytes = (pixelFormat: EncodedPixelFormat): number =>
  TRIAL_WIDTH * TRIAL_HEIGHT * PIXEL_BYTES[pixelFormat];

/**
 * Mean difference of the luma planes, 0..255. A broken driver delivers the right number of green or torn pictures
 * with exit code 0; a good encode at its default rate stays below 6.
 */
export function lumaDifference(a: Uint8Array, b: Uint8Array, pixelFormat: EncodedPixelFormat = 'yuv420p'): number {
  const lumaBytes = TRIAL_WIDTH * TRIAL_HEIGHT;
  const whole = frameBytes(pixelFormat);
  const frames = Math.min(Math.floor(a.length / whole), Math.floor(b.length / whole));
  if (frames === 0) return 255;
  let sum = 0;
  for (let frame = 0; frame < frames; frame += 1) {
    const start = frame * whole;
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
