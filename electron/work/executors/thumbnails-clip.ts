import type { ThumbnailProfile } from '../../../shared/profiles.ts';
import type { Probe, VideoStream } from '../media/probe.ts';
import type { PictureSize } from '../media/thumbnail-args.ts';
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
