import type { Warning } from '../../../shared/facts.ts';
import type { ThumbnailProfile } from '../../../shared/profiles.ts';
import type { Probe, VideoStream } from '../media/probe.ts';
import type { PictureSize } from '../media/thumbnail-args.ts';
import type { RenderedPicture } from './thumbnails-rendered.ts';
import type { RenderTool } from './thumbnails-tool.ts';

/** A recording whose pictures are being made. */
export interface Clip {
  readonly probe: Probe;
  readonly stream: VideoStream;
  /** As in `Grab`; every time here is the media's. */
  readonly zero: number | undefined;
  /** Seconds from the beginning of the media to the end of the picture; undefined when neither stream nor container knows. */
  readonly duration: number | undefined;
  readonly tool: RenderTool;
  readonly image: ThumbnailProfile['image'];
  readonly size: PictureSize;
  readonly workspace: string;
  readonly input: string;
  readonly name: string;
  readonly progress: (fraction: number) => void;
}

/**
 * Pictures that crowd in the beginning of a clip: what lies behind them is lost, or stands still as a title does. Which,
 * nobody can tell without reading all of it; a success without a word would hide the first.
 */
export function endsEarly({ duration }: Clip, pictures: readonly RenderedPicture[]): Warning | undefined {
  const times = pictures.flatMap(({ time, tiles }) => tiles?.map((tile) => tile.time) ?? [time]);
  const last = Math.max(...times);
  // One and a half of the distances in which they were wanted; a clip of a second or two is no case for it.
  if (duration === undefined || times.length < 4 || duration < 2) return undefined;
  if (last >= duration - (2 * duration) / times.length) return undefined;
  const seconds = `${last.toFixed(1)} s of ${duration.toFixed(1)} s`;
  const message = `There is no new picture after ${seconds}: the rest is missing, damaged or stands still.`;
  return { code: 'PICTURE_ENDS_EARLY', message };
}
