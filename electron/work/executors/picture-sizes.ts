import type { JobType } from '../../../shared/job.ts';
import type { Warning } from '../../../shared/facts.ts';
import { inputArgs } from '../media/input.ts';
import type { Probe, VideoStream } from '../media/probe.ts';
import type { ExecutionContext } from '../execution.ts';

/** Conferences and browsers record what arrives: a picture that grows with the line, each size from a key frame on. */
const MAY_CHANGE: ReadonlySet<string> = new Set(['vp8', 'vp9', 'av1', 'h264']);
const ADDRESS_SPACE = 4 * 1024 ** 3;

/**
 * The stream with the largest size its picture has, marked where it has several. Only key frames are decoded, and only of
 * recordings that browsers and conferences make: cameras do not change the size within a file.
 */
export async function largestPicture(
  context: Pick<ExecutionContext<JobType>, 'processes' | 'source' | 'tools'>,
  probe: Probe,
  stream: VideoStream,
): Promise<VideoStream> {
  if (!probe.format.name.startsWith('matroska') || !MAY_CHANGE.has(stream.codec ?? '')) return stream;
  const { input, fd } = context.source;
  const sizes = new Map<string, { readonly width: number; readonly height: number }>();
  const onLine = (line: string): void => {
    const [width = 0, height = 0] = line.split(',').map(Number);
    // The line itself tells nothing apart: 5.1 puts a comma behind a picture with side data.
    if (width > 0 && height > 0) sizes.set(`${width}×${height}`, { width, height });
  };
  await context.processes.run({
    program: context.tools.ffprobe.path,
    args: [
      ...['-hide_banner', '-loglevel', 'repeat+level+warning', '-select_streams', String(stream.index)],
      ...['-of', 'csv=p=0', '-show_entries', 'frame=width,height'],
      ...inputArgs(input, {
        tool: 'ffprobe',
        openOnly: probe.openOnly,
        before: ['-threads', '2', '-skip_frame', 'nokey'],
      }),
    ],
    descriptors: [fd],
    stdout: { kind: 'lines', onLine },
    limits: { addressSpaceBytes: ADDRESS_SPACE },
  });
  const [largest] = [...sizes.values()].sort((one, other) => other.width * other.height - one.width * one.height);
  return largest === undefined || sizes.size < 2 ? stream : { ...stream, ...largest, sizesVary: true };
}

export function sizesWarning(stream: VideoStream): Warning | undefined {
  if (stream.sizesVary !== true) return undefined;
  const message = `The picture changes its size within the recording; all of it is shown as ${stream.width} × ${stream.height}.`;
  return { code: 'PICTURE_SIZE_CHANGES', message };
}
