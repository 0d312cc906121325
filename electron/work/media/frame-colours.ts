import type { JobType } from '../../../shared/job.ts';
import type { ExecutionContext, Toolbox } from '../execution.ts';
import { inputArgs } from './input.ts';
import { videoStream, type Probe } from './probe.ts';
import { COLOUR_FIELDS, parseReadBack } from './proxy-readback.ts';

const ADDRESS_SPACE = 4 * 1024 ** 3;
const WALL_MS = 120_000;
const MAX_BYTES = 16 << 20;

type Context = Pick<ExecutionContext<JobType>, 'processes' | 'source'> & { readonly tools: Pick<Toolbox, 'ffprobe'> };

/**
 * The probe with the colours that a ProRes picture names in its frames, where the container names none: ffprobe 5.1 and
 * 9 tell them for the stream, 7.1 only for its frames. What cannot be asked stays unknown.
 */
export async function withFrameColours(context: Context, probe: Probe): Promise<Probe> {
  const video = videoStream(probe);
  if (video?.codec !== 'prores' || video.colorSpace !== undefined) return probe;
  const { source } = context;
  const result = await context.processes.run({
    program: context.tools.ffprobe.path,
    args: [
      ...['-hide_banner', '-loglevel', 'repeat+level+warning', '-select_streams', String(video.index), '-of', 'json'],
      ...['-show_format', '-show_streams', '-show_entries', `frame=stream_index,${COLOUR_FIELDS}`],
      ...['-read_intervals', '%+#1', ...inputArgs(source.input, { tool: 'ffprobe', openOnly: probe.openOnly })],
    ],
    descriptors: [source.fd],
    stdout: { kind: 'collect', maxBytes: MAX_BYTES },
    limits: { wallMs: WALL_MS, addressSpaceBytes: ADDRESS_SPACE },
  });
  if (result.end.kind !== 'exited' || result.end.code !== 0) return probe;
  const seen = videoStream(parseReadBack(result.stdout.toString('utf8')).probe);
  if (seen === undefined) return probe;
  const { colorSpace, colorTransfer, colorPrimaries } = seen;
  const named = { ...video, colorSpace, colorTransfer, colorPrimaries };
  return { ...probe, streams: probe.streams.map((stream) => (stream === video ? named : stream)) };
}
