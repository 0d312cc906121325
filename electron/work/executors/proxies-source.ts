import { basename } from 'node:path';
import { failure, JobFailure } from '../../../shared/failure.ts';
import type { EditProxyProfile } from '../../../shared/profiles.ts';
import type { Probe, Ratio, VideoStream } from '../media/probe.ts';
import { clipPart } from '../media/proxy-clip-part.ts';
import { expectedRate, planEdit, type EditPlan } from '../media/proxy-edit-plan.ts';
import { filmRate } from '../media/proxy-film.ts';
import { motionArgs, parseMotion } from '../media/proxy-motion.ts';
import type { Grid } from '../media/proxy-readback.ts';
import { isContradicted, parsePeek, peekArgs, type FrameFlags } from '../media/proxy-scan.ts';
import { unreadName, unreadSound } from '../media/unread-streams.ts';
import type { ExecutionContext } from '../execution.ts';
import { listPackets, probeFrames, measureMotion } from './proxies-tool.ts';

/** What is looked at in a source before its proxy is planned. */

type Context = ExecutionContext<'generate_video_proxies'>;

/** Throws JobFailure (UNSUPPORTED_MEDIA) for a file that is only a part of a clip. */
export async function refusePart(context: Context, probe: Probe): Promise<void> {
  const { path } = context.source;
  const part = await clipPart(path, probe);
  if (part !== null) {
    throw new JobFailure(failure('UNSUPPORTED_MEDIA', `“${basename(path)}” is ${part.what}. ${part.advice}`, part));
  }
}

/**
 * Counts the source's pictures, asks its first frames for their fields and plans the proxy. Throws JobFailure:
 * UNSUPPORTED_MEDIA where the profile cannot hold this source, SOURCE_UNREADABLE where it has no pictures at all.
 */
export async function planForEditing(
  context: Context,
  probe: Probe,
  video: VideoStream,
  profile: EditProxyProfile,
): Promise<EditPlan> {
  const { path, input, fd } = context.source;
  if (probe.clockJumps !== undefined) {
    const message = `“${basename(path)}” has no ${profile.name} proxy, because its clock starts again within the file; cut it there, or make a review proxy.`;
    throw new JobFailure(failure('UNSUPPORTED_MEDIA', message, { subject: profile.name }));
  }
  const leftOut = unreadSound(probe).find(({ isDefault }) => isDefault);
  if (leftOut !== undefined) {
    const message = `“${basename(path)}” has no ${profile.name} proxy, because its sound holds ${unreadName(leftOut)}, which cannot be decoded, and an editing proxy has every track of its source; make a review proxy, or convert the sound first.`;
    throw new JobFailure(failure('UNSUPPORTED_MEDIA', message, { subject: profile.name }));
  }
  const rate = expectedRate(video);
  const { timeBase } = video;
  const grid = rate === undefined || timeBase === undefined ? undefined : gridOf(rate, timeBase);
  const frames: readonly FrameFlags[] = parsePeek(
    await probeFrames(context, peekArgs(input, video.index, probe.openOnly), [fd]),
  );
  const packets = await listPackets(context, input, String(video.index), {
    descriptors: [fd],
    openOnly: probe.openOnly,
    grid,
  });
  if (packets === undefined) {
    throw new JobFailure(failure('SOURCE_UNREADABLE', `“${basename(path)}” has no pictures that can be read.`));
  }
  const moving = isContradicted(probe, video, frames)
    ? parseMotion(await measureMotion(context, motionArgs(input, video), [fd]))
    : undefined;
  const plan = planEdit(probe, video, profile, { packets, frames, ...(moving === undefined ? {} : { moving }) });
  if (plan.kind === 'edit') return plan;
  const message = `“${basename(path)}” has no ${profile.name} proxy, because ${plan.because}; choose another profile.`;
  throw new JobFailure(failure('UNSUPPORTED_MEDIA', message, { subject: profile.name }));
}

function gridOf(rate: Ratio, timeBase: Ratio): Grid {
  const film = filmRate(rate);
  return { rate, timeBase, ...(film === undefined ? {} : { film }) };
}
