import type { EditProxyProfile } from '../../../shared/profiles.ts';
import { audioStreams, type AudioStream, type Probe, type Ratio, type VideoStream } from './probe.ts';
import { lengthLimit } from './promised-length.ts';
import { editColour, type EditColour } from './proxy-edit-colour.ts';
import { filmRate, untimedFilm } from './proxy-film.ts';
import type { Size } from './proxy-picture.ts';
import { frameRate } from './proxy-rate.ts';
import { ticksToSeconds, type PacketFacts } from './proxy-readback.ts';
import { scanOf, type FrameFlags, type Scan } from './proxy-scan.ts';
import { isNear, ratioValue, reduceRatio } from './rational.ts';
import { reelName, startTimecode, type StartTimecode } from './timecode.ts';

/** What will be made of one source for an NLE: everything an NLE compares is written down here before anything runs. */
export interface EditPlan {
  readonly kind: 'edit';
  readonly profile: EditProxyProfile;
  readonly video: VideoStream;
  readonly size: Size;
  /** Keeps the display aspect exactly where halving had to round. */
  readonly sampleAspect: Ratio;
  readonly scan: Scan;
  /** `variable`: each picture keeps its own time, and `rate` is only the average. */
  readonly timing: 'constant' | 'variable';
  readonly rate: Ratio;
  /** Film in video (proxy-film.ts): made at the rate of film, each picture once. */
  readonly film?: true;
  /** Pictures the source has, counted by its packets. */
  readonly frames: number;
  /** From the first picture to the last, in seconds. */
  readonly spanSeconds: number;
  /** Seconds by which sound begins before the first picture; the proxy begins with the picture, as NLEs do. */
  readonly leadSeconds: number;
  readonly colour: EditColour;
  readonly timecode: StartTimecode | undefined;
  readonly reel: string | undefined;
  readonly audio: readonly AudioStream[];
  /** Path of the file that holds these in their order, where the source's own change their format. */
  readonly settled?: string;
  /** Seconds at which the proxy ends whatever the source's times say (promised-length.ts). */
  readonly limitSeconds: number;
}

/** Why a profile cannot hold this source; completes the sentence “It has no … proxy, because …”. */
interface EditRefusal {
  readonly kind: 'refused';
  readonly because: string;
}

/** What was learned by listing the picture's packets and decoding its first frames. */
interface EditLook {
  readonly packets: PacketFacts;
  readonly frames: readonly FrameFlags[];
  /** Which field is the earlier by what moves in the pictures; looked at where the source's words contradict. */
  readonly moving?: 'top' | 'bottom';
}

export function planEdit(
  probe: Probe,
  video: VideoStream,
  profile: EditProxyProfile,
  look: EditLook,
): EditPlan | EditRefusal {
  const scan = scanOf(probe, video, look.frames, look.moving);
  const size = editSize(video, profile, scan);
  if ('because' in size) return size;
  const timecode = startTimecode(probe);
  const timing = editTiming(probe, video, look.packets, scan);
  if ('because' in timing) return timing;
  const fault = timecodeFault(timecode, timing.rate);
  if (fault !== null) return { kind: 'refused', because: fault };
  return {
    kind: 'edit',
    profile,
    video,
    size,
    sampleAspect: aspectOf(video, size),
    scan,
    ...timing,
    colour: editColour(video, profile),
    timecode,
    reel: reelName(probe),
    audio: audioStreams(probe),
    limitSeconds: lengthLimit(probe),
  };
}

const MIXED: EditRefusal = {
  kind: 'refused',
  because: 'film and video alternate in it (only some of its pictures are flagged to be shown longer)',
};

/** More gaps than this are no losses, but a rate that varies in whole steps. */
const MOST_LOST = 0.05;

/** The grid a source's pictures are expected on, for the packet reader; undefined where there is no rate. */
export function expectedRate(video: VideoStream): Ratio | undefined {
  const judged = frameRate(video);
  if (judged === undefined || judged.kind === 'constant') return judged?.rate;
  return video.realRate === undefined ? judged.rate : reduceRatio(video.realRate);
}

type Timing = Pick<EditPlan, 'timing' | 'rate' | 'film' | 'frames' | 'spanSeconds' | 'leadSeconds'>;

function editTiming(probe: Probe, video: VideoStream, packets: PacketFacts, scan: Scan): Timing | EditRefusal {
  const rate = expectedRate(video) ?? { num: 25, den: 1 };
  const base = video.timeBase;
  const first = base === undefined ? undefined : ticksToSeconds(packets.first, base);
  const lead = (first ?? video.startTime ?? 0) - (probe.format.startTime ?? 0);
  const spanSeconds = base === undefined ? 0 : ticksToSeconds(packets.last - packets.first, base);
  const common = { spanSeconds, leadSeconds: lead > 0.0005 ? lead : 0 };
  const constant = (frames: number) => ({ ...common, timing: 'constant', rate, frames }) as const;
  const asFilm = (at: Ratio): Timing => ({ ...constant(packets.count), rate: at, film: true });
  const film = filmRate(rate);
  if (base === undefined || packets.untimed > 0) {
    if (hasHeldPictures(probe, video, packets)) return HELD;
    const cadence = base === undefined || film === undefined ? 'none' : untimedFilm(packets, base, film);
    if (cadence === 'mixed') return MIXED;
    return film !== undefined && cadence === 'film' ? asFilm(film) : constant(packets.count);
  }
  const slotsAt = (at: Ratio): number => Math.round(spanSeconds * ratioValue(at)) + 1;
  const slots = slotsAt(rate);
  if (packets.onGrid && slots === packets.count) return constant(packets.count);
  if (film !== undefined && packets.onFilm && slotsAt(film) === packets.count) return asFilm(film);
  // A transport stream has no list of pictures: one that got lost leaves its place, where the one before is held.
  const hasGaps = packets.onGrid && slots > packets.count;
  const areLosses = probe.format.name === 'mpegts' && slots - packets.count <= MOST_LOST * packets.count;
  // An AVI has one rate, and a place for each of its pictures: an empty one means that the one before is still shown.
  const beginsEarly = slots === packets.count + 1 && secondPlace(packets, base, rate) === 2;
  const isHeld = probe.format.name === 'avi' && !beginsEarly;
  if (hasGaps && (areLosses || isHeld)) return constant(slots);
  // Two fields of a picture may lie in packets of their own (PAFF in transport streams).
  const inFields =
    scan !== 'progressive' && packets.count > 2 && Math.abs(spanSeconds * ratioValue(rate) * 2 + 1 - packets.count) < 1;
  if (inFields) return constant(Math.ceil(packets.count / 2));
  return { ...common, timing: 'variable', rate: frameRate(video)?.rate ?? rate, frames: packets.count };
}

/**
 * Where the second picture lies. ffmpeg moves the whole picture of an AVI up by MP3's delay, but writes its first
 * picture to place 0 all the same: the empty place behind it holds nothing, and each picture keeps its own time.
 */
function secondPlace({ first, second = first }: PacketFacts, timeBase: Ratio, rate: Ratio): number {
  return Math.round(ticksToSeconds(second - first, timeBase) * ratioValue(rate));
}

const HELD: EditRefusal = {
  kind: 'refused',
  because: 'pictures are held in it (some of its places are empty) and nothing tells when',
};

/** Places of an AVI without a picture that no time betrays; its header may count one more than there are. */
function hasHeldPictures(probe: Probe, video: VideoStream, packets: PacketFacts): boolean {
  return probe.format.name === 'avi' && (video.frameCount ?? 0) > packets.count + 1;
}

/** Half of each side or the whole picture, in steps that the codec has; or why not. */
function editSize(video: VideoStream, profile: EditProxyProfile, scan: Scan): Size | EditRefusal {
  const { limits } = profile;
  const refused = (because: string): EditRefusal => ({ kind: 'refused', because });
  const whole = `${video.width}×${video.height}`;
  if (scan !== 'progressive' && !limits.interlaced) return refused('its picture is interlaced');
  if (limits.evenSource && (video.width % 2 !== 0 || video.height % 2 !== 0)) {
    return refused(`its picture (${whole}) has an odd side`);
  }
  if (video.width < limits.minWidth || video.height < limits.minHeight) {
    return refused(`its picture (${whole}) is smaller than ${limits.minWidth}×${limits.minHeight}`);
  }
  if (profile.size === 'source') return { width: video.width, height: video.height };
  const half = { width: evenHalf(video.width, limits.minWidth), height: evenHalf(video.height, limits.minHeight) };
  const step = scan === 'progressive' ? 2 : limits.interlacedHeightStep;
  if (step === 2) return half;
  // Half the height must exist as whole field lines, else every line would lie between two of the source's.
  if (video.height % (step * 2) === 0) return { ...half, height: video.height / 2 };
  if (video.height % step === 0 && video.width % 2 === 0) return { width: video.width, height: video.height };
  return refused(`its picture is interlaced and its height (${video.height}) is no multiple of ${step}`);
}

function evenHalf(side: number, least: number): number {
  return Math.max(least, 2 * Math.round(side / 4));
}

/** Pixel aspect with which the scaled picture is shown as wide as the source. */
function aspectOf(video: VideoStream, size: Size): Ratio {
  const { num, den } = video.sampleAspect ?? { num: 1, den: 1 };
  return reduceRatio({ num: num * video.width * size.height, den: den * video.height * size.width });
}

/** Drop-frame counting exists only at multiples of 29.97 (SMPTE ST 12-1, and ST 12-3 for 119.88). */
function timecodeFault(timecode: StartTimecode | undefined, rate: Ratio): string | null {
  if (timecode?.dropFrame !== true) return null;
  const allowed = [30_000, 60_000, 120_000].some((num) => isNear(rate, { num, den: 1001 }, 0.0001));
  return allowed ? null : `its timecode ${timecode.start} drops frames, which does not exist at its frame rate`;
}
