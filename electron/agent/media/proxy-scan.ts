import { inputArgs } from './input.ts';
import type { Probe, VideoStream } from './probe.ts';

/** How a picture's lines belong to moments: all to one, or the top (bottom) field to the earlier of two. */
export type Scan = 'progressive' | 'top' | 'bottom';

/**
 * What a header says about the scan; undefined where it says nothing.
 * `tb` and `bt` are the numbers 9 and 14 of QuickTime and Matroska: lines interleaved, the top (bottom) one earlier
 * (Apple TN2162, “spatial first line early/late”; Matroska FieldOrder); ffmpeg's own comment reads them the other way,
 * its encoders and MediaInfo do not. Only in MXF they are a field dominance: stored first, shown last.
 */
export function headerScan(stream: VideoStream, container: string): Scan | undefined {
  const swapped = container === 'mxf';
  switch (stream.fieldOrder) {
    case 'progressive':
      return 'progressive';
    case 'tt':
      return 'top';
    case 'bb':
      return 'bottom';
    case 'tb':
      return swapped ? 'bottom' : 'top';
    case 'bt':
      return swapped ? 'top' : 'bottom';
    default:
      return undefined;
  }
}

export interface FrameFlags {
  readonly interlaced: boolean;
  readonly topFirst: boolean;
}

/** Frames at the beginning that are asked; field-coded recordings may begin with a progressive one. */
const PEEKED_FRAMES = 12;

/** ffprobe arguments that decode a few frames; one `interlaced,top_first` line each on stdout. */
export function peekArgs(input: string, streamIndex: number): string[] {
  const what = ['-hide_banner', '-loglevel', 'repeat+level+warning', '-select_streams', String(streamIndex)];
  const form = ['-of', 'csv=p=0', '-show_entries', 'frame=interlaced_frame,top_field_first'];
  const range = ['-read_intervals', `%+#${PEEKED_FRAMES}`];
  return [...what, ...form, ...range, ...inputArgs(input, { tool: 'ffprobe', before: ['-threads', '2'] })];
}

export function parsePeek(text: string): readonly FrameFlags[] {
  return [...text.matchAll(/^([01]),([01])/gm)].map((match) => ({
    interlaced: match[1] === '1',
    topFirst: match[2] === '1',
  }));
}

/** Decoders of these flag each interlaced frame, so a frame without the flag is progressive whatever the header says. */
const FLAGGED: ReadonlySet<string> = new Set('h264 mpeg1video mpeg2video vc1 dvvideo prores dnxhd'.split(' '));

/** The scan of a source: its frames' own flags where the codec has them, else its header's word, else progressive. */
export function scanOf(probe: Probe, stream: VideoStream, frames: readonly FrameFlags[]): Scan {
  const interlaced = frames.find((frame) => frame.interlaced);
  if (interlaced !== undefined) return interlaced.topFirst ? 'top' : 'bottom';
  if (frames.length > 0 && FLAGGED.has(stream.codec ?? '')) return 'progressive';
  return headerScan(stream, probe.format.name) ?? 'progressive';
}
