import { argv } from './argv.ts';

/** Hardware H.264 encoders of ffmpeg as data (media.md, Encoders): who they are and how they are given pictures. */

type HardwareName = 'h264_nvenc' | 'h264_qsv' | 'h264_vaapi' | 'h264_videotoolbox' | 'h264_amf' | 'h264_mf';

/** Planar formats a profile can ask for; what an encoder wants to be handed for it. */
export type EncodedPixelFormat = 'yuv420p' | 'yuv422p';

/** Bytes per pixel of the planar format, 8 bit. */
export const PIXEL_BYTES: Readonly<Record<EncodedPixelFormat, number>> = { yuv420p: 1.5, yuv422p: 2 };

export interface HardwareEncoder {
  readonly name: HardwareName;
  /** Devices it may run on, by vendor or name. */
  readonly vendors: RegExp;
  /** Profile's pixel format → format of the pictures it takes. */
  readonly takes: Readonly<Partial<Record<EncodedPixelFormat, string>>>;
  /** Pictures are uploaded into the device that `-vaapi_device` names. */
  readonly uploads: boolean;
  /** Fixed options. */
  readonly always: readonly string[];
  /** Options for a constant quality (x264's scale) under a largest rate, or without one. */
  readonly rate: (options: RateOptions) => readonly string[];
}

interface RateOptions {
  /** x264 CRF of the software profile. */
  readonly crf: number;
  readonly maxKbps?: number;
  readonly bufferKbits?: number;
  /** Kb/s at which this size and rate looks as good as the software profile, for encoders without a quality scale. */
  readonly usualKbps: number;
}

interface HardwareOptions extends RateOptions {
  readonly pixelFormat: EncodedPixelFormat;
  /** Pictures between two key frames, at most. */
  readonly keyFrameInterval: number;
  readonly bFrames?: number;
}

/** A proved encoder and the device file of VAAPI. */
export interface HardwareChoice {
  readonly encoder: HardwareEncoder;
  /** Such as /dev/dri/renderD128. */
  readonly renderNode: string;
}

const capped = ({ maxKbps, bufferKbits }: RateOptions): readonly string[] =>
  maxKbps === undefined ? [] : ['-maxrate', `${maxKbps}k`, '-bufsize', `${bufferKbits ?? 2 * maxKbps}k`];

const average = (options: RateOptions): readonly string[] => [
  '-b:v',
  `${Math.round(Math.min(options.usualKbps, (options.maxKbps ?? Infinity) * 0.75))}k`,
];

/** At the same number hardware is a little worse than x264, and rates are for review. */
const quality = ({ crf }: RateOptions): string => String(crf + 1);

/** In the order in which they are preferred. */
export const HARDWARE_ENCODERS: readonly HardwareEncoder[] = [
  {
    name: 'h264_nvenc',
    vendors: /nvidia/i,
    takes: { yuv420p: 'yuv420p', yuv422p: 'yuv422p' },
    uploads: false,
    always: argv('-preset p4 -no-scenecut 1'),
    rate: (options) => ['-rc', 'vbr', '-cq', quality(options), '-b:v', '0', ...capped(options)],
  },
  {
    name: 'h264_qsv',
    vendors: /intel/i,
    takes: { yuv420p: 'nv12' },
    uploads: false,
    always: argv('-preset veryfast -look_ahead 0'),
    rate: (options) =>
      options.maxKbps === undefined ? ['-global_quality', quality(options)] : [...average(options), ...capped(options)],
  },
  {
    name: 'h264_vaapi',
    vendors: /intel|amd|advanced micro|ati\b/i,
    takes: { yuv420p: 'nv12' },
    uploads: true,
    always: [],
    rate: (options) =>
      options.maxKbps === undefined
        ? ['-rc_mode', 'CQP', '-qp', quality(options)]
        : ['-rc_mode', 'VBR', ...average(options), ...capped(options)],
  },
  {
    name: 'h264_videotoolbox',
    vendors: /apple|amd|intel/i,
    takes: { yuv420p: 'yuv420p' },
    uploads: false,
    always: argv('-allow_sw 0 -realtime 0'),
    rate: (options) => [...average(options), ...capped(options)],
  },
  {
    name: 'h264_amf',
    vendors: /amd|advanced micro|ati\b/i,
    takes: { yuv420p: 'nv12' },
    uploads: false,
    always: argv('-usage transcoding -quality speed'),
    rate: (options) =>
      options.maxKbps === undefined
        ? ['-rc', 'cqp', '-qp_i', quality(options), '-qp_p', quality(options)]
        : ['-rc', 'vbr_peak', ...average(options), ...capped(options)],
  },
  {
    name: 'h264_mf',
    vendors: /./,
    takes: { yuv420p: 'nv12' },
    uploads: false,
    // Without it Windows may hand back Microsoft's software encoder under this name.
    always: argv('-hw_encoding 1'),
    rate: (options) => ['-rate_control', 'pc_vbr', ...average(options), ...capped(options)],
  },
];

/** Options before the input. */
export function hardwareDeviceArgs({ encoder, renderNode }: HardwareChoice): readonly string[] {
  return encoder.uploads ? ['-vaapi_device', renderNode] : [];
}

/** What follows the last filter of the pictures: empty, or begins with a comma. */
export function hardwareFilters({ encoder }: HardwareChoice, pixelFormat: EncodedPixelFormat): string {
  return encoder.uploads ? `,format=${encoder.takes[pixelFormat] ?? pixelFormat},hwupload` : '';
}

/** Options of the encoder itself, pixel format included; High profile, as every profile of ours that may use it. */
export function hardwareCodecArgs({ encoder }: HardwareChoice, options: HardwareOptions): readonly string[] {
  return [
    ['-c:v', encoder.name],
    encoder.uploads ? [] : ['-pix_fmt', encoder.takes[options.pixelFormat] ?? options.pixelFormat],
    encoder.always,
    encoder.rate(options),
    // High 4:2:2 is a profile of its own, which encoders choose by the format.
    options.pixelFormat === 'yuv420p' ? ['-profile:v', 'high'] : [],
    ['-g', String(options.keyFrameInterval)],
    options.bFrames === undefined ? [] : ['-bf', String(options.bFrames)],
  ].flat();
}

/** 0.08 bits per pixel of each picture: about what x264 veryfast takes at CRF 23 for camera pictures. */
export function usualKbps(width: number, height: number, framesPerSecond: number): number {
  return Math.max(200, Math.round((width * height * framesPerSecond * 0.08) / 1000));
}
