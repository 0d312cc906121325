import type { Ratio, VideoStream } from './probe.ts';

/** Lines of the vertical blanking that IMX (SMPTE 356M, D-10) codes above the picture, for captions and test signals. */
const BLANKING = 32;
/** Coded lines of 625 and of 525; no other MPEG-2 has a picture of these. */
const CODED: ReadonlySet<number> = new Set([608, 512]);

type Shape = Pick<VideoStream, 'height' | 'sampleAspect' | 'blankingLines'>;

/**
 * What is seen of an IMX picture, in MXF and in QuickTime: 576 or 480 lines, as editing programs show it. The shape that
 * the file tells is that of all coded lines, and belongs to those that are seen.
 */
export function seenLines(
  codec: string | undefined,
  { width, height, sampleAspect: pixel }: { readonly width: number } & Omit<Shape, 'blankingLines'>,
): Shape {
  if (codec !== 'mpeg2video' || width !== 720 || !CODED.has(height)) return { height, sampleAspect: pixel };
  const seen = height - BLANKING;
  return { height: seen, sampleAspect: reshaped(pixel, seen, height), blankingLines: BLANKING };
}

/** Square pixels are said where nobody knows better, and stay. */
function reshaped(pixel: Ratio | undefined, seen: number, coded: number): Ratio | undefined {
  if (pixel === undefined || pixel.num === pixel.den) return pixel;
  return { num: pixel.num * seen, den: pixel.den * coded };
}

/** First of all filters: no other may mix those lines with the picture, and they come in pairs, so that fields stay so. */
export function withoutBlanking({ blankingLines: lines }: VideoStream): readonly string[] {
  return lines === undefined ? [] : [`crop=w=iw:h=ih-${lines}:x=0:y=${lines}`];
}
