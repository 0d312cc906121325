import { join } from 'node:path';
import type { PROXY_PROFILES } from '../../shared/profiles.ts';
import { hasEncoder, made, madeFrom, mp3WithCover, photoFile, rotated, wavFile } from '../support/made-media.ts';
import { filmInVideo } from './film-made.ts';
import { cut } from './proxy-sources.ts';

/**
 * The sources of the media matrix. What is expected of a proxy is written down here, by the one who made the source,
 * and never taken from the agent's own reading of it.
 */

export type ProfileName = keyof typeof PROXY_PROFILES;

export interface MatrixSource {
  readonly name: string;
  readonly make: () => Promise<string>;
  /** Encoders that the making needs. */
  readonly needs?: readonly string[];
  readonly container: string;
  readonly picture: string;
  readonly frames: number;
  /** Frames per second as a fraction; the average of a variable rate. */
  readonly rate: string;
  /** When each frame is shown, in seconds from the first; absent: at the constant rate. */
  readonly times?: readonly number[];
  readonly scan: 'progressive' | 'top' | 'bottom';
  readonly rotation: 0 | 90 | 180 | 270;
  /** Shape of the shown picture before rotation. */
  readonly aspect: number;
  /** Channels of each audio stream, in order, and their sample rate. */
  readonly audio: readonly number[];
  readonly sampleRate: number;
  readonly bits: 16 | 24;
  readonly timecode?: string;
  readonly reel?: string;
  /** Of each audio stream, in ISO 639-2; absent: none is known. */
  readonly languages?: readonly string[];
  /** Primaries, transfer and matrix that a codec which can name them keeps; absent: not looked at. */
  readonly colour?: string;
  /** Documented reasons, by profile; `every` for all of them. */
  readonly refused: Partial<Record<ProfileName | 'every', RegExp>>;
  /** Frames may be missing at the beginning because the recording begins in the middle of a GOP. */
  readonly beginsLate?: boolean;
  readonly soundOnly?: boolean;
  /** Does this clip belong to the slice that `npm test` runs? */
  readonly slice?: boolean;
}

const split = (text: string): string[] => text.split(' ').filter((word) => word !== '');
const lavfi = (graph: string): string[] => ['-f', 'lavfi', '-i', graph];

/** Eight bits of the frame's number as black and white fields along the lower quarter of the picture. */
export const COUNTER = [
  'drawbox=x=0:y=ih*3/4:w=iw:h=ih:color=black:t=fill',
  ...Array.from(
    { length: 8 },
    (_, bit) => `drawbox=x=iw*${bit}/8:y=ih*3/4:w=iw/8:h=ih:color=white:t=fill:enable='mod(floor(n/${2 ** bit}),2)'`,
  ),
].join(',');

/** Which of eight moments a field shows, as a white field along the upper eighth; drawn before two of them are woven. */
const MOMENT = [
  'drawbox=x=0:y=0:w=iw:h=ih/8:color=black:t=fill',
  ...Array.from(
    { length: 8 },
    (_, at) => `drawbox=x=iw*${at}/8:y=0:w=iw/8:h=ih/8:color=white:t=fill:enable='eq(mod(n,8),${at})'`,
  ),
].join(',');

interface Recipe {
  readonly size?: string;
  readonly rate?: string;
  readonly frames?: number;
  readonly fields?: 'top' | 'bottom';
  /** Filters behind the counter. */
  readonly filter?: string;
  /** Arguments of the picture's encoder. */
  readonly codec: string;
  /** lavfi graphs, one for each stream. */
  readonly sound?: readonly string[];
  readonly soundCodec?: string;
  /** Before the picture's input. */
  readonly before?: string;
  readonly more?: string;
}

function clip(file: string, recipe: Recipe): Promise<string> {
  const { size = '320x192', rate = '25', frames = 20, fields, sound = [] } = recipe;
  const [num = 25, den = 1] = rate.split('/').map(Number);
  const seconds = (frames * den) / num;
  // Interlaced: twice as many moments, woven, and only then numbered, so that both fields carry one number.
  const moments = fields === undefined ? rate : `${num * 2}/${den}`;
  const woven =
    fields === undefined
      ? []
      : [MOMENT, `tinterlace=interleave_${fields}`, `setfield=${fields === 'top' ? 'tff' : 'bff'}`];
  // `-frames` ends the sound with the picture, and ffmpeg's MXF writer leaves out pictures for which it has none.
  const isMxf = file.endsWith('.mxf');
  const soundSeconds = Math.max(seconds, 0.1) + (isMxf ? 1 : 0);
  const ended = isMxf ? [`trim=end_frame=${frames}`] : [];
  const filters = [
    'format=yuv444p',
    ...woven,
    COUNTER,
    ...ended,
    ...(recipe.filter === undefined ? [] : [recipe.filter]),
  ];
  return made(file, [
    ...split(recipe.before ?? ''),
    ...lavfi(`testsrc2=s=${size}:r=${moments}:d=${seconds + 1}`),
    ...sound.flatMap((graph) => lavfi(`${graph},atrim=duration=${soundSeconds}`)),
    ...split('-map 0:v'),
    ...sound.flatMap((_, at) => split(`-map ${at + 1}:a`)),
    ...['-vf', filters.join(',')],
    ...split(isMxf ? '' : `-frames:v ${frames}`),
    ...split(recipe.codec),
    ...(sound.length > 0 ? split(recipe.soundCodec ?? '-c:a aac') : []),
    ...split(recipe.more ?? ''),
    ...split('-fflags +bitexact'),
  ]);
}

const TONE = 'sine=f=440:r=48000';
const MONO = [TONE];
const STEREO = [`${TONE},aformat=channel_layouts=stereo`];
const EIGHT_MONO = Array.from({ length: 8 }, (_, at) => `sine=f=${300 + at * 100}:r=48000`);

const X264 = '-c:v libx264 -preset ultrafast -pix_fmt yuv420p -threads 1 -g 12';
const X264B = '-c:v libx264 -preset veryfast -pix_fmt yuv420p -threads 1 -g 12 -bf 2';
const X265 = '-c:v libx265 -preset ultrafast -x265-params log-level=error:pools=1:frame-threads=1';
const PRORES = '-c:v prores_ks -pix_fmt yuv422p10le';
const FIELDS = '-flags +ildct+ilme';

interface Facts extends Partial<Omit<MatrixSource, 'name' | 'make'>> {
  readonly from: Recipe;
}

function source(name: string, file: string, picture: string, { from, ...facts }: Facts): MatrixSource {
  const [width = 320, height = 192] = (from.size ?? '320x192').split('x').map(Number);
  const extension = file.split('.').pop() ?? '';
  return {
    name,
    make: () => clip(join(file), from),
    container: extension.toUpperCase(),
    picture,
    frames: from.frames ?? 20,
    rate: from.rate ?? '25/1',
    scan: from.fields ?? 'progressive',
    rotation: 0,
    aspect: width / height,
    audio: (from.sound ?? []).map((graph) => (graph.includes('stereo') ? 2 : 1)),
    sampleRate: 48_000,
    bits: from.soundCodec?.includes('s16') === true ? 16 : 24,
    refused: {},
    ...facts,
  };
}

const DNX_INTERLACED = { edit_dnxhr_lb_v1: /interlaced/ };
const PCM16 = '-c:a pcm_s16le';
const PCM24 = '-c:a pcm_s24le';

const RATES: readonly MatrixSource[] = [
  ['24000/1001', 'mp4'],
  ['24/1', 'mov'],
  ['25/1', 'mp4'],
  ['30000/1001', 'mp4'],
  ['30/1', 'mp4'],
  ['48/1', 'mov'],
  ['50/1', 'mp4'],
  ['60000/1001', 'mov'],
  ['60/1', 'mp4'],
  ['15/1', 'mp4'],
  ['120000/1001', 'mov'],
].map(([rate = '', extension = '']) =>
  source(
    `H.264 at ${rate.replace('/1', '') === rate ? rate : rate.replace(/\/1$/, '')}`,
    `rate-${rate.replace('/', '-')}.${extension}`,
    'H.264',
    {
      from: { rate, codec: X264B, sound: STEREO, more: `-r ${rate}` },
      rate,
      slice: rate === '24000/1001',
    },
  ),
);

const TURNED: readonly MatrixSource[] = ([90, 180, 270] as const).map((rotation) => {
  const upright = source(`H.264 turned by ${rotation}°`, 'upright.mov', 'H.264', {
    from: { codec: X264, sound: STEREO, soundCodec: PCM16 },
  });
  return {
    ...upright,
    rotation,
    slice: rotation === 90,
    make: async () => {
      const path = await upright.make();
      return rotation === 90 ? rotated(path, 'turned-90.mov') : turned(path, rotation);
    },
  };
});

/** ISO 14496-12: the matrix of the first `tkhd`, as phones write it. */
function turned(path: string, rotation: 180 | 270): Promise<string> {
  return madeFrom(path, `turned-${rotation}.mov`, `rotate ${rotation}`, (bytes) => {
    const changed = Buffer.from(bytes);
    const matrix = changed.indexOf('tkhd') + 4 + 40;
    const one = 0x10000;
    const values = rotation === 180 ? [-one, 0, 0, 0, -one, 0] : [0, -one, 0, one, 0, 0];
    for (const [at, value] of [...values, 0, 0, 0x40000000].entries()) changed.writeInt32BE(value, matrix + at * 4);
    return changed;
  });
}

const CODECS: readonly MatrixSource[] = [
  source('H.264 4:2:2 10 bit', 'h264-422-10.mov', 'H.264 High 4:2:2', {
    from: { codec: '-c:v libx264 -preset ultrafast -pix_fmt yuv422p10le -threads 1', sound: STEREO, soundCodec: PCM24 },
  }),
  source('HEVC 8 bit', 'hevc-8.mp4', 'HEVC', {
    from: { codec: `${X265} -pix_fmt yuv420p -tag:v hvc1`, sound: STEREO },
    needs: ['libx265'],
  }),
  source('HEVC 4:2:2 10 bit', 'hevc-422.mov', 'HEVC 4:2:2', {
    from: { codec: `${X265} -pix_fmt yuv422p10le -tag:v hvc1` },
    needs: ['libx265'],
  }),
  ...(['smpte2084', 'arib-std-b67'] as const).map((transfer) =>
    source(
      `HEVC HDR ${transfer === 'smpte2084' ? 'PQ' : 'HLG'}`,
      `hdr-${transfer}.mov`,
      `HEVC 10 bit ${transfer === 'smpte2084' ? 'PQ' : 'HLG'}`,
      {
        from: {
          codec: `${X265} -pix_fmt yuv420p10le -tag:v hvc1`,
          filter: `scale=out_color_matrix=bt2020,setparams=range=tv:color_primaries=bt2020:color_trc=${transfer}:colorspace=bt2020nc`,
          more: `-color_primaries bt2020 -color_trc ${transfer} -colorspace bt2020nc -color_range tv`,
          sound: STEREO,
        },
        needs: ['libx265'],
      },
    ),
  ),
  source('ProRes HQ, eight mono tracks, drop-frame', 'prores-hq.mov', 'ProRes HQ', {
    from: {
      rate: '30000/1001',
      codec: `${PRORES} -profile:v 3`,
      sound: EIGHT_MONO,
      soundCodec: PCM24,
      more: '-timecode 01:00:00;02 -metadata:s:v:0 reel_name=A001C002',
    },
    timecode: '01:00:00;02',
    reel: 'A001C002',
    slice: true,
  }),
  source('ProRes 4444 at 59.94, drop-frame', 'prores-4444.mov', 'ProRes 4444', {
    from: {
      rate: '60000/1001',
      codec: '-c:v prores_ks -pix_fmt yuv444p10le -profile:v 4',
      more: '-timecode 10:59:59;58',
    },
    timecode: '10:59:59;58',
  }),
  source('ProRes interlaced, top first', 'prores-top.mov', 'ProRes 422', {
    from: {
      fields: 'top',
      codec: `${PRORES} ${FIELDS}`,
      sound: MONO,
      soundCodec: PCM24,
      more: '-timecode 10:00:00:00 -metadata:s:v:0 reel_name=KAMERA-Ä',
    },
    timecode: '10:00:00:00',
    reel: 'KAMERA-Ä',
    refused: DNX_INTERLACED,
    slice: true,
  }),
  source('ProRes interlaced, bottom first', 'prores-bottom.mov', 'ProRes 422', {
    from: { fields: 'bottom', rate: '30000/1001', codec: `${PRORES} ${FIELDS}` },
    refused: DNX_INTERLACED,
  }),
  source('DNxHD 720p50 in MXF', 'dnxhd-720p.mxf', 'DNxHD', {
    from: {
      size: '1280x720',
      rate: '50/1',
      frames: 8,
      codec: '-c:v dnxhd -b:v 90M -pix_fmt yuv422p',
      sound: MONO,
      soundCodec: PCM24,
      more: '-timecode 09:08:07:06',
    },
    timecode: '09:08:07:06',
  }),
  source('DNxHD 1080i25 in MXF', 'dnxhd-1080i.mxf', 'DNxHD', {
    from: {
      size: '1920x1080',
      frames: 6,
      fields: 'top',
      codec: '-c:v dnxhd -b:v 120M -pix_fmt yuv422p -flags +ildct',
      sound: [TONE, TONE],
      soundCodec: PCM24,
      more: '-timecode 00:00:10:00',
    },
    timecode: '00:00:10:00',
    refused: DNX_INTERLACED,
  }),
  source('DNxHR HQ', 'dnxhr-hq.mov', 'DNxHR HQ', {
    from: { codec: '-c:v dnxhd -profile:v dnxhr_hq -pix_fmt yuv422p', sound: STEREO, soundCodec: PCM24 },
  }),
  source('MPEG-2 4:2:2 interlaced in MXF', 'xdcam.mxf', 'MPEG-2 4:2:2', {
    from: {
      size: '720x576',
      frames: 12,
      fields: 'top',
      codec: `-c:v mpeg2video -pix_fmt yuv422p -b:v 20M ${FIELDS} -aspect 16:9`,
      sound: [TONE, TONE, TONE, TONE],
      soundCodec: PCM24,
      more: '-timecode 10:00:00:00',
    },
    aspect: 16 / 9,
    timecode: '10:00:00:00',
    refused: DNX_INTERLACED,
  }),
  source('MPEG-2 in a transport stream', 'hdv.m2t'.replace('m2t', 'ts'), 'MPEG-2', {
    from: {
      rate: '30000/1001',
      codec: '-c:v mpeg2video -pix_fmt yuv420p -b:v 8M -g 6 -bf 2',
      sound: STEREO,
      soundCodec: '-c:a mp2',
    },
  }),
  source('MPEG-2 in a programme stream', 'dvd.mpg', 'MPEG-2', {
    from: { codec: '-c:v mpeg2video -pix_fmt yuv420p -b:v 4M -g 6', sound: STEREO, soundCodec: '-c:a mp2' },
  }),
  ...['film.mpg', 'film.ts'].map((file) => ({
    ...source(
      `film in video, ${file.endsWith('ts') ? 'transport' : 'programme'} stream`,
      file,
      'MPEG-2, 2:3 repeated',
      {
        from: { rate: '24000/1001', frames: 60, codec: '', sound: MONO },
      },
    ),
    make: () => filmInVideo(file, COUNTER, 60),
  })),
  source('Motion JPEG', 'mjpeg.avi', 'MJPEG', {
    from: { codec: '-c:v mjpeg -pix_fmt yuvj422p -q:v 3', sound: MONO, soundCodec: PCM16 },
  }),
  source('Motion JPEG interlaced', 'mjpeg-top.mov', 'MJPEG', {
    from: { fields: 'top', codec: '-c:v mjpeg -pix_fmt yuvj422p -q:v 3' },
    refused: DNX_INTERLACED,
  }),
  source('VP9 with Opus', 'vp9.webm', 'VP9', {
    from: {
      codec: '-c:v libvpx-vp9 -deadline realtime -cpu-used 8 -pix_fmt yuv420p',
      sound: STEREO,
      soundCodec: '-c:a libopus',
    },
    needs: ['libvpx-vp9', 'libopus'],
    slice: true,
  }),
  source('VP8 with Vorbis', 'vp8.webm', 'VP8', {
    from: {
      codec: '-c:v libvpx -deadline realtime -cpu-used 8 -pix_fmt yuv420p',
      sound: STEREO,
      soundCodec: '-c:a libvorbis',
    },
    needs: ['libvpx', 'libvorbis'],
  }),
  source('AV1', 'av1.mkv', 'AV1', {
    from: { codec: '-c:v libaom-av1 -cpu-used 8 -usage realtime -pix_fmt yuv420p' },
    needs: ['libaom-av1'],
  }),
  source('AVCHD', 'avchd.mts', 'H.264', {
    from: {
      size: '1440x1080',
      frames: 8,
      fields: 'top',
      codec: `${X264} ${FIELDS} -x264-params tff=1:weightp=0 -aspect 16:9`,
      sound: ["aevalsrc='0.2*sin(2764*t)|0|0.1*sin(1382*t)|0|0|0':c=5.1:s=48000"],
      soundCodec: '-c:a ac3',
    },
    aspect: 16 / 9,
    audio: [6],
    refused: DNX_INTERLACED,
  }),
  // The order of the fields says one thing, the word on how to show them another; the pictures decide.
  ...(['top', 'bottom'] as const).map((order) =>
    source(`H.264 whose two words on fields differ, ${order} first`, `fields-differ-${order}.mov`, 'H.264', {
      from: {
        fields: order,
        filter: `setfield=${order === 'top' ? 'bff' : 'tff'}`,
        codec: `${X264} ${FIELDS} -x264-params ${order === 'top' ? 'tff' : 'bff'}=1:weightp=0`,
      },
      refused: DNX_INTERLACED,
      slice: order === 'top',
    }),
  ),
  source('AVC-Intra in MXF', 'avc-intra.mxf', 'H.264 intra 10 bit', {
    from: {
      codec: '-c:v libx264 -preset ultrafast -tune zerolatency -pix_fmt yuv422p10le -g 1 -threads 1',
      more: '-timecode 23:59:59:10',
    },
    timecode: '23:59:59:10',
  }),
  source('DV NTSC in AVI', 'dv-ntsc.avi', 'DV', {
    from: {
      size: '720x480',
      rate: '30000/1001',
      frames: 12,
      fields: 'bottom',
      codec: '-c:v dvvideo -pix_fmt yuv411p -aspect 4:3',
      sound: STEREO,
      soundCodec: PCM16,
    },
    aspect: 4 / 3,
    refused: DNX_INTERLACED,
  }),
  source('DV PAL wide in MOV', 'dv-pal.mov', 'DV', {
    from: {
      size: '720x576',
      frames: 12,
      fields: 'bottom',
      codec: '-c:v dvvideo -pix_fmt yuv420p -aspect 16:9',
      sound: STEREO,
      soundCodec: PCM16,
    },
    aspect: 16 / 9,
    refused: DNX_INTERLACED,
  }),
  source('v210 interlaced', 'v210.mov', 'v210', {
    from: { fields: 'top', codec: '-c:v v210 -flags +ildct' },
    refused: DNX_INTERLACED,
  }),
  source('FFV1', 'ffv1.mkv', 'FFV1', {
    from: { codec: '-c:v ffv1 -pix_fmt yuv422p', sound: MONO, soundCodec: '-c:a flac' },
    bits: 16,
  }),
  source('CineForm', 'cineform.mov', 'CineForm', {
    from: { codec: '-c:v cfhd -pix_fmt yuv422p10le' },
    needs: ['cfhd'],
  }),
  // ffmpeg leaves the second slot of its AVI empty: the first picture is shown for two.
  source('MPEG-4 part 2 with MP3', 'divx.avi', 'MPEG-4 part 2', {
    times: Array.from({ length: 20 }, (_, n) => (n === 0 ? 0 : (n + 1) / 25)),
    from: { codec: '-c:v mpeg4 -q:v 3 -pix_fmt yuv420p', sound: STEREO, soundCodec: '-c:a libmp3lame' },
  }),
];

/** Half of them at 30 a second, then half at 10. */
const CHANGING = Array.from({ length: 20 }, (_, n) => (n < 10 ? n / 30 : 1 / 3 + (n - 10) / 10));
const CHANGING_FILTER = `setpts='if(lt(N,10),N,3*N-20)/30/TB'`;
/** A phone that missed two pictures. */
const DROPPED = Array.from({ length: 30 }, (_, n) => (n < 10 ? n : n < 20 ? n + 1 : n + 2) / 30);

const SHAPES: readonly MatrixSource[] = [
  source('variable rate, 30 then 10', 'vfr.mp4', 'H.264', {
    from: {
      rate: '30',
      codec: X264,
      filter: CHANGING_FILTER,
      more: '-fps_mode passthrough -enc_time_base 1/90000',
      sound: ['sine=f=440:r=48000:d=1.3'],
    },
    times: CHANGING,
    rate: '15/1',
    slice: true,
  }),
  source('variable rate in Matroska', 'vfr.mkv', 'H.264', {
    from: { rate: '30', codec: X264, filter: CHANGING_FILTER, more: '-fps_mode passthrough -enc_time_base 1/1000' },
    times: CHANGING,
    rate: '15/1',
  }),
  source('phone with dropped pictures', 'dropped.mov', 'H.264', {
    from: {
      rate: '30',
      frames: 30,
      codec: X264,
      filter: `setpts='if(lt(N,10),N,if(lt(N,20),N+1,N+2))/30/TB'`,
      more: '-fps_mode passthrough -enc_time_base 1/600',
      sound: STEREO,
    },
    times: DROPPED,
    rate: '30/1',
  }),
  source('millisecond clock at 23.976', 'ms.mkv', 'H.264', {
    from: { rate: '24000/1001', frames: 48, codec: X264B, sound: STEREO, soundCodec: '-c:a flac' },
    bits: 16,
  }),
  source('millisecond clock at 59.94', 'ms60.mkv', 'H.264', { from: { rate: '60000/1001', frames: 60, codec: X264B } }),
  source('anamorphic PAL', 'anamorphic.mp4', 'H.264', {
    from: { size: '720x576', frames: 12, codec: `${X264} -aspect 16:9` },
    aspect: 16 / 9,
  }),
  source('anamorphic 1440×1080', 'hdv.mov', 'H.264', {
    from: { size: '1440x1080', frames: 6, codec: `${X264} -aspect 16:9` },
    aspect: 16 / 9,
  }),
  source('odd sides', 'odd.mkv', 'H.264 4:4:4', {
    // testsrc2 itself makes even sides only.
    from: {
      size: '321x181',
      codec: '-c:v libx264 -preset ultrafast -pix_fmt yuv444p -threads 1',
      filter: 'scale=321:181',
    },
    // The scaler keeps the shape by the pixels' aspect.
    aspect: 16 / 9,
    refused: { edit_dnxhr_lb_v1: /odd side/ },
  }),
  source('half would be odd', 'half-odd.mp4', 'H.264', { from: { size: '322x182', codec: X264 } }),
  source('fields, half height no multiple of 4', 'fields-180.mov', 'ProRes 422', {
    from: { size: '320x180', fields: 'top', codec: `${PRORES} ${FIELDS}` },
    refused: DNX_INTERLACED,
  }),
  source('fields, height no multiple of 4', 'fields-182.mov', 'ProRes 422', {
    from: { size: '320x182', fields: 'top', codec: `${PRORES} ${FIELDS}` },
    refused: { ...DNX_INTERLACED, edit_h264_half_v1: /no multiple of 4/ },
  }),
  source('portrait', 'portrait.mp4', 'H.264', { from: { size: '256x456', codec: X264 } }),
  source('small', 'small.mp4', 'H.264', {
    from: { size: '128x96', codec: X264 },
    refused: { edit_dnxhr_lb_v1: /smaller than 256×120/ },
    slice: true,
  }),
  source('one frame', 'one.mov', 'H.264', { from: { frames: 1, codec: X264 } }),
  source('full range', 'full-range.mp4', 'H.264 full range', {
    from: { codec: '-c:v libx264 -preset ultrafast -pix_fmt yuvj420p -threads 1' },
  }),
  source('SD colour (BT.601)', 'bt601.mp4', 'H.264 BT.601', {
    from: {
      codec: X264,
      filter: 'setparams=range=tv:color_primaries=smpte170m:color_trc=smpte170m:colorspace=smpte170m',
    },
    colour: 'smpte170m,smpte170m,smpte170m',
  }),
  source('wide gamut (BT.2020)', 'bt2020.mov', 'ProRes BT.2020', {
    from: { codec: `${PRORES} -colorspace bt2020nc -color_primaries bt2020 -color_trc bt709` },
  }),
  source('RGB', 'rgb.mkv', 'FFV1 RGB', { from: { codec: '-c:v ffv1 -pix_fmt gbrp', filter: 'format=gbrp' } }),
];

const SOUNDS: readonly MatrixSource[] = [
  source('without sound', 'silent.mp4', 'H.264', { from: { codec: X264 } }),
  source('5.1 AAC', 'surround.mp4', 'H.264', {
    from: { codec: X264, sound: ["aevalsrc='0.2*sin(2764*t)|0|0.1*sin(1382*t)|0|0|0':c=5.1:s=48000"] },
    audio: [6],
    slice: true,
  }),
  source('stereo, mono and 5.1', 'mixed.mov', 'H.264', {
    from: {
      codec: X264,
      sound: [...STEREO, TONE, "aevalsrc='0.2*sin(2764*t)|0|0.1*sin(1382*t)|0|0|0':c=5.1:s=48000"],
      soundCodec: PCM16,
    },
    audio: [2, 1, 6],
  }),
  source('44.1 kHz', 'cd.mov', 'H.264', {
    from: { codec: X264, sound: ['sine=f=440:r=44100'], soundCodec: PCM16 },
    sampleRate: 44_100,
  }),
  source('96 kHz', 'studio.mov', 'H.264', {
    from: { codec: X264, sound: ['sine=f=440:r=96000'], soundCodec: PCM24 },
    sampleRate: 96_000,
  }),
  source('sound before picture', 'sound-first.ts', 'H.264', {
    from: { codec: X264B, before: '-itsoffset 0.31', sound: ['sine=f=440:r=48000:d=1'], soundCodec: '-c:a mp2' },
  }),
  // MP4 has the codes that phones write; QuickTime has others for the same languages.
  source('languages', 'languages.mp4', 'H.264', {
    from: {
      codec: X264,
      sound: [TONE, TONE],
      more: '-metadata:s:a:0 language=fra -metadata:s:a:1 language=deu',
    },
    languages: ['fra', 'ger'],
  }),
];

const BEGINNINGS: readonly MatrixSource[] = [
  {
    ...source('begins in the middle of a GOP', 'gop.ts', 'H.264', {
      from: { frames: 60, codec: `${X264B} -g 20` },
      beginsLate: true,
    }),
    make: async () => {
      const whole = await clip('gop.ts', { frames: 60, codec: `${X264B} -g 20` });
      return madeFrom(whole, 'mid-gop.ts', 'without the first third', (bytes) =>
        bytes.subarray(Math.floor(bytes.length / 3 / 188) * 188),
      );
    },
  },
  {
    ...source('half a transport stream', 'half.ts', 'H.264', {
      from: { codec: X264B },
      refused: { every: /cut short/ },
    }),
    make: async () => cut(await clip('whole.ts', { frames: 60, codec: X264B }), 'half.ts', 0.5),
  },
  {
    ...source('half an MP4', 'half.mp4', 'H.264', {
      from: { codec: X264 },
      refused: { every: /cut short|cannot be read|not complete/ },
    }),
    make: async () =>
      cut(await clip('whole.mp4', { frames: 60, codec: X264, more: '-movflags +faststart' }), 'half.mp4', 0.5),
  },
];

function soundFile(
  name: string,
  container: string,
  make: () => Promise<string>,
  refused: MatrixSource['refused'] = {},
): MatrixSource {
  const nothing = { picture: 'none', frames: 0, rate: '0/1', scan: 'progressive', rotation: 0, aspect: 1 } as const;
  return { name, container, make, ...nothing, audio: [2], sampleRate: 48_000, bits: 24, refused, soundOnly: true };
}

/** Everything a recorder or a phone writes when no picture is wanted. */
const RECORDERS: readonly MatrixSource[] = (
  [
    ['Broadcast Wave, 24 bit', 'bwf.wav', 'pcm_s24le -write_bext 1 -metadata time_reference=172800000'],
    ['Wave64', 'long.w64', 'pcm_s24le'],
    ['AIFF', 'sound.aiff', 'pcm_s24be'],
    ['Core Audio', 'sound.caf', 'pcm_s16le'],
    ['AAC without a container', 'stream.aac', 'aac'],
    ['voice memo, AAC', 'memo.m4a', 'aac'],
    ['Apple Lossless', 'lossless.m4a', 'alac'],
    ['FLAC', 'sound.flac', 'flac'],
    ['Opus', 'message.opus', 'libopus'],
    ['Vorbis', 'sound.ogg', 'libvorbis'],
  ] as const
).map(([name, file, codec]) => ({
  ...soundFile(name, file.split('.').pop()?.toUpperCase() ?? '', () =>
    made(file, [...lavfi(`${STEREO[0] ?? ''},atrim=duration=2`), ...split(`-c:a ${codec}`)]),
  ),
  ...(codec.startsWith('lib') ? { needs: [codec] } : {}),
}));

const WITHOUT_PICTURE: readonly MatrixSource[] = [
  soundFile('Wave', 'WAV', () => wavFile()),
  soundFile('MP3 with cover art', 'MP3', mp3WithCover),
  ...RECORDERS,
  soundFile('still image', 'JPG', () => photoFile('still.jpg'), { every: /still image/ }),
];

export const MATRIX: readonly MatrixSource[] = [
  ...RATES,
  ...TURNED,
  ...CODECS,
  ...SHAPES,
  ...SOUNDS,
  ...BEGINNINGS,
  ...WITHOUT_PICTURE,
];

/** Why a source cannot be made here, or null. */
export function cannotMake({ needs = [] }: MatrixSource): string | null {
  const missing = needs.filter((encoder) => !hasEncoder(encoder));
  return missing.length === 0 ? null : `no encoder ${missing.join(', ')}`;
}
