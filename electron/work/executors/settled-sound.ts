import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { JobFailure } from '../../../shared/failure.ts';
import type { JobType } from '../../../shared/job.ts';
import type { Warning } from '../../../shared/facts.ts';
import type { AudioStream } from '../media/probe.ts';
import { settledArgs, settledStreams, type SettledOptions } from '../media/settled-sound-args.ts';
import {
  commonLayout,
  createFormatWatch,
  SoundChanges,
  type CommonLayout,
  type SoundFormats,
} from '../media/sound-formats.ts';
import { toolFailure } from '../media/tool-failure.ts';
import type { ChildResult, ChildSpec } from '../process/child.ts';
import type { ExecutionContext } from '../execution.ts';

type Context = Pick<ExecutionContext<JobType>, 'processes' | 'source' | 'tools' | 'workspace' | 'signal'>;

const FILE = 'settled-sound.nut';
/** A day of sound from a slow share; the stall watchdog ends what hangs long before. */
const WALL_MS = 6 * 3_600_000;
const ADDRESS_SPACE = 8 * 1024 ** 3;

/** How sound is settled where it has to be. */
export type Settling = Pick<SettledOptions, 'codec' | 'decoders' | 'earlier' | 'limitSeconds'> & {
  readonly into: 'widest' | 'declared';
};

export interface SettledSound {
  /** In the workspace. */
  readonly path: string;
  readonly streams: readonly AudioStream[];
  readonly warning: Warning;
}

/**
 * Attempts a thing with the source's own sound (undefined) and, where `runWatched` finds within it that this changes its
 * format, once more with the settled sound, which is removed afterwards. `changes` is the warning of such a source.
 */
export async function attemptSettling<T>(
  context: Context,
  streams: readonly AudioStream[],
  how: Settling,
  attempt: (settled: SettledSound | undefined) => Promise<T>,
): Promise<{ readonly made: T; readonly changes?: Warning }> {
  try {
    return { made: await attempt(undefined) };
  } catch (error) {
    if (!(error instanceof SoundChanges)) throw error;
    const settled = await settleSound(context, error, streams, how);
    const made = await attempt(settled);
    await rm(settled.path, { force: true });
    return { made, changes: settled.warning };
  }
}

/**
 * Decodes sound of changing format into one format per stream (sound-formats.ts). More than once only where a wider
 * layout turns up later than what was known. `into` says which format: the widest that turns up, or the one that the
 * container declares, which is what an editing program sees. Throws JobFailure: SOURCE_UNREADABLE where the sound cannot be decoded,
 * DISK_FULL and what ends a tool from outside.
 */
async function settleSound(
  context: Context,
  { formats }: SoundChanges,
  streams: readonly AudioStream[],
  how: Settling,
): Promise<SettledSound> {
  const layoutOf = (formats: SoundFormats, stream: AudioStream): CommonLayout =>
    commonLayout(layoutsOf(formats, stream), how.into === 'declared' ? declaredLayout(stream) : undefined);
  const path = join(context.workspace, FILE);
  let known = formats;
  for (;;) {
    const laid = streams.map((stream) => ({ stream, layout: layoutOf(known, stream) }));
    const watch = createFormatWatch();
    const result = await context.processes.run({
      program: context.tools.ffmpeg.path,
      args: settledArgs({ ...how, input: context.source.input, output: path, streams: laid }),
      cwd: context.workspace,
      descriptors: [context.source.fd],
      onStderrLine: watch.line,
      limits: { wallMs: WALL_MS, addressSpaceBytes: ADDRESS_SPACE },
    });
    refuse(result);
    const all = merged(known, watch.formats);
    const isWider = laid.some(({ stream, layout }) => layoutOf(all, stream).pan !== layout.pan);
    known = all;
    if (!isWider) {
      return { path, streams: settledStreams({ streams: laid, codec: how.codec }), warning: changeWarning(known) };
    }
  }
}

function refuse(result: ChildResult): void {
  if (result.end.kind === 'exited' && result.end.code === 0) return;
  throw new JobFailure(toolFailure(result, 'SOURCE_UNREADABLE', 'Reading the sound'));
}

function layoutsOf(formats: SoundFormats, stream: AudioStream): readonly string[] {
  return formats.get(stream.index) ?? [declaredLayout(stream)];
}

function declaredLayout({ channels, channelLayout }: AudioStream): string {
  return channelLayout ?? `${channels} channels`;
}

function merged(one: SoundFormats, other: SoundFormats): SoundFormats {
  const all = new Map(one);
  for (const [index, layouts] of other) all.set(index, [...new Set([...(all.get(index) ?? []), ...layouts])]);
  return all;
}

/** For the editor who wonders why the sound of a proxy is not as wide as a part of the recording. */
function changeWarning(formats: SoundFormats): Warning {
  const layouts = [...new Set([...formats.values()].filter(({ length }) => length > 1).flat())];
  const which = layouts.length > 1 ? ` (${layouts.join(', ')})` : '';
  const message = `The sound changes its format within the recording${which}; all of it is heard.`;
  return { code: 'SOUND_FORMAT_CHANGES', message };
}

/**
 * Runs a tool and ends it as soon as the sound turns out to change. Throws SoundChanges then.
 * @param spec with `ffmpegStart('verbose')`
 */
export async function runWatched(context: Context, spec: ChildSpec): Promise<ChildResult> {
  const watch = createFormatWatch();
  const stop = new AbortController();
  const result = await context.processes.run({
    ...spec,
    onStderrLine: (line) => {
      watch.line(line);
      if (watch.rebuilt) stop.abort();
      spec.onStderrLine?.(line);
    },
    signal: stop.signal,
  });
  if (watch.rebuilt && !context.signal.aborted) throw new SoundChanges(watch.formats);
  return result;
}
