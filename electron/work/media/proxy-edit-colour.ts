import type { EditProxyProfile } from '../../../shared/profiles.ts';
import type { VideoStream } from './probe.ts';
import { swscaleMatrix } from './proxy-picture.ts';

/** How an editing proxy's colour relates to its source's: kept and named; converted only where the codec cannot name it. */
export interface EditColour {
  /** Part of a `scale` filter, beginning with a colon, or empty. */
  readonly scale: string;
  /** Part of `setparams`, beginning with a colon, or empty. */
  readonly tags: string;
  /** ffprobe's name of the matrix the proxy will carry; undefined: it stays untagged, like its source. */
  readonly matrix: string | undefined;
}

/** BT.470BG and SMPTE 170M are two names of one matrix (BT.601). */
function sameMatrix(one: string | undefined, other: string | undefined): boolean {
  const plain = (name: string | undefined): string | undefined => (name === 'bt470bg' ? 'smpte170m' : name);
  return plain(one) === plain(other);
}

export function editColour(video: VideoStream, profile: EditProxyProfile): EditColour {
  const { matrices } = profile;
  // By its own name where the codec has it: a proxy of NTSC that says PAL's name is another colour to who reads it.
  const known =
    matrices.find((name) => name === video.colorSpace) ?? matrices.find((name) => sameMatrix(name, video.colorSpace));
  const keepsUntagged = video.colorSpace === undefined && profile.video.codec !== 'dnxhd' && !isRgb(video);
  if (keepsUntagged) return { scale: '', tags: tagged(video, undefined), matrix: undefined };
  const from = isRgb(video) ? undefined : swscaleMatrix(video);
  const matrix = known ?? 'bt709';
  const to = known === undefined ? 'bt709' : from;
  const scale = `${from === undefined ? '' : `:in_color_matrix=${from}`}${to === undefined ? '' : `:out_color_matrix=${to}`}`;
  return { scale, tags: tagged(video, matrix), matrix };
}

function tagged(video: VideoStream, matrix: string | undefined): string {
  const named = (option: string, value: string | undefined): string =>
    value === undefined ? '' : `:${option}=${value}`;
  const { colorPrimaries: primaries, colorTransfer: transfer } = video;
  return named('color_primaries', primaries) + named('color_trc', transfer) + named('colorspace', matrix);
}

function isRgb(video: VideoStream): boolean {
  return video.colorSpace === 'gbr' || /^(gbr|rgb|bgr|argb|abgr|0rgb|0bgr|pal8)/.test(video.pixelFormat ?? '');
}
