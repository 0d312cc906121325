import { argv } from './argv.ts';
import { ffmpegStart } from './input.ts';

/**
 * From this build on (`X264_BUILD`, x264.h; Debian's of September 2025) slices that are encoded side by side under a rate
 * cap come out otherwise on every run; on one thread, or without a cap, they do not. The cause was not found: 164 lets
 * slices look at each other's progress, too, and makes the same bytes, also on a busy machine. Seen with
 * test/media/output-same.
 */
const UNSTEADY_SINCE = 165;

/** Makes ffmpeg say which x264 it has: one grey picture of 64×64. */
export const X264_BUILD_ARGS: readonly string[] = [
  ...ffmpegStart('verbose'),
  ...argv('-nostdin -f lavfi -i color=s=64x64:d=0.04 -frames:v 1 -c:v libx264 -flags +global_header -f null -'),
];

/** x264's number in a line of ffmpeg's stderr. */
export function x264Build(line: string): number | undefined {
  const [, build] = /\[libx264 @ [^\]]*\].* 264 - core (\d+)/.exec(line) ?? [];
  return build === undefined ? undefined : Number(build);
}

/** Whether parts of a picture may be encoded side by side and still come out the same on every run. */
export const hasSteadySlices = (build: number | undefined): boolean => build !== undefined && build < UNSTEADY_SINCE;
