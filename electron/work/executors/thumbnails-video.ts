import { basename } from 'node:path';
import { assertNever } from '../../../shared/assert-never.ts';
import { failure, JobFailure } from '../../../shared/failure.ts';
import type { ThumbnailProfile } from '../../../shared/profiles.ts';
import { technicalMetadata } from '../media/facts.ts';
import { apertureWarning } from '../media/clean-aperture.ts';
import { requireVideo } from '../media/probe-source.ts';
import { probeOf } from '../media/source-probes.ts';
import {
  countedFrom,
  grabArgs,
  clockZero,
  listArgs,
  pictureBegins,
  seekLeads,
  seekTo,
  surveyArgs,
  sweepArgs,
  thumbnailSize,
  type Seek,
  type Window,
} from '../media/thumbnail-args.ts';
import {
  betterNeighbour,
  isBlank,
  mayBeFaded,
  representativeMoment,
  spreadOver,
  storyboardMoments,
} from '../media/thumbnail-moments.ts';
import { parseFrameStats, parseFrameTimes, type FrameStats } from '../media/thumbnail-stats.ts';
import type { ExecutionContext } from '../execution.ts';
import { refuseFieldCoded } from './field-coded.ts';
import { endsEarly, type Clip } from './thumbnails-clip.ts';
import type { RenderedPicture, RenderedPictures } from './thumbnails-rendered.ts';
import { renderSprite } from './thumbnails-sprite.ts';
import { createRenderTool } from './thumbnails-tool.ts';

type Picture = RenderedPicture;

/** Pictures of a recording as its profile asks for. Throws JobFailure. */
export async function renderVideo(
  context: ExecutionContext<'generate_thumbnails'>,
  profile: ThumbnailProfile,
): Promise<RenderedPictures> {
  context.report.stage('probing');
  const probe = await probeOf(context);
  const stream = requireVideo(probe, context.source.path);
  await refuseFieldCoded(context, stream, probe.openOnly);
  const pictureSeconds = stream.duration;
  const clip: Clip = {
    probe,
    stream,
    zero: clockZero(probe),
    duration: pictureSeconds === undefined ? probe.format.duration : pictureBegins(probe, stream) + pictureSeconds,
    tool: createRenderTool(context),
    image: profile.image,
    size: thumbnailSize(stream, profile.image.width),
    workspace: context.workspace,
    input: probe.input ?? context.source.input,
    name: basename(context.source.path),
    // The probe is a tenth of the work of a short clip; the rest follows the pictures.
    progress: (fraction) => context.report.progress(0.1 + 0.85 * fraction),
  };
  clip.progress(0);
  context.report.stage('rendering');
  const pictures = await picturesOf(clip, profile);
  const early = endsEarly(clip, pictures);
  return {
    pictures,
    warnings: [...(probe.warnings ?? []), apertureWarning(stream), early].filter((one) => one !== undefined),
    command: clip.tool.lastCommand(),
    decodeErrors: clip.tool.decodeErrors(),
    facts: technicalMetadata(probe, context.source.sizeBytes),
    metrics: { decoder: stream.codec, profile: profile.name, tool_runs: clip.tool.runs() },
  };
}

async function picturesOf(clip: Clip, profile: ThumbnailProfile): Promise<readonly Picture[]> {
  switch (profile.layout) {
    case 'representative':
      return [await representative(clip, profile)];
    case 'storyboard':
      return storyboard(clip, profile.count);
    case 'sprite': {
      const sheets = await renderSprite(clip, profile);
      if (sheets.length === 0) throw noPicture(clip);
      return sheets;
    }
    default:
      return assertNever(profile);
  }
}

// ── one picture ─────────────────────────────────────────────────────────────────────────────────────────────────

async function representative(
  clip: Clip,
  profile: Extract<ThumbnailProfile, { layout: 'representative' }>,
): Promise<Picture> {
  const moment = representativeMoment(profile.moment, clip.duration);
  if (clip.probe.clockJumps !== undefined) {
    const [only] = await sweep(clip, [moment]);
    if (only !== undefined) return only;
  }
  let grabbed = await grab(clip, moment, 0);
  // Shorter than its container claims (longer sound, unknown duration): the first frame, as for any short clip.
  if (grabbed === null && moment > 0) grabbed = await grab(clip, 0, 1);
  if (grabbed === null) throw noPicture(clip);
  clip.progress(0.6);
  if (!mayBeFaded(grabbed.stats)) return grabbed;
  const better = betterNeighbour(grabbed.stats, await neighbours(clip, grabbed.stats));
  clip.progress(0.9);
  // 2 ms earlier than the frame: shorter than any frame lasts, longer than any rounding of its timestamp.
  return better === null ? grabbed : ((await grab(clip, Math.max(0, better.time - 0.002), 2)) ?? grabbed);
}

/** Frames around a doubtful one, from cheap to dear, until there is something to compare with. */
async function neighbours(clip: Clip, wanted: FrameStats): Promise<readonly FrameStats[]> {
  const near = await survey(clip, wanted.time, 3, 'key');
  if (near.length < 3 || near.every(isBlank)) near.push(...(await survey(clip, wanted.time, 3, 'quarter-second')));
  if (near.every(isBlank)) near.push(...(await survey(clip, wanted.time, 30, 'key')));
  return near;
}

async function survey(clip: Clip, around: number, seconds: number, frames: Window['frames']): Promise<FrameStats[]> {
  const from = Math.max(0, around - seconds);
  const window = { from, seconds: around + seconds - from, frames };
  return parseFrameStats(await clip.tool.run(surveyArgs({ ...clip, pattern: '' }, window)), countedFrom(clip, from));
}

// ── several pictures ────────────────────────────────────────────────────────────────────────────────────────────

/** Up to this length one decode of everything is cheaper than ten seeks with ten starts of the tool. */
const SWEEP_SECONDS = 12;

async function storyboard(clip: Clip, count: number): Promise<readonly Picture[]> {
  const { duration, stream } = clip;
  const isTiny = stream.frameCount !== undefined && stream.frameCount <= count;
  if (duration !== undefined && !isTiny) {
    const moments = storyboardMoments(count, duration);
    // Where the clock jumps, no seek finds a moment.
    const atOnce = duration <= SWEEP_SECONDS || clip.probe.clockJumps !== undefined;
    const pictures = atOnce ? await sweep(clip, moments) : await grabEach(clip, moments);
    if (new Set(pictures.map((picture) => picture.time)).size === count) return pictures;
  }
  // Fewer frames than pictures, long gaps between frames, or no known duration: look at every frame's time first.
  const list = await clip.tool.run(listArgs({ ...clip, pattern: '' }));
  const times = parseFrameTimes(list, stream.timeBase ?? { num: 1, den: 1 }).map((time) => countedFrom(clip, 0) + time);
  const length = duration ?? times.at(-1) ?? 0;
  const exact = spreadOver(times, storyboardMoments(count, length));
  const pictures = await grabEach(
    clip,
    exact.map((time) => Math.max(0, time - 0.002)),
  );
  if (pictures.length === 0) throw noPicture(clip);
  return pictures;
}

async function sweep(clip: Clip, moments: readonly number[]): Promise<readonly Picture[]> {
  const onFrame = (seen: number): void => clip.progress(seen / moments.length);
  const text = await clip.tool.run(sweepArgs({ ...clip, pattern: 'sweep-%03d.part' }, moments), onFrame);
  return parseFrameStats(text, countedFrom(clip, 0)).map((frame, i) => picture(clip, numbered('sweep', i), frame.time));
}

async function grabEach(clip: Clip, moments: readonly number[]): Promise<readonly Picture[]> {
  const pictures: Picture[] = [];
  for (const [i, moment] of moments.entries()) {
    const picture = await grab(clip, moment, i);
    if (picture !== null) pictures.push(picture);
    clip.progress((i + 1) / moments.length);
  }
  return pictures;
}

type Grabbed = Picture & { readonly stats: FrameStats };

/** A frame so much later than its moment says that the decoder began behind it, or that there is a gap. */
const LATE_SECONDS = 0.25;

/** The first frame at or after `at`; null when there is none. */
async function grab(clip: Clip, at: number, number: number): Promise<Grabbed | null> {
  let grabbed: Grabbed | null = null;
  for (const lead of seekLeads(clip.probe.format.name)) {
    grabbed = (await grabFrom(clip, seekTo(at, lead), number)) ?? grabbed;
    if (at <= lead || (grabbed !== null && grabbed.time - at <= LATE_SECONDS)) break;
  }
  return grabbed;
}

async function grabFrom(clip: Clip, seek: Seek, number: number): Promise<Grabbed | null> {
  const prefix = `seek-${number}`;
  const text = await clip.tool.run(grabArgs({ ...clip, pattern: `${prefix}-%03d.part` }, seek));
  const stats = parseFrameStats(text, countedFrom(clip, seek.from))[0];
  return stats === undefined ? null : { ...picture(clip, numbered(prefix, 0), stats.time), stats };
}

function picture({ size }: Clip, temporary: string, time: number): Picture {
  return { temporary, time, size };
}

function numbered(prefix: string, number: number): string {
  return `${prefix}-${String(number).padStart(3, '0')}.part`;
}

/** Nothing decoded: the file's fault when the decoder complained, the renderer's when it kept silent. */
function noPicture(clip: Clip): JobFailure {
  const detail = { command: [...clip.tool.lastCommand()], lastLines: [...clip.tool.lastLines()] };
  if (clip.tool.decodeErrors() > 0) {
    return new JobFailure(failure('SOURCE_UNREADABLE', `No frame of “${clip.name}” can be decoded.`, detail));
  }
  return new JobFailure(failure('RENDER_FAILED', `“${clip.name}” gave an empty picture.`, detail));
}
