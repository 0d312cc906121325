import { basename } from 'node:path';
import { failure, JobFailure } from '../../../shared/failure.ts';
import type { JobType } from '../../../shared/job.ts';
import type { ExecutionContext, Toolbox } from '../execution.ts';
import { inputArgs } from './input.ts';
import type { Probe } from './probe.ts';
import { isBrokenOff } from './probe-truncation-iso.ts';

const ADDRESS_SPACE = 4 * 1024 ** 3;
const WALL_MS = 30 * 60_000;

type Context = Pick<ExecutionContext<JobType>, 'processes' | 'source'> & { readonly tools: Pick<Toolbox, 'ffprobe'> };

/**
 * The probe of a recording in pieces (fragmented MP4) that a crash broke off, with the length of what is there, and a
 * warning; any other probe as it is. The header of the last piece tells of pictures that were never written.
 */
export async function asFarAsItPlays(context: Context, probe: Probe): Promise<Probe> {
  const { source } = context;
  if (!probe.format.name.startsWith('mov') || !(await isBrokenOff(source.fd, source.sizeBytes))) return probe;
  const ends = await packetEnds(context, probe.openOnly);
  const streams = probe.streams.map((stream) => {
    const end = ends.get(stream.index);
    return end === undefined ? stream : { ...stream, duration: Math.max(0, end - (stream.startTime ?? 0)) };
  });
  const duration = Math.max(0, ...ends.values()) - (probe.format.startTime ?? 0);
  const message = `The recording was broken off, by a crash or a copy that stopped: its last piece is not whole. The ${duration.toFixed(1)} s before it were taken.`;
  const warnings = [...(probe.warnings ?? []), { code: 'RECORDING_BROKEN_OFF', message }];
  return { ...probe, format: { ...probe.format, duration }, streams, warnings, isBrokenOff: true };
}

/** When the last packet of each stream ends, in seconds. Nothing is decoded. */
async function packetEnds(
  { processes, tools, source }: Context,
  openOnly: Probe['openOnly'],
): Promise<ReadonlyMap<number, number>> {
  const ends = new Map<number, number>();
  const onLine = (line: string): void => {
    // 5.1 puts more behind a packet with side data.
    const [, index, pts, duration] = /^(\d+),(-?[\d.]+),([\d.]+|N\/A)/.exec(line) ?? [];
    const end = Number(pts) + (Number(duration) || 0);
    if (Number.isFinite(end)) ends.set(Number(index), Math.max(end, ends.get(Number(index)) ?? 0));
  };
  const result = await processes.run({
    program: tools.ffprobe.path,
    args: [
      ...['-hide_banner', '-loglevel', 'repeat+level+warning', '-of', 'csv=p=0'],
      ...['-show_entries', 'packet=stream_index,pts_time,duration_time'],
      ...inputArgs(source.input, { tool: 'ffprobe', openOnly }),
    ],
    descriptors: [source.fd],
    stdout: { kind: 'lines', onLine },
    limits: { wallMs: WALL_MS, addressSpaceBytes: ADDRESS_SPACE },
  });
  if (result.end.kind === 'exited') return ends;
  const message = `The times of “${basename(source.path)}” could not be read.`;
  throw new JobFailure(failure('ENGINE_UNAVAILABLE', message));
}
