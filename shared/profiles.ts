/**
 * Profiles are versioned contracts kept as data (media.md): once released, `_v1` never changes its meaning.
 * Each entry is complete enough that two people would write the same tool arguments from it.
 */

/** x264 and AAC encode differently with other thread counts, so the count is part of the contract. */
interface ReviewVideo {
  readonly codec: 'libx264';
  readonly h264Profile: 'high';
  readonly pixelFormat: 'yuv420p';
  readonly colour: 'bt709';
  readonly preset: 'veryfast';
  readonly crf: number;
  readonly maxBitrateKbps: number;
  readonly bufferKbits: number;
  /** Long and short edge of the box a landscape picture must fit; a portrait one uses it turned. Never upscaled. */
  readonly box: { readonly long: number; readonly short: number };
  readonly maxKeyFrameDistanceSeconds: number;
  readonly threads: number;
}

interface ReviewAudio {
  readonly codec: 'aac';
  readonly bitrateKbps: number;
  /** Mono stays mono, everything else becomes a stereo mix of all streams (media.md). */
  readonly channels: 'mono-or-stereo-mix';
}

export interface ReviewProxyProfile {
  readonly name: string;
  readonly family: 'review';
  readonly container: 'mp4';
  readonly contentType: 'video/mp4';
  readonly video: ReviewVideo;
  readonly audio: ReviewAudio;
  /** Used when the source has sound and no picture. */
  readonly soundOnly: {
    readonly container: 'm4a';
    readonly contentType: 'audio/mp4';
    readonly codec: 'aac';
    readonly bitrateKbps: number;
    readonly maxChannels: number;
  };
  /** Fields read back from the result and compared with the source. */
  readonly compared: readonly ParityField[];
}

export type ParityField =
  | 'duration'
  | 'has_video'
  | 'has_audio'
  | 'video_codec'
  | 'pixel_format'
  | 'dimensions'
  | 'display_aspect'
  | 'audio_channels'
  | 'key_frame_distance'
  | 'first_and_last_frame';

export type ProxyProfile = ReviewProxyProfile;

const review = (
  name: string,
  box: ReviewVideo['box'],
  maxBitrateKbps: number,
  audioKbps: number,
): ReviewProxyProfile => ({
  name,
  family: 'review',
  container: 'mp4',
  contentType: 'video/mp4',
  video: {
    codec: 'libx264',
    h264Profile: 'high',
    pixelFormat: 'yuv420p',
    colour: 'bt709',
    preset: 'veryfast',
    crf: 23,
    maxBitrateKbps,
    bufferKbits: maxBitrateKbps * 2,
    box,
    maxKeyFrameDistanceSeconds: 2,
    threads: 4,
  },
  audio: { codec: 'aac', bitrateKbps: audioKbps, channels: 'mono-or-stereo-mix' },
  soundOnly: { container: 'm4a', contentType: 'audio/mp4', codec: 'aac', bitrateKbps: 128, maxChannels: 2 },
  compared: [
    'duration',
    'has_video',
    'has_audio',
    'video_codec',
    'pixel_format',
    'dimensions',
    'display_aspect',
    'audio_channels',
    'key_frame_distance',
    'first_and_last_frame',
  ],
});

export const PROXY_PROFILES = {
  video_review_default_v1: review('video_review_default_v1', { long: 1280, short: 720 }, 4000, 128),
  video_review_1080p_v1: review('video_review_1080p_v1', { long: 1920, short: 1080 }, 8000, 160),
} as const satisfies Record<string, ProxyProfile>;

export const DEFAULT_PROXY_PROFILE = 'video_review_default_v1';

interface ThumbnailImage {
  readonly contentType: 'image/webp';
  readonly codec: 'libwebp';
  /** Pixels; a narrower source keeps its width. */
  readonly width: number;
  /** libwebp quality 0..100 and compression effort 0..6. */
  readonly quality: number;
  readonly effort: number;
}

export type ThumbnailProfile =
  | {
      readonly name: string;
      readonly layout: 'representative';
      readonly image: ThumbnailImage;
      /** Clips under `shortClipSeconds`: max(1 s, 10 %); longer ones: min(5 %, 20 s). */
      readonly moment: {
        readonly shortClipSeconds: number;
        readonly shortAtLeastSeconds: number;
        readonly shortFraction: number;
        readonly longFraction: number;
        readonly longAtMostSeconds: number;
      };
    }
  | { readonly name: string; readonly layout: 'storyboard'; readonly image: ThumbnailImage; readonly count: number };

const image480: ThumbnailImage = { contentType: 'image/webp', codec: 'libwebp', width: 480, quality: 80, effort: 4 };

export const THUMBNAIL_PROFILES = {
  video_representative_v1: {
    name: 'video_representative_v1',
    layout: 'representative',
    image: image480,
    moment: {
      shortClipSeconds: 120,
      shortAtLeastSeconds: 1,
      shortFraction: 0.1,
      longFraction: 0.05,
      longAtMostSeconds: 20,
    },
  },
  video_storyboard_v1: { name: 'video_storyboard_v1', layout: 'storyboard', image: image480, count: 10 },
} as const satisfies Record<string, ThumbnailProfile>;

export const DEFAULT_THUMBNAIL_PROFILE = 'video_representative_v1';

export interface TranscriptionProfile {
  readonly name: string;
  /** `mix`: all audio streams together; one transcript. */
  readonly tracks: 'mix';
  readonly sampleRateHz: 16000;
  readonly threads: number;
  readonly temperature: number;
  readonly beamSize: number;
}

export const TRANSCRIPTION_PROFILES = {
  speech_default_v1: {
    name: 'speech_default_v1',
    tracks: 'mix',
    sampleRateHz: 16000,
    threads: 4,
    temperature: 0,
    beamSize: 5,
  },
} as const satisfies Record<string, TranscriptionProfile>;

export const DEFAULT_TRANSCRIPTION_PROFILE = 'speech_default_v1';

/** The waveform has no profile input; its numbers are fixed by media.md. */
export const WAVEFORM = {
  datVersion: 2,
  bits: 8,
  samplesPerPixel: 256,
  maxChannels: 2,
  bucketCount: 1000,
  minBucketCount: 100,
  /** Digits after the point of an inline sample. */
  decimals: 4,
} as const;

/** Looks a profile up by name; undefined means `UNKNOWN_PROFILE`, never a silent substitute. */
export function findProfile<P>(registry: Readonly<Record<string, P>>, name: string): P | undefined {
  return Object.hasOwn(registry, name) ? registry[name] : undefined;
}
