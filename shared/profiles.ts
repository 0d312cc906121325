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
  /** Parts of each picture that are encoded side by side, a thread for each. */
  readonly slices: number;
  /** Block sizes that x264 tries beside the whole block of 16×16, in its own words (`--partitions`). */
  readonly partitions: string;
}

interface ReviewAudio {
  readonly codec: 'aac';
  readonly bitrateKbps: number;
  /** Mono stays mono, everything else becomes a stereo mix of all streams (media.md). */
  readonly channels: 'mono-or-stereo-mix';
}

interface SoundOnly {
  readonly container: 'm4a';
  readonly contentType: 'audio/mp4';
  readonly codec: 'aac';
  readonly bitrateKbps: number;
  readonly maxChannels: number;
}

export interface ReviewProxyProfile {
  readonly name: string;
  readonly family: 'review';
  readonly container: 'mp4';
  readonly contentType: 'video/mp4';
  readonly video: ReviewVideo;
  readonly audio: ReviewAudio;
  /** Used when the source has sound and no picture. */
  readonly soundOnly: SoundOnly;
  /** Fields read back from the result and compared with the source. */
  readonly compared: readonly ParityField[];
}

/** How a codec of an editing proxy is driven. The thread count is part of the contract: it changes x264's pictures. */
export type EditVideo =
  | {
      readonly codec: 'libx264';
      readonly h264Profile: 'high';
      readonly preset: 'veryfast';
      readonly crf: number;
      /** Without B frames decoding order is showing order: a player scrubs backwards without detours. */
      readonly bFrames: 0;
      readonly maxKeyFrameDistanceSeconds: number;
      readonly threads: number;
    }
  | { readonly codec: 'prores_ks'; readonly proresProfile: 'proxy'; readonly vendor: 'apl0'; readonly threads: number }
  | { readonly codec: 'dnxhd'; readonly dnxProfile: 'dnxhr_lb'; readonly threads: number };

export interface EditProxyProfile {
  readonly name: string;
  readonly family: 'edit';
  readonly container: 'mov';
  readonly contentType: 'video/quicktime';
  readonly video: EditVideo;
  readonly pixelFormat: 'yuv420p' | 'yuv422p' | 'yuv422p10le';
  /** What ffprobe calls the result: codec and, where the codec has one, profile. */
  readonly readAs: { readonly codec: string; readonly profile: string };
  readonly size: 'half' | 'source';
  /** What the codec can hold; a source outside is refused by name or, for `heightStep`, kept in full size. */
  readonly limits: {
    readonly interlaced: boolean;
    readonly evenSource: boolean;
    readonly minWidth: number;
    readonly minHeight: number;
    /** An interlaced picture's height must be a multiple of it. */
    readonly interlacedHeightStep: 2 | 4;
  };
  /** Colour matrices (ffprobe's names) that the stream can name; a picture in another one is converted to BT.709. */
  readonly matrices: readonly string[];
  readonly audio: {
    readonly codec: 'pcm_s24le';
    /** Where a source's samples have 16 bits or fewer. */
    readonly codec16: 'pcm_s16le';
  };
  readonly soundOnly: SoundOnly;
  readonly compared: readonly ParityField[];
}

export type ParityField =
  | 'audible'
  | 'frame_count'
  | 'frame_rate'
  | 'timecode'
  | 'drop_frame'
  | 'reel_name'
  | 'field_order'
  | 'audio_streams'
  | 'audio_sample_rates'
  | 'rotation'
  | 'colour'
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

export type ProxyProfile = ReviewProxyProfile | EditProxyProfile;

const SOUND_ONLY: SoundOnly = {
  container: 'm4a',
  contentType: 'audio/mp4',
  codec: 'aac',
  bitrateKbps: 128,
  maxChannels: 2,
};

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
    // x264's rate cap looks at what threads for other pictures have written so far: with those every run differs. With
    // threads for parts of one picture it does not, and as many on every machine make the same bytes on every machine.
    slices: 4,
    // The preset's without those of B pictures, which cost a twentieth of the time and save next to nothing.
    partitions: 'p8x8,i8x8,i4x4',
  },
  audio: { codec: 'aac', bitrateKbps: audioKbps, channels: 'mono-or-stereo-mix' },
  soundOnly: SOUND_ONLY,
  compared: [
    'duration',
    'has_video',
    'has_audio',
    'video_codec',
    'pixel_format',
    'dimensions',
    'display_aspect',
    'audio_channels',
    'audible',
    'key_frame_distance',
    'first_and_last_frame',
  ],
});

/** What an NLE checks before it attaches a proxy to its source, and what a finished file is read back for. */
const ATTACHED: readonly ParityField[] = [
  'has_video',
  'frame_count',
  'frame_rate',
  'duration',
  'timecode',
  'drop_frame',
  'reel_name',
  'field_order',
  'audio_streams',
  'audio_channels',
  'audio_sample_rates',
  'display_aspect',
  'rotation',
  'dimensions',
  'video_codec',
  'pixel_format',
  'colour',
  'first_and_last_frame',
];

const edit = (
  name: string,
  given: Pick<EditProxyProfile, 'video' | 'pixelFormat' | 'readAs' | 'size' | 'limits' | 'matrices'>,
): EditProxyProfile => ({
  name,
  family: 'edit',
  container: 'mov',
  contentType: 'video/quicktime',
  ...given,
  audio: { codec: 'pcm_s24le', codec16: 'pcm_s16le' },
  soundOnly: SOUND_ONLY,
  compared: given.video.codec === 'libx264' ? [...ATTACHED, 'key_frame_distance'] : ATTACHED,
});

export const PROXY_PROFILES = {
  video_review_default_v1: review('video_review_default_v1', { long: 1280, short: 720 }, 4000, 128),
  video_review_1080p_v1: review('video_review_1080p_v1', { long: 1920, short: 1080 }, 8000, 160),
  edit_h264_half_v1: edit('edit_h264_half_v1', {
    video: {
      codec: 'libx264',
      h264Profile: 'high',
      preset: 'veryfast',
      crf: 21,
      bFrames: 0,
      maxKeyFrameDistanceSeconds: 0.5,
      threads: 4,
    },
    pixelFormat: 'yuv420p',
    readAs: { codec: 'h264', profile: 'High' },
    size: 'half',
    limits: { interlaced: true, evenSource: false, minWidth: 16, minHeight: 16, interlacedHeightStep: 4 },
    matrices: ['bt709', 'bt470bg', 'smpte170m', 'smpte240m', 'bt2020nc', 'bt2020c'],
  }),
  edit_prores_proxy_v1: edit('edit_prores_proxy_v1', {
    video: { codec: 'prores_ks', proresProfile: 'proxy', vendor: 'apl0', threads: 4 },
    pixelFormat: 'yuv422p10le',
    readAs: { codec: 'prores', profile: 'Proxy' },
    size: 'half',
    limits: { interlaced: true, evenSource: false, minWidth: 16, minHeight: 16, interlacedHeightStep: 2 },
    matrices: ['bt709', 'smpte170m', 'bt2020nc'],
  }),
  edit_dnxhr_lb_v1: edit('edit_dnxhr_lb_v1', {
    video: { codec: 'dnxhd', dnxProfile: 'dnxhr_lb', threads: 4 },
    pixelFormat: 'yuv422p',
    readAs: { codec: 'dnxhd', profile: 'DNXHR LB' },
    size: 'source',
    limits: { interlaced: false, evenSource: true, minWidth: 256, minHeight: 120, interlacedHeightStep: 2 },
    matrices: ['bt709', 'bt2020nc'],
  }),
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
  | { readonly name: string; readonly layout: 'storyboard'; readonly image: ThumbnailImage; readonly count: number }
  | {
      readonly name: string;
      readonly layout: 'sprite';
      /** Of one tile; even sizes, so that tiles meet on whole chroma samples. */
      readonly image: ThumbnailImage;
      /** Tiles of a sheet; the last sheet ends with its last row. */
      readonly columns: number;
      readonly rows: number;
      /** One tile per max(`atLeastSeconds`, duration ÷ `atMostTiles`), the first at 0. */
      readonly interval: { readonly atLeastSeconds: number; readonly atMostTiles: number };
    };

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
  scrub_sprite_v1: {
    name: 'scrub_sprite_v1',
    layout: 'sprite',
    image: { ...image480, width: 320, quality: 75 },
    columns: 10,
    rows: 10,
    interval: { atLeastSeconds: 1, atMostTiles: 1000 },
  },
} as const satisfies Record<string, ThumbnailProfile>;

export const DEFAULT_THUMBNAIL_PROFILE = 'video_representative_v1';

export interface TranscriptionProfile {
  readonly name: string;
  /** `mix`: all audio streams together, one transcript. `each`: every audio stream by itself, segments carry its number. */
  readonly tracks: 'mix' | 'each';
  readonly sampleRateHz: 16000;
  readonly threads: number;
  /** Greedy: the most probable token each time. whisper.cpp's beam search is not to be had in every engine. */
  readonly strategy: 'greedy';
  readonly temperature: number;
  /** Added when a stretch was not decoded well enough, again and again up to 1; whisper.cpp's own default. */
  readonly temperatureStep: number;
  /** Guesses compared at a temperature above 0 (whisper.cpp: best_of). */
  readonly candidates: number;
  /** A stretch is without speech when the model says so with more than this probability (and decoded badly). */
  readonly noSpeechThreshold: number;
}

const speech = (name: string, tracks: TranscriptionProfile['tracks']): TranscriptionProfile => ({
  name,
  tracks,
  sampleRateHz: 16000,
  threads: 4,
  strategy: 'greedy',
  temperature: 0,
  temperatureStep: 0.2,
  candidates: 5,
  noSpeechThreshold: 0.6,
});

export const TRANSCRIPTION_PROFILES = {
  speech_default_v1: speech('speech_default_v1', 'mix'),
  speech_per_track_v1: speech('speech_per_track_v1', 'each'),
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

/** A source without picture gives one sound proxy, the same under every profile, and is compared as such. */
export const SOUND_PROXY_COMPARED: readonly ParityField[] = [
  'duration',
  'has_video',
  'has_audio',
  'audio_channels',
  'audible',
  'first_and_last_frame',
];
