import { basename } from 'node:path';
import { failure, JobFailure } from '../../../shared/failure.ts';
import type { JobType } from '../../../shared/job.ts';
import type { VideoStream } from '../media/probe.ts';
import { parsePeek, peekArgs } from '../media/proxy-scan.ts';
import type { ExecutionContext } from '../execution.ts';

const WALL_MS = 60_000;
const ADDRESS_SPACE = 4 * 1024 ** 3;

/**
 * HEVC may carry each field as a picture of its own (pic_struct 1 and 2, ITU-T H.265 D.3.3). ffmpeg's decoder gives them
 * out as pictures of half the height, flagged as interlaced, and flags nothing else so: whatever was made of them would
 * be squashed. Throws JobFailure UNSUPPORTED_MEDIA for such a source.
 */
export async function refuseFieldCoded(
  context: Pick<ExecutionContext<JobType>, 'processes' | 'source' | 'tools'>,
  stream: VideoStream,
  openOnly?: readonly string[],
): Promise<void> {
  if (stream.codec !== 'hevc') return;
  const { path, input, fd } = context.source;
  const result = await context.processes.run({
    program: context.tools.ffprobe.path,
    args: peekArgs(input, stream.index, openOnly),
    descriptors: [fd],
    stdout: { kind: 'collect', maxBytes: 1 << 20 },
    limits: { wallMs: WALL_MS, addressSpaceBytes: ADDRESS_SPACE },
  });
  if (!parsePeek(result.stdout.toString('utf8')).some(({ interlaced }) => interlaced)) return;
  const message =
    `“${basename(path)}” is HEVC coded field by field, which this agent cannot weave into pictures; ` +
    'convert it to frames (H.264, ProRes or DNxHR) with the camera maker’s or editing software first.';
  throw new JobFailure(failure('UNSUPPORTED_MEDIA', message, { subject: 'hevc' }));
}
