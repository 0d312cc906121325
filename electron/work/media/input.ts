/**
 * The one place that spells how ffmpeg and ffprobe open media (media.md, "Untrusted input"): no other protocol than
 * the file itself, only the containers and decoders a studio's rushes use, and bounds on what a header can ask for.
 */

/** ffmpeg demuxer names of the containers in media.md, "Sources that must work". Stills never come here: media-worker. */
const INPUT_FORMATS = [
  'mov,mp4,m4a,3gp,3g2,mj2',
  'matroska,webm',
  'mpegts',
  'mpeg',
  'mxf',
  'avi',
  'dv',
  'wav',
  'w64',
  'aiff',
  'caf',
  'mp3',
  'aac',
  'flac',
  'ogg',
] as const;

const names = (text: string): readonly string[] => text.split(' ');

const PICTURE_DECODERS = [
  names('h264 hevc mpeg1video mpeg2video mpeg4 h263 vp8 vp9 av1 libdav1d libaom-av1'),
  names('prores dnxhd cfhd dvvideo mjpeg rawvideo v210 ffv1'),
  // Cover art in MP3, M4A and FLAC: ffprobe ends with an error if it may not open one of the streams.
  names('png bmp gif webp tiff'),
];

const SOUND_DECODERS = [
  names('aac aac_fixed aac_latm ac3 ac3_fixed eac3 mp1 mp1float mp2 mp2float mp3 mp3float'),
  names('flac alac opus libopus vorbis libvorbis amrnb amrwb libopencore_amrnb dvaudio s302m'),
  names('adpcm_ima_wav adpcm_ima_qt adpcm_ms pcm_bluray pcm_dvd pcm_alaw pcm_mulaw pcm_s8 pcm_u8'),
  names('pcm_s16le pcm_s16be pcm_s24le pcm_s24be pcm_s32le pcm_s32be pcm_f32le pcm_f32be pcm_f64le pcm_f64be'),
  names('dca truehd mlp wmav1 wmav2 wmapro wavpack'),
  names('pcm_s16le_planar pcm_s24le_planar pcm_s32le_planar'),
];

/** Nothing here uses captions, but ffprobe 5.1 ends with code 1 when a stream's decoder is not on its list. */
const CAPTION_DECODERS = [
  names('mov_text subrip srt text ass ssa webvtt cc_dec dvbsub dvdsub pgssub xsub libzvbi_teletextdec'),
];

/** ffmpeg decoder names; a codec outside the list is refused by name, as UNSUPPORTED_MEDIA. */
export const INPUT_DECODERS: readonly string[] = [PICTURE_DECODERS, SOUND_DECODERS, CAPTION_DECODERS].flat(2);

/** 16k × 8k, above every camera of the formats we read; a forged header asking for more is refused. */
const MAX_PIXELS = 16_384 * 8_640;
/** A long MXF carries 16 to 32 mono tracks, a transport stream a few programmes. */
const MAX_STREAMS = 256;
/** One 8K 4:4:4 16-bit frame is 200 MB; the index of a three-hour clip far less. */
const MAX_ALLOC_BYTES = 1 << 30;

interface InputOptions {
  /** Default `ffmpeg`; `ffprobe` has no `-nostdin`. */
  readonly tool?: 'ffmpeg' | 'ffprobe';
  /** Options of this input, such as `-ss 3` or `-skip_frame nokey`. */
  readonly before?: readonly string[];
  /**
   * Decoders beyond the list that ffprobe may open, for streams that nobody reads: it ends when it cannot open one of a
   * file's streams. Opened is not run: libavformat keeps to the list, and only frames of listed streams are asked for.
   */
  readonly openOnly?: readonly string[] | undefined;
  /** ffmpeg's names of the containers it may be; absent: those of sources. */
  readonly formats?: readonly string[];
}

const IGNORING_LENGTH = 'ignore-length,';

/** The input of a WAV that is read to the end of the file, whatever its header says; for `inputArgs` alone. */
export function ignoringLength(input: string): string {
  return `${IGNORING_LENGTH}${input}`;
}

const WHOLE_PICTURE = 'whole-picture,';

/** The input of a file whose pictures are shown whole, where the tool would crop them to what the file calls clean. */
export function wholePicture(input: string): string {
  return `${WHOLE_PICTURE}${input}`;
}

/**
 * Arguments that open one source, ending in `-i <source>`. They may be repeated for further inputs of one command.
 * @param input `source.input`: `/dev/fd/3` with the descriptor passed along, or an absolute path; a bare path would be
 *   read as a protocol at its first colon, hence `file:`.
 */
export function inputArgs(input: string, options: InputOptions = {}): string[] {
  return [
    options.tool === 'ffprobe' ? [] : ['-nostdin'],
    ['-max_alloc', String(MAX_ALLOC_BYTES)],
    ['-protocol_whitelist', 'file'],
    ['-format_whitelist', (options.formats ?? INPUT_FORMATS).join(',')],
    ['-codec_whitelist', INPUT_DECODERS.join(',')],
    openOnly(options.openOnly),
    ['-max_pixels', String(MAX_PIXELS)],
    ['-max_streams', String(MAX_STREAMS)],
    options.before ?? [],
    opened(input, options.tool === 'ffprobe'),
  ].flat();
}

function opened(input: string, isProbe: boolean): readonly string[] {
  if (input.startsWith(IGNORING_LENGTH)) {
    return ['-ignore_length', '1', '-i', `file:${input.slice(IGNORING_LENGTH.length)}`];
  }
  if (!input.startsWith(WHOLE_PICTURE)) return ['-i', `file:${input}`];
  // ffmpeg 7.1 has the option, as it has the cropping; what a codec itself crops (1088 lines to 1080) stays cropped.
  return [...(isProbe ? [] : ['-apply_cropping', 'codec']), '-i', `file:${input.slice(WHOLE_PICTURE.length)}`];
}

/** The option of a kind of stream is the decoder's alone; the one without a kind is libavformat's, too. */
function openOnly(decoders: readonly string[] = []): readonly string[] {
  const all = [...INPUT_DECODERS, ...decoders].join(',');
  return decoders.length === 0 ? [] : ['v', 'a', 's'].flatMap((kind) => [`-codec_whitelist:${kind}`, all]);
}

/**
 * What every ffmpeg command begins with: lines on stderr carry their level, nothing is folded, no banner.
 * @param level `verbose` where what the filter graphs say of themselves is listened to (sound-formats.ts)
 */
export function ffmpegStart(level: 'warning' | 'verbose' = 'warning'): string[] {
  return ['-hide_banner', ...(level === 'verbose' ? ['-nostats'] : []), '-loglevel', `repeat+level+${level}`];
}
