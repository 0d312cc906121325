import { open } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { JobFailure } from '../../../shared/failure.ts';
import type { Warning } from '../../../shared/facts.ts';
import { ffmpegStart, inputArgs } from '../media/input.ts';
import type { AudioStream, Probe } from '../media/probe.ts';
import { lengthLimit } from '../media/promised-length.ts';
import { isDecodeError } from '../media/proxy-damage.ts';
import { settledInput } from '../media/settled-sound-args.ts';
import { earlierStream } from '../media/sound-clock.ts';
import type { SourceReader } from '../media/source-readers.ts';
import { mayChangeFormat } from '../media/sound-formats.ts';
import { toolFailure } from '../media/tool-failure.ts';
import type { ChildResult } from '../process/child.ts';
import { BYTES_PER_SAMPLE, SAMPLE_RATE, samplesToMs } from '../speech/windows.ts';
import type { ExecutionContext } from '../execution.ts';
import { attemptSettling, runWatched } from './settled-sound.ts';
import { speechMix } from './transcribe-mix.ts';
import { refuseIncomplete } from './whole-sound.ts';

/** A day of sound from a slow share; the stall watchdog ends what hangs long before. */
const WALL_MS = 6 * 3_600_000;
const ADDRESS_SPACE = 8 * 1024 ** 3;
const FILE = 'speech.s16le';

export interface DecodedSound {
  readonly pcmPath: string;
  readonly durationMs: number;
  readonly decodeErrors: number;
  /** Present where the sound changes its format within the file. */
  readonly changes?: Warning;
}

/**
 * Decodes the mix of `streams` to raw 16 kHz mono in the workspace. It begins at the media's time 0, gaps and
 * a late start are silence, so that a moment in it is the same moment in the picture. Throws JobFailure:
 * SOURCE_UNREADABLE, DISK_FULL and what ends a tool from outside.
 */
export async function decodeSound(
  context: ExecutionContext<'transcribe_audio'>,
  probe: Probe,
  streams: readonly AudioStream[],
  { reader, onProgress }: { readonly reader: SourceReader; readonly onProgress: (fraction: number) => void },
): Promise<DecodedSound> {
  const pcmPath = join(context.workspace, FILE);
  const stated = Math.max(0, ...streams.map(({ duration }) => duration ?? 0)) || (probe.format.duration ?? 0);
  if (stated === 0) reader.leave();
  let decodeErrors = 0;
  let bytes = 0;
  const decode = async (sound: OpenSound): Promise<ChildResult> => {
    const file = await open(pcmPath, 'w');
    bytes = 0;
    try {
      return await runWatched(context, {
        program: context.tools.ffmpeg.path,
        args: soundArgs(sound, lengthLimit(probe)),
        cwd: context.workspace,
        descriptors: [context.source.fd],
        stdout: {
          kind: 'bytes',
          onBytes: async (chunk) => {
            await file.writeFile(chunk);
            bytes += chunk.length;
            if (stated === 0) return;
            const fraction = Math.min(1, bytes / BYTES_PER_SAMPLE / SAMPLE_RATE / stated);
            onProgress(fraction);
            reader.at(fraction);
            await reader.inStep();
          },
        },
        onStderrLine: (line) => {
          if (isDecodeError(line)) decodeErrors += 1;
        },
        limits: { wallMs: WALL_MS, addressSpaceBytes: ADDRESS_SPACE },
      });
    } finally {
      await file.close();
    }
  };
  const earlier = earlierStream(probe, streams);
  const limitSeconds = lengthLimit(probe);
  const how = { codec: 'pcm_f32le', decoders: [], earlier, limitSeconds, into: 'widest' } as const;
  const { made: result, changes } = await attemptSettling(context, streams, how, (settled) =>
    decode(
      settled === undefined
        ? { open: inputArgs(context.source.input), streams, earlier }
        : { open: settledInput(settled.path), streams: settled.streams },
    ),
  );
  const name = basename(context.source.path);
  if (result.end.kind !== 'exited' || result.end.code !== 0) {
    // The probe read the header well, so an error after it is in the sound itself.
    throw new JobFailure(toolFailure(result, 'SOURCE_UNREADABLE', `Reading the sound of “${name}”`));
  }
  const durationMs = samplesToMs(Math.floor(bytes / BYTES_PER_SAMPLE));
  refuseIncomplete(probe, streams, durationMs / 1000, name, result);
  return { pcmPath, durationMs, decodeErrors, ...(changes === undefined ? {} : { changes }) };
}

/** Streams, and the arguments that open the file they are in. */
interface OpenSound {
  readonly open: readonly string[];
  readonly streams: readonly AudioStream[];
  /** An output that sets the clock (sound-clock.ts). */
  readonly earlier?: readonly string[];
}

/**
 * ffmpeg arguments that write the mono mix of `streams` to stdout, as raw samples.
 * @param limitSeconds where they end whatever the source's times say (promised-length.ts)
 */
export function soundArgs({ open: input, streams, earlier = [] }: OpenSound, limitSeconds: number): string[] {
  const output = [
    '-map',
    '[speech]',
    '-t',
    String(limitSeconds),
    '-ac',
    '1',
    '-c:a',
    'pcm_s16le',
    '-f',
    's16le',
    'pipe:1',
  ];
  return [
    ...ffmpegStart(mayChangeFormat(streams) ? 'verbose' : 'warning'),
    '-nostats',
    ...input,
    '-filter_complex',
    speechMix(streams, limitSeconds),
    ...output,
    ...earlier,
  ];
}
