import { PROXY_PROFILES } from '../../shared/profiles.ts';
import { JobFailure } from '../../shared/failure.ts';
import type { PlayProxy } from './proxy-browser.ts';
import {
  earlierField,
  ffprobed,
  mediaInfo,
  NO_MEDIAINFO,
  shownFrames,
  type Probed,
  type ShownFrame,
} from './matrix-reading.ts';
import type { MatrixSource, ProfileName } from './matrix-sources.ts';
import { makeProxy } from './proxy-run.ts';

/** One source under one profile, looked at from outside. */
export type MatrixResult =
  | { readonly kind: 'made'; readonly wallMs: number }
  | { readonly kind: 'refused'; readonly because: string }
  | { readonly kind: 'wrong'; readonly what: readonly string[] };

export const PROFILE_NAMES = Object.keys(PROXY_PROFILES) as ProfileName[];

/** @param play plays the proxy in a browser; absent: it is not played */
export async function checkPair(
  source: MatrixSource,
  path: string,
  profile: ProfileName,
  play?: PlayProxy,
): Promise<MatrixResult> {
  const expected = source.refused[profile] ?? source.refused.every;
  const began = performance.now();
  try {
    await using made = await makeProxy(path, profile);
    const wallMs = Math.round(performance.now() - began);
    if (expected !== undefined) return { kind: 'wrong', what: [`made, although ${String(expected)} was expected`] };
    const what =
      source.soundOnly === true ? await soundFaults(made.file) : await proxyFaults(source, profile, made.file);
    const type = made.success.artifacts[0]?.contentType ?? '';
    if (play !== undefined && !isEdit(profile)) what.push(...(await playFaults(source, made.file, type, play)));
    return what.length === 0 ? { kind: 'made', wallMs } : { kind: 'wrong', what };
  } catch (error) {
    if (!(error instanceof JobFailure)) throw error;
    const { code, message } = error.failure;
    const isDocumented = expected?.test(message) === true && !error.failure.retryable;
    return isDocumented
      ? { kind: 'refused', because: `${code}: ${String(expected.source)}` }
      : { kind: 'wrong', what: [`${code}: ${message}`] };
  }
}

function isEdit(profile: ProfileName): boolean {
  return PROXY_PROFILES[profile].family === 'edit';
}

/** What of a proxy of this source is not as it should be; empty: nothing. */
export async function proxyFaults(source: MatrixSource, profile: ProfileName, file: string): Promise<string[]> {
  if (!isEdit(profile)) return reviewFaults(source, file);
  const informed = NO_MEDIAINFO === null ? await mediaInfoFaults(source, file) : [];
  return [...(await editFaults(source, profile, file)), ...informed];
}

const differs = (what: string, expected: unknown, actual: unknown): string[] =>
  expected === actual ? [] : [`${what}: expected ${String(expected)}, got ${String(actual)}`];

const valueOf = (ratio: string | undefined): number => {
  const [num = Number.NaN, den = 1] = (ratio ?? '').split(/[/:]/).map(Number);
  return num / den;
};

async function editFaults(source: MatrixSource, profile: ProfileName, file: string): Promise<string[]> {
  const streams = await ffprobed(file);
  const video = streams.find((stream) => stream.codec_type === 'video');
  const audio = streams.filter((stream) => stream.codec_type === 'audio');
  const track = streams.find((stream) => stream.codec_tag_string === 'tmcd')?.tags;
  const isVariable = source.times !== undefined;
  const found = [
    ...(source.beginsLate === true ? [] : differs('packets', String(source.frames), video?.nb_read_packets)),
    ...(isVariable || source.frames === 1 ? [] : differs('rate', valueOf(source.rate), valueOf(video?.avg_frame_rate))),
    ...differs('scan', source.scan, scanWord(video?.field_order)),
    ...differs('rotation', source.rotation, turnOf(video)),
    ...differs('channels', source.audio.join(), audio.map((stream) => stream.channels).join()),
    ...differs(
      'sample rates',
      source.audio.map(() => source.sampleRate).join(),
      audio.map((s) => s.sample_rate).join(),
    ),
    ...differs('depth', source.audio.map(() => `pcm_s${source.bits}le`).join(), audio.map((s) => s.codec_name).join()),
    ...(source.languages === undefined
      ? []
      : differs('languages', source.languages.join(), audio.map(({ tags }) => tags['language']).join())),
    ...differs('timecode', source.timecode, track?.['timecode']),
    ...differs('reel', source.reel, track?.['reel_name']),
    ...aspectFaults(source, video),
    ...(source.colour === undefined || profile === 'edit_dnxhr_lb_v1'
      ? []
      : differs('colour', source.colour, coloursOf(video))),
  ];
  const shown = exactFrames(source, await shownFrames(file, 0));
  return [
    ...found,
    ...shown,
    ...(source.scan === 'progressive' ? [] : differs('shows first', source.scan, await earlierField(file))),
  ];
}

function coloursOf(video: Probed[number] | undefined): string {
  return [video?.color_primaries, video?.color_transfer, video?.color_space].join();
}

function scanWord(order: string | undefined): string {
  if (order === 'tt' || order === 'tb') return 'top';
  return order === 'bb' || order === 'bt' ? 'bottom' : 'progressive';
}

function turnOf(video: Probed[number] | undefined): number {
  const angle = video?.side_data_list.find((data) => data.rotation !== undefined)?.rotation ?? 0;
  return (360 - angle) % 360;
}

function aspectFaults(source: MatrixSource, video: Probed[number] | undefined): string[] {
  const pixel = valueOf(video?.sample_aspect_ratio) || 1;
  const aspect = ((video?.width ?? 0) * pixel) / (video?.height ?? 1);
  return Math.abs(aspect / source.aspect - 1) < 0.001 ? [] : [`aspect: expected ${source.aspect}, got ${aspect}`];
}

/** The picture burnt into frame n is the source's nth, at the source's time: nothing lost, doubled or moved. */
function exactFrames(source: MatrixSource, frames: readonly ShownFrame[]): string[] {
  if (source.beginsLate === true) return latelyBegun(source, frames);
  const numbers = frames.map((frame) => frame.number).join();
  const counted = differs('burnt-in numbers', Array.from({ length: source.frames }, (_, n) => n).join(), numbers);
  const late = frames.find(({ time }, n) => Math.abs(time - timeOf(source, n)) > 0.0015);
  return late === undefined ? counted : [...counted, `frame ${late.number} is shown at ${late.time.toFixed(4)} s`];
}

/** Begun in the middle of a GOP: the first picture that can be decoded is held, then every one comes in its turn. */
function latelyBegun(source: MatrixSource, frames: readonly ShownFrame[]): string[] {
  const numbers = frames.map((frame) => frame.number);
  const [first = 0] = numbers;
  const inTurn = numbers.every(
    (number, at) => at === 0 || number === numbers[at - 1] || number === (numbers[at - 1] ?? 0) + 1,
  );
  const ended = numbers.at(-1) === source.frames - 1;
  return first > 0 && inTurn && ended ? [] : [`burnt-in numbers: ${numbers.join()}`];
}

function timeOf(source: MatrixSource, frame: number): number {
  return source.times?.[frame] ?? frame / valueOf(source.rate);
}

/** Each moment of the proxy shows the frame that the source shows then, give or take half a frame. */
async function reviewFaults(source: MatrixSource, file: string): Promise<string[]> {
  const streams = await ffprobed(file);
  const audio = streams.filter((stream) => stream.codec_type === 'audio');
  const isMono = source.audio.length === 1 && source.audio[0] === 1;
  const channels = source.audio.length === 0 ? '' : isMono ? '1' : '2';
  const found = differs('channels', channels, audio.map((stream) => stream.channels).join());
  const frames = await shownFrames(file, source.rotation);
  if (source.beginsLate === true) return [...found, ...latelyBegun(source, frames)];
  // The first picture is held before its time where sound begins before it; the next one comes at its own.
  const next = source.container === 'TS' ? frames.find((frame) => frame.number > 0) : undefined;
  const begins = next === undefined ? 0 : Math.max(0, next.time - timeOf(source, next.number));
  const wrong = frames.find(({ time, number }) => !isShownThen(source, number, time - begins));
  const last = frames.at(-1)?.number;
  return [
    ...found,
    ...differs('last frame', source.frames - 1, last),
    ...(wrong === undefined ? [] : [`frame ${wrong.number} is shown at ${wrong.time.toFixed(3)} s`]),
  ];
}

function isShownThen(source: MatrixSource, number: number, time: number): boolean {
  const slack = 0.51 / Math.max(25, valueOf(source.rate));
  const from = timeOf(source, number) - slack;
  const next = number + 1 < source.frames ? timeOf(source, number + 1) : Number.POSITIVE_INFINITY;
  // A picture may be held before it where nothing was there to show: sound that begins before the picture.
  return (number === 0 || time >= from) && time <= next + slack;
}

async function soundFaults(file: string): Promise<string[]> {
  const streams = await ffprobed(file);
  return differs('streams', 'aac,2', streams.map((stream) => `${stream.codec_name},${stream.channels}`).join(' '));
}

/** The same once more in the eyes of another reader, which shares no code with the tools that made the file. */
async function mediaInfoFaults(source: MatrixSource, file: string): Promise<string[]> {
  const tracks = await mediaInfo(file);
  const [video] = tracks('Video');
  const audio = tracks('Audio');
  const track = tracks('Other').find((other) => other('Type') === 'Time code');
  const order = { progressive: undefined, top: 'TFF', bottom: 'BFF' }[source.scan];
  const rate = Number(video?.('FrameRate_Num') ?? video?.('FrameRate')) / Number(video?.('FrameRate_Den') ?? 1);
  const isConstant = source.times === undefined && source.frames > 1;
  return [
    ...(source.beginsLate === true ? [] : differs('frames', String(source.frames), video?.('FrameCount'))),
    ...(isConstant && Math.abs(rate - valueOf(source.rate)) > 0.0006 ? [`rate: got ${rate}`] : []),
    ...differs('scan order', order, video?.('ScanOrder')),
    ...differs('rotation', source.rotation, Number(video?.('Rotation') ?? 0)),
    ...differs('timecode', source.timecode, track?.('TimeCode_FirstFrame')),
    ...differs('reel', source.reel, track?.('Title')),
    ...differs('channels', source.audio.join(), audio.map((stream) => stream('Channels')).join()),
    ...differs(
      'sample rates',
      source.audio.map(() => source.sampleRate).join(),
      audio.map((s) => s('SamplingRate')).join(),
    ),
    ...differs('depth', source.audio.map(() => source.bits).join(), audio.map((s) => s('BitDepth')).join()),
  ].map((fault) => `MediaInfo: ${fault}`);
}

async function playFaults(source: MatrixSource, file: string, type: string, play: PlayProxy): Promise<string[]> {
  const played = await play(file, type);
  return [
    ...(played.error === '' ? [] : [`does not play: ${played.error}`]),
    ...differs('plays a picture', source.soundOnly !== true, played.width > 0),
    ...differs('plays sound', source.audio.length > 0, played.soundBytes > 0),
    ...(played.reached >= Math.max(0, played.duration - 1) ? [] : [`plays only to ${played.reached} s`]),
  ];
}
