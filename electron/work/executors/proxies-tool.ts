import { JobFailure } from '../../../shared/failure.ts';
import { createPictureCounter } from '../media/counted-pictures.ts';
import { durationMs, type Probe } from '../media/probe.ts';
import { createProgressParser, type FfmpegProgress } from '../media/progress.ts';
import type { ProxyPlan } from '../media/proxy-args.ts';
import { createDecodeErrorReader, type DecodeErrors } from '../media/proxy-damage.ts';
import {
  createFramecrcParser,
  createPacketReader,
  packetArgs,
  parseReadBack,
  passArgs,
  readBackArgs,
  type Grid,
  type PacketFacts,
  type ReadBack,
} from '../media/proxy-readback.ts';
import { mayChangeFormat } from '../media/sound-formats.ts';
import { createSilenceReader, type Span } from '../media/sound-silence.ts';
import { toolFailure } from '../media/tool-failure.ts';
import type { ChildResult } from '../process/child.ts';
import type { ExecutionContext } from '../execution.ts';
import { runWatched } from './settled-sound.ts';

/** The tool runs of one proxy job. */

type Context = ExecutionContext<'generate_video_proxies'>;

export interface EncodeRun {
  readonly result: ChildResult;
  readonly decodeErrors: DecodeErrors;
  /** What ffmpeg reported last; null when it never did. */
  readonly last: FfmpegProgress | null;
  /** Where the mix was silent. */
  readonly silences: readonly Span[];
  /** Pictures decoded, by the source's stream; empty where ffmpeg was not asked to tell. */
  readonly decoded: ReadonlyMap<number, number>;
}

/** Software decoding of 8K in several threads stays below half of this. */
const ADDRESS_SPACE = 16 * 1024 ** 3;
/** The software decoder of an 8K source and the driver's own share. */
const HARDWARE_RESIDENT = 8 * 1024 ** 3;
const READ_BACK_MAX_BYTES = 16 << 20;
const READ_BACK_WALL_MS = 10 * 60_000;

/**
 * Runs the encoder. A long film on a slow machine is not an error: no wall clock, only the stall watchdog. Throws
 * SoundChanges where the source's sound must be settled first (settled-sound.ts).
 */
export async function encode(
  context: Context,
  args: readonly string[],
  probe: Probe,
  onShare: (share: number) => void,
  onHardware: boolean,
): Promise<EncodeRun> {
  const wholeMs = durationMs(probe);
  const parse = createProgressParser();
  let last: FfmpegProgress | null = null;
  const reader = createDecodeErrorReader(() => last?.outTimeMs);
  const silence = createSilenceReader();
  const pictures = createPictureCounter();
  const result = await runWatched(context, {
    program: context.tools.ffmpeg.path,
    args,
    cwd: context.workspace,
    descriptors: [context.source.fd],
    stdout: {
      kind: 'lines',
      onLine: (line) => {
        const progress = parse(line);
        if (progress === null) return;
        last = progress;
        if (wholeMs === undefined || wholeMs === 0 || progress.outTimeMs === undefined) return;
        onShare(Math.min(1, progress.outTimeMs / wholeMs));
      },
    },
    onStderrLine: (line) => {
      reader.line(line);
      silence.line(line);
      pictures.line(line);
    },
    // Drivers reserve far more address space than they use.
    limits: onHardware ? { residentBytes: HARDWARE_RESIDENT } : { addressSpaceBytes: ADDRESS_SPACE },
    ...(onHardware ? { devices: 'graphics' } : {}),
  });
  return { result, decodeErrors: reader.decodeErrors(), last, silences: silence.spans(), decoded: pictures.decoded };
}

/** Reads the finished file; null when no media is found in it. Throws JobFailure when a tool itself is ended. */
export async function readBack(
  context: Context,
  plan: ProxyPlan,
  file: string,
  run: EncodeRun,
): Promise<ReadBack | null> {
  const isSeen = plan.kind !== 'sound';
  const isHeard = plan.kind !== 'edit' && mayChangeFormat(plan.audio);
  const passed = isSeen || isHeard ? await passThrough(context, file, { isSeen, isHeard }) : {};
  const packets = passed?.packets;
  if (passed === null || (isSeen && packets === undefined)) return null;
  // The last 0.3 s of a sound file: a few AAC blocks.
  const lastSpot = packets?.lastKeySeconds ?? Math.max(0, (run.last?.outTimeMs ?? 0) / 1000 - 0.3);
  const result = await context.processes.run({
    program: context.tools.ffprobe.path,
    args: readBackArgs(file, lastSpot),
    stdout: { kind: 'collect', maxBytes: READ_BACK_MAX_BYTES },
    limits: { wallMs: READ_BACK_WALL_MS, addressSpaceBytes: ADDRESS_SPACE },
  });
  if (!exited(result, 'Reading the proxy back')) return null;
  const read = parseReadBack(result.stdout.toString('utf8'));
  return {
    ...read,
    ...(packets === undefined ? {} : { packets }),
    ...(passed.silences === undefined ? {} : { silence: { mix: run.silences, proxy: passed.silences } }),
  };
}

/** Once through the whole file: its packets, and where it is silent, for what is silent in it must have been in the mix. */
async function passThrough(
  context: Context,
  file: string,
  what: { readonly isSeen: boolean; readonly isHeard: boolean },
): Promise<{ readonly packets?: PacketFacts | undefined; readonly silences?: readonly Span[] } | null> {
  const packets = createPacketReader(undefined, createFramecrcParser());
  const silence = createSilenceReader();
  const result = await context.processes.run({
    program: context.tools.ffmpeg.path,
    args: passArgs(file, what),
    stdout: { kind: 'lines', onLine: (line) => packets.line(line) },
    onStderrLine: silence.line,
    limits: { addressSpaceBytes: ADDRESS_SPACE },
  });
  if (!exited(result, 'Going through the proxy')) return null;
  return { packets: packets.facts(), ...(what.isHeard ? { silences: silence.spans() } : {}) };
}

/**
 * Lists one stream's packets; undefined where there are none.
 * @param how `grid`: where the pictures are expected, the answer then says whether they are there; `descriptors`: ours,
 *   for a file that is opened as `/dev/fd/3`; `openOnly`: as in input.ts
 */
export async function listPackets(
  context: Context,
  file: string,
  stream: string,
  how: {
    readonly descriptors?: readonly number[];
    readonly openOnly?: readonly string[] | undefined;
    readonly grid?: Grid | undefined;
  } = {},
): Promise<PacketFacts | undefined> {
  const reader = createPacketReader(how.grid);
  const result = await context.processes.run({
    program: context.tools.ffprobe.path,
    args: packetArgs(file, stream, how.openOnly),
    descriptors: how.descriptors ?? [],
    stdout: { kind: 'lines', onLine: (line) => reader.line(line) },
    limits: { addressSpaceBytes: ADDRESS_SPACE },
  });
  return exited(result, 'Listing packets') ? reader.facts() : undefined;
}

/** Runs ffmpeg over the first pictures and answers what it printed; nothing where it could not decode them. */
export async function measureMotion(
  context: Context,
  args: readonly string[],
  descriptors: readonly number[],
): Promise<string> {
  const result = await context.processes.run({
    program: context.tools.ffmpeg.path,
    args,
    descriptors,
    stdout: { kind: 'collect', maxBytes: READ_BACK_MAX_BYTES },
    limits: { wallMs: READ_BACK_WALL_MS, addressSpaceBytes: ADDRESS_SPACE },
  });
  return exited(result, 'Looking at what moves') ? result.stdout.toString('utf8') : '';
}

/** Runs ffprobe and answers what it printed; nothing where it found nothing to decode. */
export async function probeFrames(
  context: Context,
  args: readonly string[],
  descriptors: readonly number[],
): Promise<string> {
  return (await probeFramesCounting(context, args, descriptors)).printed;
}

/** As `probeFrames`, and how often decoding complained. */
export async function probeFramesCounting(
  context: Context,
  args: readonly string[],
  descriptors: readonly number[],
): Promise<{ readonly printed: string; readonly errors: number }> {
  const reader = createDecodeErrorReader();
  const result = await context.processes.run({
    program: context.tools.ffprobe.path,
    args,
    descriptors,
    stdout: { kind: 'collect', maxBytes: READ_BACK_MAX_BYTES },
    onStderrLine: (line) => reader.line(line),
    limits: { wallMs: READ_BACK_WALL_MS, addressSpaceBytes: ADDRESS_SPACE },
  });
  const printed = exited(result, 'Looking at a few pictures') ? result.stdout.toString('utf8') : '';
  return { printed, errors: reader.decodeErrors().errors };
}

/** True for code 0, false for another; anything that ended the tool from outside is thrown. */
function exited(result: ChildResult, activity: string): boolean {
  if (result.end.kind !== 'exited') throw new JobFailure(toolFailure(result, 'OUTPUT_INVALID', activity));
  return result.end.code === 0;
}
