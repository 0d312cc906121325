import { basename, dirname } from 'node:path';
import type { NotMade } from '../../../shared/setup-commands.ts';
import { FITS, INPUTS_OF, JOB_TYPES, type JobType } from '../../../shared/job.ts';
import { imageKindOf } from '../../work/media/image-kind.ts';
import { audioStreams, videoStream } from '../../work/media/probe.ts';
import { probeSource } from '../../work/media/probe-source.ts';
import { quickLook } from '../../work/media/quick-look.ts';
import { unreadPicture, unreadSound } from '../../work/media/unread-streams.ts';
import type { FoundTool, Source } from '../../work/execution.ts';
import type { ProgramRunner } from '../../work/process/child.ts';
import { openSource } from '../../work/storage/open-source.ts';
import type { InspectTools } from './work-tools.ts';

/** What a file holds, as far as it decides which jobs fit. */
export type MediaContent =
  | { readonly kind: 'photo' }
  | { readonly kind: 'clip'; readonly picture: boolean; readonly sound: boolean }
  | { readonly kind: 'unreadable' };

/** Looks into a file. Rejects only where ffprobe is needed and cannot be used. */
export async function inspectMedia(path: string, tools: InspectTools): Promise<MediaContent> {
  const opened = await openSource(dirname(path), basename(path)).catch(() => null);
  if (opened === null) return UNREADABLE;
  const { source, handle } = opened;
  try {
    if ((await imageKindOf(source.fd).catch(() => null)) !== null) return { kind: 'photo' };
    const quick = await quickLook(source.fd, source.sizeBytes).catch(() => null);
    if (quick === 'cut-short') return UNREADABLE;
    return quick === null ? await probed(source, await tools.ffprobe(), tools.processes()) : { kind: 'clip', ...quick };
  } finally {
    await handle.close();
  }
}

const UNREADABLE: MediaContent = { kind: 'unreadable' };

async function probed(source: Source, ffprobe: FoundTool, processes: ProgramRunner): Promise<MediaContent> {
  try {
    const probe = await probeSource({ processes, tools: { ffprobe }, source });
    // A part that cannot be decoded gets its jobs, so that one of them says why.
    const picture = videoStream(probe) ?? unreadPicture(probe);
    const sound = [...audioStreams(probe), ...unreadSound(probe)];
    return { kind: 'clip', picture: picture !== undefined, sound: sound.length > 0 };
  } catch {
    return UNREADABLE;
  }
}

/**
 * Why a job type is not for a file, or null when it fits. A file that cannot be read gets them all but the
 * transcript, so that each says why it failed.
 */
export function whyNotMade(jobType: JobType, content: MediaContent): NotMade | null {
  const fits = FITS[jobType];
  if (content.kind === 'unreadable') return fits.unreadable ? null : 'no-sound';
  if (content.kind === 'photo') return fits.photo ? null : 'photo';
  if (fits.clip === 'any' || content[fits.clip]) return null;
  return fits.clip === 'picture' ? 'no-picture' : 'no-sound';
}

/** The jobs a file is good for, when a person named none: what it has no picture or no sound for is not asked for. */
export async function fittingJobs(path: string, tools: InspectTools): Promise<JobType[]> {
  const content = await inspectMedia(path, tools);
  return JOB_TYPES.filter((jobType) => whyNotMade(jobType, content) === null);
}

export interface ProfileChoice {
  readonly proxyProfile?: string;
  readonly thumbnailProfile?: string;
  readonly transcriptionProfile?: string;
  readonly language?: string;
}

/** The inputs of a job, beside asset and path, which the server adds. */
export function inputsOf(jobType: JobType, choice: ProfileChoice): Record<string, string> {
  const chosen: Readonly<Record<string, string | undefined>> = { ...choice };
  return Object.fromEntries(
    Object.entries(INPUTS_OF[jobType]).flatMap(([ours, theirs]) =>
      chosen[ours] === undefined ? [] : [[theirs, chosen[ours]]],
    ),
  );
}
