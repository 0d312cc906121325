import type { ReviewProxyProfile } from '../../../shared/profiles.ts';
import { overBlack } from './alpha.ts';
import { withoutBlanking } from './blanking.ts';
import { displaySize, type Ratio, type VideoStream } from './probe.ts';
import { isInterlaced, lastPictureKept } from './proxy-rate.ts';
import { headerScan } from './proxy-scan.ts';
import { formatRatio } from './rational.ts';

/** Everything between a decoded frame and the review encoder: fields, size, colour, rate, as one ffmpeg filter chain. */

export interface Size {
  readonly width: number;
  readonly height: number;
}

/**
 * Size of a review picture: fits the box (turned for portrait), square pixels, even, never larger than the source is
 * shown. A picture of one pixel becomes 2×2, the smallest that 4:2:0 can hold.
 */
export function reviewSize(stream: VideoStream, box: ReviewProxyProfile['video']['box']): Size {
  const shown = displaySize(stream);
  const portrait = shown.height > shown.width;
  const limit = portrait ? { width: box.short, height: box.long } : { width: box.long, height: box.short };
  const scale = Math.min(1, limit.width / shown.width, limit.height / shown.height);
  return {
    width: evenWithin(shown.width * scale, Math.min(limit.width, shown.width)),
    height: evenWithin(shown.height * scale, Math.min(limit.height, shown.height)),
  };
}

/** How a source's colour gets to BT.709: PQ and HLG are tone-mapped, wide gamuts are converted, the rest is re-coded. */
type ColourPath = 'standard' | 'wide-gamut' | 'hdr';

const HDR_TRANSFERS = new Set(['smpte2084', 'arib-std-b67']);
const WIDE_PRIMARIES = new Set(['bt2020', 'smpte431', 'smpte432']);

export function colourPath(stream: VideoStream): ColourPath {
  if (HDR_TRANSFERS.has(stream.colorTransfer ?? '')) return 'hdr';
  return WIDE_PRIMARIES.has(stream.colorPrimaries ?? '') ? 'wide-gamut' : 'standard';
}

/** The `-vf` chain of a review proxy. ffmpeg has turned the frame upright before it (autorotate). */
export function reviewFilters(stream: VideoStream, size: Size, rate: Ratio): string {
  return [
    ...withoutBlanking(stream),
    ...overBlack(stream),
    ...deinterlace(stream),
    ...toBt709(stream, size),
    'setsar=1',
    'setparams=field_mode=prog:range=tv:color_primaries=bt709:color_trc=bt709:colorspace=bt709',
    // start_time=0: a picture that begins after the sound, or cannot be decoded before its first key frame, is held from 0.
    `fps=fps=${formatRatio(rate)}:start_time=0${lastPictureKept(stream, rate)}`,
  ].join(',');
}

/** Decoders of these say for every frame whether it is interlaced; the others leave it to the container's word. */
const FLAGS_EVERY_FRAME = new Set(['h264', 'mpeg2video', 'mpeg1video', 'vc1', 'dvvideo', 'prores']);

function deinterlace(stream: VideoStream): readonly string[] {
  const flagged = FLAGS_EVERY_FRAME.has(stream.codec ?? '');
  // DV in AVI says nothing in its header; progressive frames pass the filter untouched.
  const unknown = stream.fieldOrder === undefined && flagged;
  if (!isInterlaced(stream) && !unknown) return [];
  // `mode=send_frame`: one picture per frame, so that rate and count stay the source's.
  if (flagged) return ['bwdif=mode=send_frame:parity=auto:deint=interlaced'];
  // These codecs come in QuickTime, AVI and Matroska; MXF carries only codecs that flag their frames.
  const parity = headerScan(stream, 'mov') === 'bottom' ? 'bff' : 'tff';
  return [`bwdif=mode=send_frame:parity=${parity}:deint=all`];
}

function toBt709(stream: VideoStream, size: Size): readonly string[] {
  const path = colourPath(stream);
  const scale = `scale=w=${size.width}:h=${size.height}:flags=bicubic`;
  if (path === 'standard') {
    const matrix = swscaleMatrix(stream);
    const from = matrix === undefined ? '' : `:in_color_matrix=${matrix}`;
    return [`${scale}${from}:out_color_matrix=bt709:out_range=tv`, 'format=yuv420p'];
  }
  // Scaled first: zscale refuses odd sizes in 4:2:0, and tone mapping in floating point pays for every pixel.
  const input = zscaleInput(stream, path);
  if (path === 'wide-gamut') return [scale, `zscale=${input}:t=bt709:m=bt709:p=bt709:r=tv`, 'format=yuv420p'];
  return [
    scale,
    // npl=100: SDR white is 100 cd/m² (BT.2035), so that 1.0 in linear light is what BT.709 can show.
    `zscale=${input}:t=linear:npl=100`,
    'format=gbrpf32le',
    'zscale=p=bt709',
    'tonemap=tonemap=hable:desat=0',
    'zscale=t=bt709:m=bt709:p=bt709:r=tv',
    'format=yuv420p',
  ];
}

/** swscale's name of the source's matrix; undefined for RGB, which has none. */
export function swscaleMatrix(stream: VideoStream): string | undefined {
  switch (stream.colorSpace) {
    case 'bt709':
    case 'fcc':
    case 'smpte240m':
      return stream.colorSpace;
    case 'bt470bg':
    case 'smpte170m':
      return 'bt601';
    case 'bt2020nc':
    case 'bt2020c':
      return 'bt2020';
    case 'gbr':
      return undefined;
    default:
      // Untagged: what players assume, BT.709 from 720 lines up (BT.709 against BT.601).
      return Math.max(stream.width, stream.height) >= 1280 ? 'bt709' : 'bt601';
  }
}

/** zscale finds no way between colour spaces it is not told; what a wide-gamut source leaves out is BT.2020. */
export function zscaleInput(stream: VideoStream, path: 'wide-gamut' | 'hdr'): string {
  const rgb = stream.colorSpace === 'gbr';
  const transfer = path === 'hdr' ? (stream.colorTransfer ?? 'smpte2084') : sdrTransfer(stream.colorTransfer);
  const matrix = rgb ? 'gbr' : stream.colorSpace === 'bt709' ? 'bt709' : 'bt2020nc';
  const primaries = WIDE_PRIMARIES.has(stream.colorPrimaries ?? '') ? stream.colorPrimaries : 'bt2020';
  const range = stream.colorRange === 'pc' || rgb ? 'pc' : 'tv';
  return `tin=${transfer}:min=${matrix}:pin=${primaries}:rin=${range}`;
}

function sdrTransfer(transfer: string | undefined): string {
  return transfer === 'bt2020-10' || transfer === 'bt2020-12' || transfer === 'iec61966-2-1' ? transfer : 'bt709';
}

function evenWithin(value: number, limit: number): number {
  const rounded = 2 * Math.round(value / 2);
  return Math.max(2, rounded > limit ? 2 * Math.floor(limit / 2) : rounded);
}

/** A graph that is built anew at a change of size begins to count anew, too; the scaler alone follows every size. */
export function sameGraph({ sizesVary }: VideoStream): readonly string[] {
  return sizesVary === true ? ['-reinit_filter:v', '0'] : [];
}
