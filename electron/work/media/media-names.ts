/** What people who edit call the things that ffmpeg names by its own words. */

/** ffmpeg codec names and tags. Absent: the name says it already (`prores`), or nobody has met it. */
const CODECS: Readonly<Record<string, string>> = {
  dts: 'DTS sound',
  dca: 'DTS sound',
  truehd: 'Dolby TrueHD sound',
  mlp: 'MLP sound',
  wmav1: 'Windows Media sound',
  wmav2: 'Windows Media sound',
  wmapro: 'Windows Media sound',
  wmalossless: 'Windows Media sound',
  wmavoice: 'Windows Media sound',
  wmv1: 'Windows Media video',
  wmv2: 'Windows Media video',
  wmv3: 'Windows Media video',
  vc1: 'VC-1 video',
  qtrle: 'QuickTime Animation video',
  svq1: 'Sorenson video',
  svq3: 'Sorenson video',
  cinepak: 'Cinepak video',
  rpza: 'Apple Video (“Road Pizza”)',
  smc: 'Apple Graphics video',
  '8bps': 'Planar RGB video',
  hap: 'Hap video',
  huffyuv: 'HuffYUV video',
  ffvhuff: 'HuffYUV video',
  utvideo: 'Ut Video',
  magicyuv: 'MagicYUV video',
  lagarith: 'Lagarith video',
  jpeg2000: 'JPEG 2000 video',
  theora: 'Theora video',
  mjpegb: 'Motion JPEG B video',
  flv1: 'Flash video',
  vp6f: 'Flash (VP6) video',
  rv40: 'RealVideo',
  cook: 'RealAudio',
  qdm2: 'QDesign sound',
  qdmc: 'QDesign sound',
  mace3: 'MACE sound',
  mace6: 'MACE sound',
  gsm: 'GSM sound',
  gsm_ms: 'GSM sound',
  atrac3: 'ATRAC3 sound',
  atrac3p: 'ATRAC3+ sound',
  ac4: 'Dolby AC-4 sound',
  mpegh_3d_audio: 'MPEG-H 3D sound',
  aptx: 'aptX sound',
  tiff: 'a TIFF picture',
  vvc: 'H.266 (VVC) video',
  evc: 'EVC video',
  apv: 'APV video',
  prores_raw: 'Apple ProRes RAW',
  speedhq: 'NewTek SpeedHQ video',
  notchlc: 'NotchLC video',
  cllc: 'Canopus Lossless video',
  hq_hqa: 'Canopus HQ video',
  dirac: 'Dirac video',
  snow: 'Snow video',
  msmpeg4v2: 'MS-MPEG-4 video',
  msmpeg4v3: 'DivX 3 video',
  indeo3: 'Indeo 3 video',
  indeo5: 'Indeo 5 video',
};

/** ffmpeg demuxer names: the container, or what a file is that is no recording at all. */
const FORMATS: Readonly<Record<string, FormatName>> = {
  asf: { name: 'a Windows Media file (ASF)', isMedia: true },
  flv: { name: 'a Flash video', isMedia: true },
  rm: { name: 'a RealMedia file', isMedia: true },
  nut: { name: 'a NUT file', isMedia: true },
  ivf: { name: 'a bare VP8, VP9 or AV1 stream (IVF)', isMedia: true },
  gxf: { name: 'a GXF file', isMedia: true },
  lxf: { name: 'a Leitch LXF file', isMedia: true },
  h264: { name: 'a bare H.264 stream without a container', isMedia: true },
  hevc: { name: 'a bare HEVC stream without a container', isMedia: true },
  m4v: { name: 'a bare MPEG-4 stream without a container', isMedia: true },
  mpegvideo: { name: 'a bare MPEG video stream without a container', isMedia: true },
  dts: { name: 'a bare DTS stream', isMedia: true },
  truehd: { name: 'a bare Dolby TrueHD stream', isMedia: true },
  ac3: { name: 'a bare Dolby Digital stream', isMedia: true },
  eac3: { name: 'a bare Dolby Digital Plus stream', isMedia: true },
  amr: { name: 'an AMR voice recording', isMedia: true },
  au: { name: 'a Sun AU sound file', isMedia: true },
  voc: { name: 'a Creative Voice file', isMedia: true },
  ape: { name: 'a Monkey’s Audio file', isMedia: true },
  wv: { name: 'a WavPack file', isMedia: true },
  tta: { name: 'a True Audio file', isMedia: true },
  dsf: { name: 'a DSD sound file (DSF)', isMedia: true },
  iff: { name: 'an IFF or DSDIFF file', isMedia: true },
  concat: { name: 'a list of files for ffmpeg', isMedia: false },
  ffconcat: { name: 'a list of files for ffmpeg', isMedia: false },
  hls: { name: 'a playlist (HLS), not the recording itself', isMedia: false },
  'hls,applehttp': { name: 'a playlist (HLS), not the recording itself', isMedia: false },
  dash: { name: 'a playlist (DASH), not the recording itself', isMedia: false },
  sdp: { name: 'a description of a network stream', isMedia: false },
  srt: { name: 'a subtitle file', isMedia: false },
  ass: { name: 'a subtitle file', isMedia: false },
  webvtt: { name: 'a subtitle file', isMedia: false },
  scc: { name: 'a caption file', isMedia: false },
  sami: { name: 'a subtitle file', isMedia: false },
  stl: { name: 'a subtitle file', isMedia: false },
  ttml: { name: 'a subtitle file', isMedia: false },
  vobsub: { name: 'a subtitle file', isMedia: false },
  microdvd: { name: 'a subtitle file', isMedia: false },
  subviewer: { name: 'a subtitle file', isMedia: false },
  lrc: { name: 'a file of song lyrics', isMedia: false },
  ffmetadata: { name: 'a file of metadata', isMedia: false },
  tty: { name: 'a text file', isMedia: false },
  jpegxl_pipe: { name: 'a JPEG XL picture', isMedia: false },
  j2k_pipe: { name: 'a JPEG 2000 picture', isMedia: false },
  svg_pipe: { name: 'an SVG drawing', isMedia: false },
  pdf_pipe: { name: 'a PDF document', isMedia: false },
};

interface FormatName {
  /** Completes “… is …”. */
  readonly name: string;
  /** A recording that could be converted, rather than something else altogether. */
  readonly isMedia: boolean;
}

/** @param codec ffmpeg's name or a four-character tag */
export function codecName(codec: string): string {
  return CODECS[codec.toLowerCase()] ?? `“${codec}” media`;
}

/** @param format ffmpeg's demuxer name */
export function formatName(format: string): FormatName {
  const known = FORMATS[format];
  if (known !== undefined) return known;
  const picture = /^(\w+?)_pipe$/.exec(format)?.[1];
  if (picture !== undefined) return { name: `a still image (${picture.toUpperCase()})`, isMedia: false };
  return { name: `a file of the kind “${format}”`, isMedia: true };
}

/** What to do about a file that ends too early: the agent cannot know which copy of it is whole. */
export const CUT_ADVICE =
  'if the card has a longer file, copy it again; if not, the recording itself was cut off there';
