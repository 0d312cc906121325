import { ffmpegStart, inputArgs } from './input.ts';
import type { AudioStream } from './probe.ts';
import { heldWithin } from './promised-length.ts';
import { SETTLED_FORMAT, settledInput } from './settled-sound-args.ts';
import { unusedKinds } from './sound-clock.ts';
import { mayChangeFormat } from './sound-formats.ts';

/** Decoders without floating point: their output is the same on every processor (media.md, byte-identical waveform). */
const FIXED_POINT: Readonly<Record<string, string>> = { aac: 'aac_fixed', ac3: 'ac3_fixed', mp3: 'mp3' };

/** libswresample and amerge handle at most 64 channels at once. */
const MAX_CHANNELS = 64;

/** The streams one waveform can show together: all of them, unless a file carries more than 64 channels. */
export function waveformStreams(streams: readonly AudioStream[]): readonly AudioStream[] {
  let channels = 0;
  return streams.filter((stream) => {
    if (channels + stream.channels > MAX_CHANNELS) return false;
    channels += stream.channels;
    return true;
  });
}

/** The decoder that ffmpeg is told to use for a stream; undefined leaves the choice to ffmpeg. */
export function fixedPointDecoder(stream: AudioStream): string | undefined {
  return FIXED_POINT[stream.codec ?? ''];
}

export interface PcmOptions {
  readonly input: string;
  /** Those to decode; several are laid side by side, padded with silence to the longest. */
  readonly streams: readonly AudioStream[];
  readonly sampleRate: number;
  readonly decoders: 'fixed-point' | 'any';
  /** ffmpeg's name of the container. */
  readonly format: string;
  /** An output that sets the clock (sound-clock.ts). */
  readonly earlier: readonly string[];
  /** Seconds at which the samples end whatever the source's times say (promised-length.ts). */
  readonly limitSeconds: number;
}

/**
 * WAV has no packets of its own: ffmpeg cuts 4 KiB, and spends more on each than on the samples in it. What kind of
 * samples they are is known from ffprobe, so that ffmpeg need not look through the first 5 MB for it again (80 ms).
 */
const WAV_PACKETS = ['-max_size', '65536', '-max_probe_packets', '1'];

/**
 * ffmpeg arguments that write interleaved signed 16-bit little-endian samples of all `streams` to stdout, beginning
 * at the media's time 0: gaps and a late start become silence, so that the waveform lies under the picture.
 */
export function pcmArgs(options: PcmOptions): string[] {
  const packets = options.format === 'wav' ? WAV_PACKETS : [];
  const before = [...unusedKinds(options.earlier), ...packets, ...decoderOptions(options)];
  const open =
    options.format === SETTLED_FORMAT ? settledInput(options.input, before) : inputArgs(options.input, { before });
  // Written when the buffer is full, not packet by packet: a third of the system calls, and nobody waits for the sound.
  const write = [
    '-t',
    String(options.limitSeconds),
    '-c:a',
    'pcm_s16le',
    '-flush_packets',
    '0',
    '-f',
    's16le',
    'pipe:1',
  ];
  const level = mayChangeFormat(options.streams) ? 'verbose' : 'warning';
  return [...ffmpegStart(level), ...open, ...graph(options), ...write, ...options.earlier];
}

/** Names the decoders of the streams that are drawn. */
export function decoderOptions(options: Pick<PcmOptions, 'decoders' | 'streams'>): readonly string[] {
  return options.decoders === 'any' ? [] : options.streams.flatMap(decoderOption);
}

function decoderOption(stream: AudioStream): string[] {
  const decoder = fixedPointDecoder(stream);
  return decoder === undefined ? [] : [`-c:${stream.index}`, decoder];
}

/** Containers with nothing but samples, one behind the other: no gaps to fill, no late start. */
const UNTIMED = /^(wav|w64|aiff)$/;

function graph(options: PcmOptions): string[] {
  const timed = `${heldWithin(options.limitSeconds)},aresample=${options.sampleRate}:async=1:first_pts=0`;
  const [only, ...more] = options.streams;
  if (only !== undefined && more.length === 0) {
    return ['-map', `0:${only.index}`, ...(UNTIMED.test(options.format) ? [] : ['-af', timed])];
  }
  const longest = Math.max(0, ...options.streams.map((stream) => stream.duration ?? 0));
  // amerge ends with its shortest input: every input is as long as the longest.
  const padded = longest > 0 ? `,apad=whole_dur=${longest.toFixed(6)}` : '';
  const chains = options.streams.map((stream, i) => `[0:${stream.index}]${timed}${layout(stream)}${padded}[a${i}]`);
  const merge = `${options.streams.map((_, i) => `[a${i}]`).join('')}amerge=inputs=${options.streams.length}[out]`;
  return ['-filter_complex', [...chains, merge].join(';'), '-map', '[out]'];
}

/**
 * amerge must be told each layout behind aresample. It has to be the one the stream has, or channels would be mixed;
 * where none is known ffmpeg assumes its default for that number, which `<n>c` names.
 */
function layout(stream: AudioStream): string {
  const known = /^[\w.()]+$/.test(stream.channelLayout ?? '') ? stream.channelLayout : undefined;
  return `,aformat=sample_fmts=s16:channel_layouts=${known ?? `${stream.channels}c`}`;
}
