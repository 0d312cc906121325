import type { ReviewProxyProfile } from '../../../shared/profiles.ts';
import { ffmpegStart, inputArgs } from './input.ts';
import { MIX_SAMPLE_RATE_HZ, mixSound, type SoundMix } from './mix.ts';
import { audioStreams, type AudioStream, type Probe, type Ratio, type VideoStream } from './probe.ts';
import { PROGRESS_ARGS } from './progress.ts';
import { reviewFilters, reviewSize, type Size } from './proxy-picture.ts';
import { keyFrameInterval, steadyRate } from './proxy-rate.ts';

/** What will be made of one source, decided before anything runs. */
export type ProxyPlan =
  | {
      readonly kind: 'picture';
      readonly video: VideoStream;
      readonly size: Size;
      readonly rate: Ratio;
      readonly audio: readonly AudioStream[];
      readonly sound: SoundMix | undefined;
    }
  | { readonly kind: 'sound'; readonly audio: readonly AudioStream[]; readonly sound: SoundMix };

/**
 * @param video the picture to use, or undefined for a source that has none (cover art is none).
 * undefined: neither picture nor sound.
 */
export function planProxy(
  probe: Probe,
  video: VideoStream | undefined,
  profile: ReviewProxyProfile,
): ProxyPlan | undefined {
  const audio = audioStreams(probe);
  const sound = mixSound(audio);
  if (video === undefined) return sound === undefined ? undefined : { kind: 'sound', audio, sound };
  return {
    kind: 'picture',
    video,
    size: reviewSize(video, profile.video.box),
    rate: steadyRate(video),
    audio,
    sound,
  };
}

/** Same bytes on every run: no tool versions, no dates, nothing copied from the source. */
const BIT_EXACT = words('-map_metadata -1 -map_chapters -1 -fflags +bitexact -flags:v +bitexact -flags:a +bitexact');

/** Decoding may use as many threads as the profile's encoder: the count is a cap on load and never changes pictures. */
const DECODER_THREADS = 4;

/**
 * ffmpeg arguments of one review proxy, in a single run.
 * @param input `source.input`
 * @param output absolute path of a file that is overwritten
 */
export function proxyArgs(plan: ProxyPlan, profile: ReviewProxyProfile, input: string, output: string): string[] {
  return [
    ffmpegStart(),
    ['-y', '-filter_threads', String(DECODER_THREADS), '-filter_complex_threads', String(DECODER_THREADS)],
    inputArgs(input, { before: ['-threads', String(DECODER_THREADS)] }),
    PROGRESS_ARGS,
    plan.sound === undefined ? [] : ['-filter_complex', plan.sound.graph],
    plan.kind === 'picture' ? pictureArgs(plan, profile) : [],
    plan.sound === undefined ? [] : ['-map', '[mix]'],
    plan.sound === undefined ? [] : soundArgs(plan, plan.sound, profile),
    BIT_EXACT,
    // 128 packets, the default, are too few where the sound begins long after the picture.
    words('-max_muxing_queue_size 4096 -movflags +faststart'),
    ['-f', plan.kind === 'picture' ? 'mp4' : 'ipod', `file:${output}`],
  ].flat();
}

function pictureArgs(plan: Extract<ProxyPlan, { kind: 'picture' }>, profile: ReviewProxyProfile): string[] {
  const { video } = profile;
  return [
    ['-map', `0:${plan.video.index}`, '-vf', reviewFilters(plan.video, plan.size, plan.rate)],
    ['-c:v', video.codec, '-preset', video.preset, '-profile:v', video.h264Profile, '-pix_fmt', video.pixelFormat],
    ['-crf', String(video.crf), '-maxrate', `${video.maxBitrateKbps}k`, '-bufsize', `${video.bufferKbits}k`],
    ['-g', String(keyFrameInterval(plan.rate, video.maxKeyFrameDistanceSeconds)), '-threads:v', String(video.threads)],
    ['-color_primaries', video.colour, '-color_trc', video.colour, '-colorspace', video.colour, '-color_range', 'tv'],
  ].flat();
}

function soundArgs(plan: ProxyPlan, sound: SoundMix, profile: ReviewProxyProfile): string[] {
  const { codec, bitrateKbps } = plan.kind === 'picture' ? profile.audio : profile.soundOnly;
  return [
    ['-c:a', codec, '-b:a', `${bitrateKbps}k`],
    ['-ar', String(MIX_SAMPLE_RATE_HZ), '-ac', String(sound.channels)],
  ].flat();
}

function words(text: string): readonly string[] {
  return text.split(' ');
}
