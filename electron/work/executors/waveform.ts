import { open, type FileHandle } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { failure, JobFailure } from '../../../shared/failure.ts';
import { WAVEFORM } from '../../../shared/profiles.ts';
import type { Warning } from '../../../shared/facts.ts';
import { technicalMetadata } from '../media/facts.ts';
import { requireSound } from '../media/probe-source.ts';
import { probeOf } from '../media/source-probes.ts';
import type { AudioStream, Probe } from '../media/probe.ts';
import { lengthLimit } from '../media/promised-length.ts';
import { isDecodeError } from '../media/proxy-damage.ts';
import { SETTLED_FORMAT } from '../media/settled-sound-args.ts';
import { earlierStream } from '../media/sound-clock.ts';
import { toolFailure } from '../media/tool-failure.ts';
import { unreadSoundWarning } from '../media/unread-streams.ts';
import {
  decoderOptions,
  fixedPointDecoder,
  pcmArgs,
  waveformStreams,
  type PcmOptions,
} from '../media/waveform-args.ts';
import { createWaveform, DAT_HEADER_BYTES, datHeader, type Waveform } from '../media/waveform-pcm.ts';
import { openedAsItPlays } from '../media/wav-length.ts';
import type { ChildResult } from '../process/child.ts';
import { seal } from '../workspace/workspace.ts';
import type { ExecutionContext, ExecutionSuccess, Executor } from '../execution.ts';
import { asReader, type SourceReader } from '../media/source-readers.ts';
import { attemptSettling, runWatched } from './settled-sound.ts';
import { refuseIncomplete } from './whole-sound.ts';

type Context = ExecutionContext<'generate_audio_waveform'>;
type Success = ExecutionSuccess<'generate_audio_waveform'>;

/** A day of sound at the slowest disk; the stall watchdog ends what hangs long before. */
const WALL_MS = 6 * 3_600_000;
const ADDRESS_SPACE = 8 * 1024 ** 3;
/** Half a minute of sound makes 20 KB; each write holds the pipe back until it is done. */
const FLUSH_BYTES = 65_536;
/** Pipes are read thousands of times a second, and each report passes through the whole agent. */
const PROGRESS_STEP = 0.01;
const FILE = 'waveform.dat';
const TEMPORARY = 'waveform.part';

/**
 * JOB-TYPES §3.3: the waveform of all audio streams, as a BBC audiowaveform .dat and as 1000 inline peaks. One or two
 * channels in all are kept apart; more are shown as the extremes of all of them, never as a sum (media.md). Failures:
 * NO_AUDIO_TRACK, SOURCE_UNREADABLE, UNSUPPORTED_MEDIA (fatal), RENDER_FAILED and what ends a tool from outside.
 */
export function createWaveformExecutor(): Executor<'generate_audio_waveform'> {
  return {
    jobType: 'generate_audio_waveform',
    needs: ['ffmpeg', 'ffprobe'],
    // Two bytes for 256 samples; the smallest sound files (Opus at 6 kb/s) have 64 samples a byte.
    estimateBytes: (sourceBytes) => DAT_HEADER_BYTES + sourceBytes,
    execute,
    proof: {
      what: 'Draws the waveform of one second of a tone and checks its height.',
      sample: {
        fileName: 'proof-waveform.wav',
        args: ['-f', 'lavfi', '-i', 'sine=f=1000:r=48000:d=1', '-c:a', 'pcm_s16le', '-bitexact', '-f', 'wav'],
      },
      inputs: {},
      check: checkProof,
    },
  };
}

const execute = (given: Context): Promise<Success> => asReader(given, (reader) => drawWhole(given, reader));

async function drawWhole(given: Context, reader: SourceReader): Promise<Success> {
  const name = basename(given.source.path);
  given.report.stage('probing');
  const probe = await probeOf(given);
  const context = openedAsItPlays(given, probe);
  const streams = waveformStreams(requireSound(probe, name));
  const first = streams[0];
  if (first === undefined) throw new JobFailure(failure('NO_AUDIO_TRACK', `“${name}” has no sound.`));
  const sampleRate = first.sampleRate > 0 ? first.sampleRate : 48_000;
  context.report.stage('analysing');
  const limitSeconds = lengthLimit(probe);
  const earlier = earlierStream(probe, streams);
  const options = {
    input: context.source.input,
    streams,
    sampleRate,
    format: probe.format.name,
    earlier,
    limitSeconds,
  };
  const file = await open(join(context.workspace, TEMPORARY), 'w');
  try {
    const seconds = longest(probe, streams);
    // Where it is cannot be told then.
    if (seconds === undefined) reader.leave();
    const drawn = await draw(context, options, { file, seconds, reader });
    refuseIncomplete(probe, streams, drawn.waveform.frames / sampleRate, name, drawn.result);
    await file.write(datHeader(sampleRate, drawn.waveform), 0, DAT_HEADER_BYTES, 0);
    await file.close();
    const sealed = await seal(context.workspace, TEMPORARY, FILE);
    context.report.progress(1);
    const facts = technicalMetadata(probe, context.source.sizeBytes);
    const success = successOf(drawn, streams, sampleRate, sealed);
    const warnings = [...(probe.warnings ?? []), ...success.warnings, unreadSoundWarning(probe)];
    return { ...success, warnings: warnings.filter((one) => one !== undefined), facts };
  } finally {
    await file.close();
  }
}

interface Drawn {
  readonly waveform: Waveform;
  /** What was drawn: the source's streams, or the settled ones in their place. */
  readonly streams: readonly AudioStream[];
  readonly changes?: Warning;
  readonly result: ChildResult;
  readonly decodeErrors: number;
  readonly decoders: PcmOptions['decoders'];
}

/** Where samples go to. */
interface Drawing {
  readonly file: FileHandle;
  /** How long the sound is thought to be. */
  readonly seconds: number | undefined;
  readonly reader: SourceReader;
}

/** Streams the decoder's samples through the arithmetic into the file; memory does not grow with the length. */
async function draw(context: Context, options: Omit<PcmOptions, 'decoders'>, drawing: Drawing): Promise<Drawn> {
  const first = await drawSettled(context, { ...options, decoders: 'fixed-point' }, drawing);
  const isMissing = first.result.stderrTail.some((line) => line.includes('Unknown decoder'));
  // Some builds leave the fixed-point decoders out; the usual ones then give the same bytes on one kind of processor.
  const drawn = isMissing ? await drawSettled(context, { ...options, decoders: 'any' }, drawing) : first;
  const { end } = drawn.result;
  // ffmpeg ends with code 1 where a stream never gives a sample; that nothing was drawn is judged there.
  const isMute = drawn.waveform.frames === 0 && drawn.decodeErrors > 0;
  if (end.kind === 'exited' && (end.code === 0 || isMute)) return drawn;
  throw new JobFailure(toolFailure(drawn.result, 'RENDER_FAILED', 'Reading the sound'));
}

/** Draws the source; its settled sound where the format turns out to change (settled-sound.ts). */
async function drawSettled(context: Context, options: PcmOptions, drawing: Drawing): Promise<Drawn> {
  const { limitSeconds, earlier } = options;
  const how = { codec: 'pcm_s16le', decoders: decoderOptions(options), earlier, limitSeconds, into: 'widest' } as const;
  const { made, changes } = await attemptSettling(context, options.streams, how, (settled) => {
    if (settled === undefined) return drawWith(context, options, drawing);
    // The file tells no layout; the channels are drawn, wherever their speakers stand.
    const streams = settled.streams.map((stream) => ({ ...stream, channelLayout: undefined }));
    const again: PcmOptions = { ...options, input: settled.path, format: SETTLED_FORMAT, earlier: [], streams };
    return drawWith(context, again, drawing);
  });
  return { ...made, ...(changes === undefined ? {} : { changes }) };
}

async function drawWith(context: Context, options: PcmOptions, { file, seconds, reader }: Drawing): Promise<Drawn> {
  const channels = options.streams.reduce((sum, stream) => sum + stream.channels, 0);
  const waveform = createWaveform(channels, (seconds ?? 0) * options.sampleRate);
  let position = DAT_HEADER_BYTES;
  await file.truncate(0);
  let decodeErrors = 0;
  const tell = inSteps(context.report.progress);
  const flush = async (): Promise<void> => {
    const pixels = waveform.takePixels();
    await file.write(pixels, 0, pixels.length, position);
    position += pixels.length;
  };
  const result = await runWatched(context, {
    program: context.tools.ffmpeg.path,
    args: pcmArgs(options),
    cwd: context.workspace,
    descriptors: [context.source.fd],
    stdout: {
      kind: 'bytes',
      onBytes: (chunk) => {
        waveform.push(chunk);
        release(chunk);
        if (seconds !== undefined) {
          const fraction = waveform.frames / options.sampleRate / seconds;
          tell(Math.min(0.98, fraction));
          reader.at(Math.min(1, fraction));
        }
        return waveform.pendingBytes < FLUSH_BYTES ? reader.inStep() : flush();
      },
    },
    onStderrLine: (line) => {
      if (isDecodeError(line)) decodeErrors++;
    },
    limits: { wallMs: WALL_MS, addressSpaceBytes: ADDRESS_SPACE },
  });
  waveform.finish();
  await flush();
  return { waveform, streams: options.streams, result, decodeErrors, decoders: options.decoders };
}

/**
 * Frees the memory of a chunk at once. Left to the collector, the 5,000 chunks of half an hour make it go through the
 * whole agent's heap again and again: more work than the decoding and the arithmetic together. A chunk read from a
 * pipe has its memory for itself; one that has not is left alone.
 */
function release(chunk: Buffer): void {
  const { buffer } = chunk;
  if (buffer instanceof ArrayBuffer && buffer.byteLength === chunk.length) buffer.transfer(0);
}

/** Passes on only what is a step further than the last. */
function inSteps(report: (fraction: number) => void): (fraction: number) => void {
  let next = 0;
  return (fraction) => {
    if (fraction < next) return;
    next = fraction + PROGRESS_STEP;
    report(fraction);
  };
}

function longest(probe: Probe, streams: readonly AudioStream[]): number | undefined {
  const stated = Math.max(0, ...streams.map((stream) => stream.duration ?? 0));
  return stated > 0 ? stated : probe.format.duration;
}

function successOf(
  drawn: Drawn,
  streams: readonly AudioStream[],
  sampleRate: number,
  sealed: { readonly sizeBytes: number; readonly sha256: string },
): Success {
  const { waveform, decodeErrors } = drawn;
  const warning = {
    code: 'SOURCE_DAMAGED',
    message: 'Parts of the sound are damaged; they are drawn as they were decoded.',
    count: decodeErrors,
  };
  return {
    artifacts: [{ kind: 'waveform', file: FILE, contentType: 'application/octet-stream', ...sealed }],
    outputs: {
      jobType: 'generate_audio_waveform',
      artifact: 0,
      waveform: {
        duration_ms: Math.round((waveform.frames / sampleRate) * 1000),
        bucket_count: WAVEFORM.bucketCount,
        samples: waveform.buckets(WAVEFORM.bucketCount),
        channels: drawn.streams.reduce((sum, stream) => sum + stream.channels, 0),
        sample_rate: sampleRate,
      },
    },
    warnings: [...(decodeErrors === 0 ? [] : [warning]), ...(drawn.changes === undefined ? [] : [drawn.changes])],
    metrics: {
      decoders: streams.map((s) => (drawn.decoders === 'fixed-point' ? (fixedPointDecoder(s) ?? s.codec) : s.codec)),
      samples: waveform.frames,
    },
  };
}

/** ffmpeg's `sine` has an amplitude of 1/8. */
function checkProof(success: Success): string | null {
  const { samples, duration_ms: durationMs } = success.outputs.waveform;
  const peak = Math.max(...samples);
  if (Math.abs(peak - 0.125) > 0.005) return `the tone’s peak is ${peak} instead of 0.125`;
  return durationMs === 1000 ? null : `the sound is ${durationMs} ms long instead of 1000 ms`;
}
