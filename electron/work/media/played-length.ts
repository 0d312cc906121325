import { basename } from 'node:path';
import type { JobType } from '../../../shared/job.ts';
import type { ExecutionContext, Toolbox } from '../execution.ts';
import { inputArgs } from './input.ts';
import { durationMs, videoStream, type Probe } from './probe.ts';
import { failure, JobFailure } from '../../../shared/failure.ts';

/** Containers whose clock may start again or jump in mid-file: joined recordings, dashcams, recorders of broadcasts. */
const MAY_JUMP = /^mpeg(ts)?$/;
/** Below it a recording with a picture would be emptier than any camera or broadcaster makes one. */
const EMPTIEST_BITS_PER_SECOND = 300_000;
/** ffmpeg itself takes more than this for a jump, and goes on without it (its `-dts_delta_threshold`). */
const JUMP_SECONDS = 10;
const ADDRESS_SPACE = 4 * 1024 ** 3;
const WALL_MS = 30 * 60_000;

type Context = Pick<ExecutionContext<JobType>, 'processes' | 'source'> & { readonly tools: Pick<Toolbox, 'ffprobe'> };

/**
 * The probe with the length that plays, where the one that is told is last time stamp minus first and the clock started
 * again or jumped in between; `clockJumps` then tells how often. ffmpeg leaves such jumps out when it decodes.
 */
export async function withPlayedLength(context: Context, probe: Probe): Promise<Probe> {
  const told = (durationMs(probe) ?? 0) / 1000;
  const video = videoStream(probe);
  if (!MAY_JUMP.test(probe.format.name) || video === undefined) return probe;
  if (told > 0 && (context.source.sizeBytes * 8) / told >= EMPTIEST_BITS_PER_SECOND) return probe;
  const reader = createPlayedReader();
  const { source } = context;
  const result = await context.processes.run({
    program: context.tools.ffprobe.path,
    args: [
      ...['-hide_banner', '-loglevel', 'repeat+level+warning', '-select_streams', String(video.index)],
      ...['-of', 'csv=p=0', '-show_entries', 'packet=dts_time,duration_time'],
      ...inputArgs(source.input, { tool: 'ffprobe', openOnly: probe.openOnly }),
    ],
    descriptors: [source.fd],
    stdout: { kind: 'lines', onLine: (line) => reader.line(line) },
    limits: { wallMs: WALL_MS, addressSpaceBytes: ADDRESS_SPACE },
  });
  if (result.end.kind !== 'exited') {
    const message = `The times of “${basename(source.path)}” could not be read.`;
    throw new JobFailure(failure('ENGINE_UNAVAILABLE', message));
  }
  const { seconds, jumps } = reader.played();
  if (jumps === 0) return probe;
  return {
    format: { ...probe.format, duration: seconds },
    streams: probe.streams.map((stream) => ({ ...stream, duration: seconds })),
    clockJumps: jumps,
  };
}

/** Adds up the distances between packets, jumps left out. Lines are `dts,duration`, either may be `N/A`. */
export function createPlayedReader(): { line(text: string): void; played(): { seconds: number; jumps: number } } {
  let last: number | undefined;
  let lastDuration = 0;
  let seconds = 0;
  let jumps = 0;
  return {
    line(text) {
      // 5.1 puts an empty line behind a packet with side data.
      const [, first, second] = /^(-?[\d.]+|N\/A),(-?[\d.]+|N\/A)/.exec(text) ?? [];
      const [dts, duration] = [Number(first), Number(second)];
      if (duration > 0) lastDuration = duration;
      if (!Number.isFinite(dts)) return;
      if (last !== undefined) {
        const distance = dts - last;
        const isJump = distance < 0 || distance > JUMP_SECONDS;
        jumps += isJump ? 1 : 0;
        seconds += isJump ? lastDuration : distance;
      }
      last = dts;
    },
    played: () => ({ seconds: seconds + lastDuration, jumps }),
  };
}
