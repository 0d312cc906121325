import type { ReviewProxyProfile } from '../../../shared/profiles.ts';
import type { ExecutionContext } from '../execution.ts';
import { hasSteadySlices, X264_BUILD_ARGS, x264Build } from '../media/x264-build.ts';

/** Builds of x264 by the ffmpeg that has them: it is asked once in the life of this process. */
const known = new Map<string, number>();

/**
 * Into how many parts, encoded side by side, a review picture is divided: as many as the profile says, or one where
 * this machine's x264 would make other bytes on every run.
 */
export async function slicesOf(
  context: ExecutionContext<'generate_video_proxies'>,
  { video }: ReviewProxyProfile,
): Promise<number> {
  const { path, version } = context.tools.ffmpeg;
  const key = `${path}\n${version}`;
  let build = known.get(key);
  if (build === undefined) {
    await context.processes.run({
      program: path,
      args: X264_BUILD_ARGS,
      onStderrLine: (line) => {
        build ??= x264Build(line);
      },
      limits: { wallMs: 60_000 },
    });
    if (build !== undefined) known.set(key, build);
  }
  if (hasSteadySlices(build)) return video.slices;
  const because = 'encoded side by side, the parts of its pictures would come out otherwise on every run';
  context.report.log('info', `x264 ${build ?? 'of an unknown build'}: one thread for the picture, because ${because}.`);
  return 1;
}
