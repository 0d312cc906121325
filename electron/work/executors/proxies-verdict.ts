import { basename } from 'node:path';
import { failure, type Failure } from '../../../shared/failure.ts';
import { durationSlack, originOf, proxyEnds, sourceEnds, type Ends } from '../media/parity-ends.ts';
import { describeDifference } from '../media/parity-words.ts';
import type { Difference } from '../media/parity.ts';
import type { Probe } from '../media/probe.ts';
import { runsOn } from '../media/promised-length.ts';
import type { ProxyPlan } from '../media/proxy-args.ts';
import { ticksToSeconds, type ReadBack } from '../media/proxy-readback.ts';
import { ratioValue } from '../media/rational.ts';
import { endArgs, listedPackets } from '../media/proxy-transport.ts';
import { CUT_ADVICE } from '../media/media-names.ts';
import { toolDetail, toolFailure } from '../media/tool-failure.ts';
import type { ExecutionContext } from '../execution.ts';
import { listPackets, probeFramesCounting, type EncodeRun } from './proxies-tool.ts';

/** Whose fault a run is: the file's (fatal), the storage's, or the tool's (retryable). */

/** ffmpeg's exit code when more than two thirds of what it tried to decode was damaged (`-max_error_rate`). */
const MOSTLY_DAMAGED = 69;

/** Why the encoder's run is no success, or null. Exit code 0 is looked into by `judgeDifferences`. */
export function judgeEncoding(run: EncodeRun, sourcePath: string): Failure | null {
  const { result, decodeErrors } = run;
  const detail = toolDetail(result);
  if (decodeErrors.diskFull) return failure('DISK_FULL', 'The disk of the work folder is full.', detail);
  if (decodeErrors.storageFailed) return storageFailed(sourcePath, run);
  if (result.end.kind === 'exited' && result.end.code === 0) return null;
  const madeNothing = (run.last?.frame ?? 0) === 0 && (run.last?.outTimeMs ?? 0) === 0;
  const undecodable = madeNothing && decodeErrors.errors > 0 && !decodeErrors.toolRefused;
  if (result.end.kind === 'exited' && (undecodable || result.end.code === MOSTLY_DAMAGED)) {
    return unreadable(sourcePath, 'nothing in it can be decoded', run);
  }
  return toolFailure(result, 'ENCODE_FAILED', 'Encoding the proxy');
}

interface Evidence {
  readonly probe: Probe;
  readonly plan: ProxyPlan;
  readonly run: EncodeRun;
  readonly made: ReadBack | null;
  /** null where the proxy could not even be read. */
  readonly differences: readonly Difference[] | null;
}

/** Why a finished file must not be delivered, or null. May read the source once more to find whose fault it is. */
export async function judgeDifferences(
  context: ExecutionContext<'generate_video_proxies'>,
  evidence: Evidence,
): Promise<Failure | null> {
  const { probe, plan, run, made, differences } = evidence;
  const { path } = context.source;
  if (made === null || differences === null) {
    if (run.decodeErrors.errors > 0) return unreadable(path, 'nothing in it can be decoded', run);
    return failure('OUTPUT_INVALID', 'The proxy cannot be read back.', {
      ...toolDetail(run.result),
      subject: 'streams',
    });
  }
  if (isMostlyLost(probe, plan, run)) return unreadable(path, 'most of it is damaged', run);
  if (await endsInside(context, evidence)) return endsInsideLast(path, run);
  const endless = runsOn(probe, Math.max(...Object.values(proxyEnds(made))), basename(path));
  if (endless !== null) return { ...endless, detail: toolDetail(run.result) };
  const [first] = differences;
  if (first === undefined) return null;
  const short = differences.some(({ field }) => field === 'duration') ? endsEarly(probe, plan, made) : false;
  if (short !== false) {
    const source = await readSourceEnd(context, probe, plan, short);
    if (source.isCut || run.decodeErrors.errors > 0) return endsBefore(path, short, run);
    if (source.isLongLastFrame && differences.length === 1) return null;
  }
  if (probe.isBrokenOff === true && plan.kind === 'edit') return tornPicture(path, plan.profile.name, run);
  return failure(
    'OUTPUT_INVALID',
    `The proxy does not match its source: ${differences.map(describeDifference).join('; ')}.`,
    {
      ...toolDetail(run.result),
      subject: first.field,
    },
  );
}

/** Containers that declare no length: of these only the last picture tells whether the file was cut. */
const WITHOUT_LENGTH = /^mpeg(ts)?$/;

/**
 * Whether the file ends inside its last picture, looked at where decoding complained: the last GOP is decoded with and
 * without it, and a cut picture adds complaints. Damage before it complains both times. A file that was cut exactly
 * between two pictures cannot be told from a recording that was stopped there.
 */
async function endsInside(
  context: ExecutionContext<'generate_video_proxies'>,
  { probe, plan, run }: Evidence,
): Promise<boolean> {
  if (!WITHOUT_LENGTH.test(probe.format.name) || plan.kind === 'sound' || run.decodeErrors.errors === 0) return false;
  const { input, fd } = context.source;
  const { index } = plan.video;
  const packets = await listPackets(context, input, String(index), { descriptors: [fd], openOnly: probe.openOnly });
  if (packets === undefined) return false;
  const whole = await probeFramesCounting(
    context,
    endArgs({ input, openOnly: probe.openOnly }, index, packets.lastKeySeconds),
    [fd],
  );
  const count = listedPackets(whole.printed);
  if (whole.errors === 0 || count < 2) return false;
  const before = await probeFramesCounting(
    context,
    endArgs({ input, openOnly: probe.openOnly }, index, packets.lastKeySeconds, count - 1),
    [fd],
  );
  return whole.errors > before.errors;
}

/**
 * Reads the source's packets once more, because its proxy ends before its header says: the source may be cut; or its
 * last picture may be shown for long (screen recordings), which ffmpeg does not tell the encoder.
 */
async function readSourceEnd(
  context: ExecutionContext<'generate_video_proxies'>,
  probe: Probe,
  plan: ProxyPlan,
  short: EarlyEnd,
): Promise<{ readonly isCut: boolean; readonly isLongLastFrame: boolean }> {
  const stream = plan.kind !== 'sound' && short.part !== 'sound' ? plan.video : plan.audio[0];
  const base = stream?.timeBase;
  if (stream === undefined || base === undefined) return { isCut: false, isLongLastFrame: false };
  const { input, fd } = context.source;
  const packets = await listPackets(context, input, String(stream.index), {
    descriptors: [fd],
    openOnly: probe.openOnly,
  });
  if (packets === undefined) return { isCut: true, isLongLastFrame: false };
  const origin = short.origin;
  const last = ticksToSeconds(packets.last, base) - origin;
  const end = ticksToSeconds(packets.end, base) - origin;
  return {
    // Matroska may leave out how long a packet lasts (`end` is then `last`); how many bytes it should have was looked at before.
    isCut: end > last && end < short.promised - short.slack,
    isLongLastFrame: stream.type === 'video' && last <= short.made,
  };
}

interface EarlyEnd {
  readonly part: 'picture' | 'sound' | 'whole';
  readonly slack: number;
  /** Time stamp of the source's beginning, in seconds. */
  readonly origin: number;
  readonly promised: number;
  readonly made: number;
}

/** The part of the proxy that ends before the source promises to; false when none does. */
function endsEarly(probe: Probe, plan: ProxyPlan, proxy: ReadBack): EarlyEnd | false {
  const expected = sourceEnds(probe, plan);
  const actual: Ends = { ...proxyEnds(proxy) };
  const whole = Math.max(actual.picture ?? 0, actual.sound ?? 0);
  for (const part of ['picture', 'sound', 'whole'] as const) {
    const promised = expected[part];
    const made = part === 'whole' ? whole : (actual[part] ?? 0);
    if (promised === undefined) continue;
    const slack = durationSlack(probe, plan, promised);
    if (made < promised - slack) return { part, slack, origin: originOf(probe, plan), promised, made };
  }
  return false;
}

/** A quarter of the pictures (or sound blocks) lost is no longer "slightly damaged". */
const LOST_SHARE = 0.25;
/** AAC blocks of 1024 samples at 44.1 kHz. */
const BLOCKS_PER_SECOND = 43;

function isMostlyLost(probe: Probe, plan: ProxyPlan, run: EncodeRun): boolean {
  const seconds = probe.format.duration ?? 0;
  const stream = plan.kind === 'sound' ? plan.audio[0] : plan.video;
  if (stream === undefined || seconds === 0) return false;
  const rate = stream.type === 'video' && stream.averageRate !== undefined ? ratioValue(stream.averageRate) : undefined;
  const perSecond = plan.kind === 'sound' ? BLOCKS_PER_SECOND : (rate ?? 25);
  return (run.decodeErrors.lostPackets[stream.index] ?? 0) > seconds * perSecond * LOST_SHARE;
}

function unreadable(path: string, reason: string, run: EncodeRun): Failure {
  return failure('SOURCE_UNREADABLE', `“${basename(path)}” cannot be read: ${reason}.`, toolDetail(run.result));
}

function endsBefore(path: string, end: EarlyEnd, run: EncodeRun): Failure {
  const readable = `${end.made.toFixed(1)} s of the ${end.promised.toFixed(1)} s its header promises`;
  return failure(
    'SOURCE_UNREADABLE',
    `“${basename(path)}” is not complete: only ${readable} can be read; ${CUT_ADVICE}.`,
    toolDetail(run.result),
  );
}

function endsInsideLast(path: string, run: EncodeRun): Failure {
  const message = `“${basename(path)}” is cut short: it ends inside its last picture; ${CUT_ADVICE}.`;
  return failure('SOURCE_UNREADABLE', message, toolDetail(run.result));
}

/** How many pictures such a source has, an editing program and ffmpeg may see differently. */
function tornPicture(path: string, profile: string, run: EncodeRun): Failure {
  const because = 'because a crash broke the recording off within a picture; make a review proxy';
  const message = `“${basename(path)}” has no ${profile} proxy, ${because}.`;
  return failure('UNSUPPORTED_MEDIA', message, { ...toolDetail(run.result), subject: profile });
}

function storageFailed(path: string, run: EncodeRun): Failure {
  const message = `The disk or share stopped answering while “${basename(path)}” was read.`;
  return failure('STORAGE_UNAVAILABLE', message, toolDetail(run.result));
}
