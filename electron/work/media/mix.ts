import type { AudioStream } from './probe.ts';
import { heldWithin, LONGEST_SECONDS } from './promised-length.ts';

/** How the sound of a review proxy is made of all audio streams of a source (media.md, "generate_video_proxies"). */

export interface SoundMix {
  readonly channels: 1 | 2;
  /** A `-filter_complex` graph whose only output is `[mix]`. */
  readonly graph: string;
}

/** Every mix leaves here at one rate, so that streams of different rates can meet and browsers need no resampling. */
export const MIX_SAMPLE_RATE_HZ = 48_000;

/**
 * -1 dBFS (EBU R 128 leaves the same room): AAC overshoots the peaks it is given. `level=false`: no make-up gain, quiet sound
 * stays as quiet as it was.
 */
export const LIMITER = 'alimiter=limit=0.891:level=false:latency=true';

/**
 * The mix of a source's audio streams; undefined without any. One mono stream stays mono, everything else becomes
 * stereo. Nothing is divided by the number of streams: a silent stream adds nothing to a sum, so it is left out by
 * arithmetic, and sound on one of eight mono tracks keeps its level. Peaks of a sum, and of floating-point samples,
 * which may lie far above full scale, are held by a limiter.
 * @param limitSeconds where the mix ends whatever the source's times say
 * @param file number of the ffmpeg input that holds the streams
 */
export function mixSound(
  streams: readonly AudioStream[],
  limitSeconds: number = LONGEST_SECONDS,
  file: number = 0,
): SoundMix | undefined {
  const step = inStep(limitSeconds);
  const input = ({ index }: AudioStream): string => `[${file}:${index}]`;
  const [first] = streams;
  if (first === undefined) return undefined;
  if (streams.length === 1) {
    const limiter = first.channels > 2 || mayExceedFullScale(first) ? `,${LIMITER}` : '';
    const pan = first.channels === 1 ? 'pan=mono|c0=c0' : stereo(first);
    return { channels: first.channels === 1 ? 1 : 2, graph: `${input(first)}${pan},${step}${limiter}[mix]` };
  }
  const branches = streams.map((stream, at) => `${input(stream)}${stereo(stream)},${step}[s${at}]`);
  const labels = streams.map((_, at) => `[s${at}]`).join('');
  const sum = `${labels}amix=inputs=${streams.length}:duration=longest:dropout_transition=0:normalize=false`;
  return { channels: 2, graph: [...branches, `${sum},${LIMITER}[mix]`].join(';') };
}

/** Recorders of 32-bit float keep what a microphone gave however loud it was; whole numbers end at full scale. */
export function mayExceedFullScale({ codec, sampleFormat }: AudioStream): boolean {
  return codec?.startsWith('pcm_f') === true || (codec === 'wavpack' && sampleFormat?.startsWith('flt') === true);
}

/**
 * Fills gaps with silence, follows timestamps that drift (at most 1000 samples a second), and begins at 0 however late
 * the stream does. `flags=res` resamples from the start: libswresample would otherwise begin to when it first follows
 * a drift, forget what it has given out, and put as much silence in as has passed until then (seen in 5.1).
 */
function inStep(limitSeconds: number): string {
  return `${heldWithin(limitSeconds)},aresample=${MIX_SAMPLE_RATE_HZ}:flags=res:async=1000:first_pts=0`;
}

/** Speakers of ffmpeg's layouts, in channel order. */
const LAYOUTS: Readonly<Record<string, string>> = {
  '2.1': 'FL FR LFE',
  '3.0': 'FL FR FC',
  '3.0(back)': 'FL FR BC',
  '4.0': 'FL FR FC BC',
  quad: 'FL FR BL BR',
  'quad(side)': 'FL FR SL SR',
  '3.1': 'FL FR FC LFE',
  '5.0': 'FL FR FC BL BR',
  '5.0(side)': 'FL FR FC SL SR',
  '4.1': 'FL FR FC LFE BC',
  '5.1': 'FL FR FC LFE BL BR',
  '5.1(side)': 'FL FR FC LFE SL SR',
  '6.0': 'FL FR FC BC SL SR',
  '6.1': 'FL FR FC LFE BC SL SR',
  '7.0': 'FL FR FC BL BR SL SR',
  '7.1': 'FL FR FC LFE BL BR SL SR',
};

/** The speakers of a layout as ffmpeg names it, in channel order; undefined where the name tells none. */
export function speakersOf(layout: string): readonly string[] | undefined {
  return { mono: ['FC'], stereo: ['FL', 'FR'] }[layout] ?? LAYOUTS[layout]?.split(' ');
}

/** Gains to left and right: -3 dB for the centre and the surrounds, LFE left out (ITU-R BS.775). */
const DOWNMIX: Readonly<Record<string, readonly [number, number]>> = {
  FL: [1, 0],
  FR: [0, 1],
  FC: [0.7071, 0.7071],
  LFE: [0, 0],
  BL: [0.7071, 0],
  SL: [0.7071, 0],
  BR: [0, 0.7071],
  SR: [0, 0.7071],
  BC: [0.5, 0.5],
};

/**
 * Channels by number, not by name: `pan` then also takes streams without a layout. Such channels are separate
 * microphones (a camera's eight tracks in one stream), so each is heard in the middle at its own level.
 */
function stereo(stream: AudioStream): string {
  if (stream.channels === 1) return 'pan=stereo|c0=c0|c1=c0';
  if (stream.channels === 2) return 'pan=stereo|c0=c0|c1=c1';
  const speakers = speakersOf(stream.channelLayout ?? '');
  const gains = Array.from({ length: stream.channels }, (_, channel): readonly [number, number] => {
    if (speakers?.length !== stream.channels) return [1, 1];
    return DOWNMIX[speakers[channel] ?? ''] ?? [0, 0];
  });
  return `pan=stereo|c0=${sum(gains.map(([left]) => left))}|c1=${sum(gains.map(([, right]) => right))}`;
}

function sum(gains: readonly number[]): string {
  const terms = gains.flatMap((gain, channel) =>
    gain === 0 ? [] : [gain === 1 ? `c${channel}` : `${gain}*c${channel}`],
  );
  return terms.join('+');
}
