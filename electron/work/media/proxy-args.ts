import type { ProxyProfile, ReviewProxyProfile } from '../../../shared/profiles.ts';
import {
  hardwareCodecArgs,
  hardwareDeviceArgs,
  hardwareFilters,
  usualKbps,
  type HardwareChoice,
} from './hardware-encoders.ts';
import { ffmpegStart, inputArgs } from './input.ts';
import { MIX_SAMPLE_RATE_HZ, mixSound, type SoundMix } from './mix.ts';
import { audioStreams, type AudioStream, type Probe, type Ratio, type VideoStream } from './probe.ts';
import { PROGRESS_ARGS } from './progress.ts';
import { lengthLimit } from './promised-length.ts';
import { settledInput } from './settled-sound-args.ts';
import { mayChangeFormat } from './sound-formats.ts';
import { MIX_SILENCE_FILTER } from './sound-silence.ts';
import { argv } from './argv.ts';
import { BIT_EXACT, DECODER_THREADS } from './proxy-bit-exact.ts';
import { editArgs } from './proxy-edit-args.ts';
import type { EditPlan } from './proxy-edit-plan.ts';
import { reviewFilters, reviewSize, sameGraph, type Size } from './proxy-picture.ts';
import { keyFrameInterval, steadyRate } from './proxy-rate.ts';
import { ratioValue } from './rational.ts';

/** What will be made of one source, decided before anything runs. */
export type ProxyPlan = ReviewPlan | SoundPlan | EditPlan;

export interface ReviewPlan {
  readonly kind: 'picture';
  readonly profile: ReviewProxyProfile;
  readonly video: VideoStream;
  readonly size: Size;
  readonly rate: Ratio;
  /** Parts of each picture that are encoded side by side (x264-build.ts). */
  readonly slices: number;
  readonly audio: readonly AudioStream[];
  readonly sound: SoundMix | undefined;
  /** Path of the file that holds the sound of a source whose own changes its format (settled-sound-args.ts). */
  readonly settled?: string;
  /** Seconds at which the proxy ends whatever the source's times say (promised-length.ts). */
  readonly limitSeconds: number;
}

/** A source without picture: the same under every profile. */
export interface SoundPlan {
  readonly kind: 'sound';
  readonly profile: ProxyProfile;
  readonly audio: readonly AudioStream[];
  readonly sound: SoundMix;
  readonly settled?: string;
  readonly limitSeconds: number;
}

export function planReview(
  probe: Probe,
  video: VideoStream,
  profile: ReviewProxyProfile,
  slices: number = profile.video.slices,
): ReviewPlan {
  const audio = audioStreams(probe);
  const size = reviewSize(video, profile.video.box);
  const limitSeconds = lengthLimit(probe);
  return {
    kind: 'picture',
    profile,
    video,
    size,
    rate: steadyRate(video),
    slices,
    audio,
    sound: mixSound(audio, limitSeconds),
    limitSeconds,
  };
}

/** The plan with its sound taken from a file made before. */
export function withSettledSound<P extends ReviewPlan | SoundPlan>(
  plan: P,
  settled: { readonly path: string; readonly streams: readonly AudioStream[] },
): P {
  const sound = mixSound(settled.streams, plan.limitSeconds, 1);
  return sound === undefined ? plan : { ...plan, sound, settled: settled.path };
}

/** undefined: there is no sound. */
export function planSound(probe: Probe, profile: ProxyProfile): SoundPlan | undefined {
  const audio = audioStreams(probe);
  const sound = mixSound(audio, lengthLimit(probe));
  return sound === undefined ? undefined : { kind: 'sound', profile, audio, sound, limitSeconds: lengthLimit(probe) };
}

/**
 * ffmpeg arguments of one proxy, in a single run.
 * @param input `source.input`
 * @param output absolute path of a file that is overwritten
 * @param hardware encodes the picture instead of the profile's software encoder, which is the reference
 */
export function proxyArgs(plan: ProxyPlan, input: string, output: string, hardware?: HardwareChoice): string[] {
  return plan.kind === 'edit' ? editArgs(plan, input, output, hardware) : mixedArgs(plan, input, output, hardware);
}

/** A review proxy, or the sound alone. */
function mixedArgs(
  plan: ReviewPlan | SoundPlan,
  input: string,
  output: string,
  hardware: HardwareChoice | undefined,
): string[] {
  const isHeard = mayChangeFormat(plan.audio);
  return [
    // At its end it also tells how many pictures it decoded.
    ffmpegStart(isHeard || plan.kind === 'picture' ? 'verbose' : 'warning'),
    ['-y', '-filter_threads', String(DECODER_THREADS), '-filter_complex_threads', String(DECODER_THREADS)],
    hardware === undefined ? [] : hardwareDeviceArgs(hardware),
    inputArgs(input, {
      before: ['-threads', String(DECODER_THREADS), ...(plan.kind === 'picture' ? sameGraph(plan.video) : [])],
    }),
    plan.settled === undefined ? [] : settledInput(plan.settled),
    PROGRESS_ARGS,
    plan.sound === undefined
      ? []
      : ['-filter_complex', `${plan.sound.graph}${isHeard ? `;[mix]${MIX_SILENCE_FILTER}[heard]` : ''}`],
    plan.kind === 'picture' ? pictureArgs(plan, hardware) : [],
    plan.sound === undefined ? [] : ['-map', isHeard ? '[heard]' : '[mix]'],
    plan.sound === undefined ? [] : soundArgs(plan, plan.sound),
    BIT_EXACT,
    // 128 packets, the default, are too few where the sound begins long after the picture.
    argv('-max_muxing_queue_size 4096 -movflags +faststart'),
    ['-t', String(plan.limitSeconds)],
    ['-f', plan.kind === 'picture' ? 'mp4' : 'ipod', `file:${output}`],
  ].flat();
}

function pictureArgs(plan: ReviewPlan, hardware: HardwareChoice | undefined): string[] {
  const { video } = plan.profile;
  const interval = keyFrameInterval(plan.rate, video.maxKeyFrameDistanceSeconds);
  const filters = reviewFilters(plan.video, plan.size, plan.rate);
  const upload = hardware === undefined ? '' : hardwareFilters(hardware, video.pixelFormat);
  return [
    ['-map', `0:${plan.video.index}`, '-vf', `${filters}${upload}`],
    hardware === undefined ? softwareArgs(plan, interval) : reviewHardware(plan, hardware, interval),
    ['-color_primaries', video.colour, '-color_trc', video.colour, '-colorspace', video.colour, '-color_range', 'tv'],
  ].flat();
}

function softwareArgs({ profile: { video }, slices }: ReviewPlan, interval: number): string[] {
  const threads = slices === 1 ? 'threads=1' : `sliced-threads=1:threads=${slices}:sync-lookahead=0`;
  return [
    ['-c:v', video.codec, '-preset', video.preset, '-profile:v', video.h264Profile, '-pix_fmt', video.pixelFormat],
    ['-crf', String(video.crf), '-maxrate', `${video.maxBitrateKbps}k`, '-bufsize', `${video.bufferKbits}k`],
    ['-g', String(interval), '-x264-params', `${threads}:partitions=${video.partitions}`],
  ].flat();
}

function reviewHardware(plan: ReviewPlan, hardware: HardwareChoice, keyFrameInterval: number): readonly string[] {
  const { crf, pixelFormat, maxBitrateKbps, bufferKbits } = plan.profile.video;
  const usual = usualKbps(plan.size.width, plan.size.height, ratioValue(plan.rate));
  const rate = { crf, maxKbps: maxBitrateKbps, bufferKbits, usualKbps: usual };
  return hardwareCodecArgs(hardware, { ...rate, pixelFormat, keyFrameInterval });
}

function soundArgs(plan: ReviewPlan | SoundPlan, sound: SoundMix): string[] {
  const { codec, bitrateKbps } = plan.kind === 'picture' ? plan.profile.audio : plan.profile.soundOnly;
  return [
    ['-c:a', codec, '-b:a', `${bitrateKbps}k`],
    ['-ar', String(MIX_SAMPLE_RATE_HZ), '-ac', String(sound.channels)],
  ].flat();
}
