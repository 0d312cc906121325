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
export function peekArgs(input: string, streamIndex: number, openOnly?: readonly string[]): string[] {
  const what = ['-hide_banner', '-loglevel', 'repeat+level+warning', '-select_streams', String(streamIndex)];
  const form = ['-of', 'csv=p=0', '-show_entries', 'frame=interlaced_frame,top_field_first'];
  const range = ['-read_intervals', `%+#${PEEKED_FRAMES}`];
  return [...what, ...form, ...range, ...inputArgs(input, { tool: 'ffprobe', openOnly, before: ['-threads', '2'] })];
}

export function parsePeek(text: string): readonly FrameFlags[] {
  return [...text.matchAll(/^([01]),([01])/gm)].map((match) => ({
    interlaced: match[1] === '1',
    topFirst: match[2] === '1',
  }));
}

/** Decoders of these flag each interlaced frame, so a frame without the flag is progressive whatever the header says. */
const FLAGGED: ReadonlySet<string> = new Set('h264 mpeg1video mpeg2video vc1 dvvideo prores dnxhd'.split(' '));

/** The scan by the frames' own flags, where the codec has them; undefined where they say nothing. */
export function framesScan({ codec }: VideoStream, frames: readonly FrameFlags[]): Scan | undefined {
  const interlaced = frames.find((frame) => frame.interlaced);
  if (interlaced !== undefined) return interlaced.topFirst ? 'top' : 'bottom';
  return frames.length > 0 && FLAGGED.has(codec ?? '') ? 'progressive' : undefined;
}

/**
 * Whether frames and header name different fields as the earlier. H.264 says it twice, by the order of the fields and
 * by a word on how to show them (pic_struct); ffmpeg reads the first into the frames and the second into the header.
 */
export function isContradicted(probe: Probe, stream: VideoStream, frames: readonly FrameFlags[]): boolean {
  const words = [framesScan(stream, frames), headerScan(stream, probe.format.name)];
  return words.includes('top') && words.includes('bottom');
}

/**
 * The scan of a source: its frames' own flags where the codec has them, else its header's word, else progressive.
 * @param moving what the pictures themselves show (proxy-motion.ts), which decides between contradicting words
 */
export function scanOf(
  probe: Probe,
  stream: VideoStream,
  frames: readonly FrameFlags[],
  moving?: 'top' | 'bottom',
): Scan {
  const header = headerScan(stream, probe.format.name);
  if (!isContradicted(probe, stream, frames)) return framesScan(stream, frames) ?? header ?? 'progressive';
  // pic_struct is what a stream says about showing it (ITU-T H.264 D.2.3), and what MediaInfo and editing programs read.
  const word = stream.codec === 'h264' ? header : framesScan(stream, frames);
  return moving ?? word ?? 'progressive';
}
