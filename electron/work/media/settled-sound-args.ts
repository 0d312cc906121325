import { ffmpegStart, inputArgs } from './input.ts';
import type { AudioStream } from './probe.ts';
import { heldWithin } from './promised-length.ts';
import { unusedKinds } from './sound-clock.ts';
import type { CommonLayout } from './sound-formats.ts';

/** Sound of changing format, decoded once into streams of one format each; their times are those of the source. */
export interface SettledOptions {
  readonly input: string;
  /** Absolute path of a file that is overwritten. */
  readonly output: string;
  /** Each stream with the layout that holds all of it. */
  readonly streams: readonly { readonly stream: AudioStream; readonly layout: CommonLayout }[];
  readonly codec: 'pcm_s16le' | 'pcm_f32le';
  /** Options of the input that name decoders. */
  readonly decoders: readonly string[];
  /** An output that sets the clock (sound-clock.ts). */
  readonly earlier: readonly string[];
  readonly limitSeconds: number;
}

/** NUT keeps the time of every packet, gaps included, and any number of channels. */
export const SETTLED_FORMAT = 'nut';

/**
 * A moment of silence at 0 comes first: ffmpeg takes the first time stamp of a file for its beginning, and sound that
 * begins late would begin at once.
 */
const FROM_ZERO = ['-f', 'lavfi', '-i', 'anullsrc=r=8000:cl=mono:d=0.1'];

export function settledArgs(options: SettledOptions): string[] {
  const { input, output, streams, codec, decoders, earlier, limitSeconds } = options;
  const sound = streams.flatMap(({ stream, layout }, at) => {
    const filters = `${heldWithin(limitSeconds)},${layout.pan},aresample=${rateOf(stream)}:flags=res`;
    return ['-map', `0:${stream.index}`, `-filter:a:${at + 1}`, filters, `-c:a:${at + 1}`, codec];
  });
  return [
    ...ffmpegStart('verbose'),
    '-y',
    ...inputArgs(input, { before: [...unusedKinds(earlier), ...decoders] }),
    ...FROM_ZERO,
    ...['-map', '1:0', '-c:a:0', 'pcm_s16le'],
    ...sound,
    ...['-t', String(limitSeconds), '-f', SETTLED_FORMAT, `file:${output}`],
    ...earlier,
  ];
}

/** The streams of that file, as a mix or a waveform is made of them. */
export function settledStreams({ streams, codec }: Pick<SettledOptions, 'streams' | 'codec'>): readonly AudioStream[] {
  return streams.map(({ stream, layout: { channels, name } }, at) => ({
    ...stream,
    index: at + 1,
    codec,
    channels,
    channelLayout: name,
    sampleRate: rateOf(stream),
  }));
}

export function settledInput(path: string, before: readonly string[] = []): string[] {
  return inputArgs(path, { formats: [SETTLED_FORMAT], before });
}

function rateOf({ sampleRate }: AudioStream): number {
  return sampleRate > 0 ? sampleRate : 48_000;
}
