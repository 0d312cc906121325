import { assertNever } from '../../../shared/assert-never.ts';
import type { ParityField } from '../../../shared/profiles.ts';
import { checkDuration } from './parity-ends.ts';
import { checkFrames, checkKeyFrames, equal, type Found } from './parity-found.ts';
import { audioStreams, videoStream, type Probe, type VideoStream } from './probe.ts';
import type { EditPlan } from './proxy-edit-plan.ts';
import { ticksToSeconds, type ReadBack } from './proxy-readback.ts';
import { framesScan, headerScan } from './proxy-scan.ts';
import { formatRatio, ratioValue, reduceRatio } from './rational.ts';
import { outputTimecode, reelName, trackTimecode } from './timecode.ts';

/**
 * One field of an editing proxy against its source: what an NLE compares before it attaches one to the other.
 * Expected values are the source's own (the plan holds them as they were read), never what the encoder was told.
 */
export function checkEdit(field: ParityField, source: Probe, plan: EditPlan, proxy: ReadBack): Found {
  const video = videoStream(proxy.probe);
  switch (field) {
    case 'has_video':
      return equal(true, video !== undefined);
    case 'has_audio':
      return equal(audioStreams(source).length > 0, audioStreams(proxy.probe).length > 0);
    case 'frame_count':
      return equal(plan.frames, proxy.packets?.count ?? 0);
    case 'frame_rate':
      return checkRate(plan, video, proxy);
    case 'duration':
      return checkDuration(source, plan, proxy);
    case 'timecode':
      return equal(startOf(plan), trackTimecode(proxy.probe)?.start ?? 'none');
    case 'drop_frame':
      return equal(plan.timecode?.dropFrame ?? false, trackTimecode(proxy.probe)?.dropFrame ?? false);
    case 'reel_name':
      return equal(reelName(source) ?? 'none', reelName(proxy.probe) ?? 'none');
    case 'field_order':
      return checkScan(plan, video, proxy);
    case 'audio_streams':
      return equal(audioStreams(source).length, audioStreams(proxy.probe).length);
    case 'audio_channels':
      return equal(channels(source), channels(proxy.probe));
    case 'audio_sample_rates':
      return equal(sampleRates(source), sampleRates(proxy.probe));
    case 'first_and_last_frame':
      return checkFrames(video, proxy);
    // Every stream goes its own way here, unmixed: its length and channels tell.
    case 'audible':
      return null;
    case 'key_frame_distance':
      return plan.profile.video.codec === 'libx264'
        ? checkKeyFrames(video, proxy, plan.profile.video.maxKeyFrameDistanceSeconds)
        : null;
    case 'display_aspect':
    case 'rotation':
    case 'dimensions':
    case 'video_codec':
    case 'pixel_format':
    case 'colour':
      return video === undefined ? { expected: 'a picture', actual: 'none' } : checkPicture(field, plan, video);
    default:
      return assertNever(field);
  }
}

type PictureField = 'display_aspect' | 'rotation' | 'dimensions' | 'video_codec' | 'pixel_format' | 'colour';

function checkPicture(field: PictureField, plan: EditPlan, video: VideoStream): Found {
  const { profile, size } = plan;
  switch (field) {
    case 'display_aspect':
      return equal(aspect(plan.video), aspect(video));
    case 'rotation':
      return equal(angle(plan.video), angle(video));
    case 'dimensions':
      return equal(`${size.width}×${size.height}`, `${video.width}×${video.height}`);
    case 'video_codec':
      return equal(`${profile.readAs.codec} ${profile.readAs.profile}`, `${video.codec} ${video.profile}`);
    case 'pixel_format':
      return equal(`${profile.pixelFormat}, limited range`, `${video.pixelFormat}, ${rangeOf(video)}`);
    case 'colour':
      return checkColour(plan, video);
    default:
      return assertNever(field);
  }
}

/**
 * Primaries and transfer as the source names them, the matrix as planned. What the source does not name is not looked
 * at: the header of VP8 names nothing, its decoder does, and what the proxy then says is the decoder's word.
 */
function checkColour({ colour, video: source }: EditPlan, made: VideoStream): Found {
  const said = (name: string | undefined): string => name ?? 'untagged';
  const named = (wanted: string | undefined, got: string | undefined): Found =>
    wanted === undefined ? null : equal(wanted, said(got));
  return (
    named(colour.matrix, made.colorSpace) ??
    named(source.colorPrimaries, made.colorPrimaries) ??
    named(source.colorTransfer, made.colorTransfer)
  );
}

/** Constant: the same fraction. Variable: the same time from the first picture to the last, and as many of them. */
function checkRate(plan: EditPlan, video: VideoStream | undefined, proxy: ReadBack): Found {
  if (video === undefined || proxy.packets === undefined || video.timeBase === undefined) {
    return { expected: 'pictures', actual: 'none' };
  }
  if (plan.timing === 'variable') {
    const span = ticksToSeconds(proxy.packets.last - proxy.packets.first, video.timeBase);
    return equal(`pictures over ${plan.spanSeconds.toFixed(3)} s`, `pictures over ${span.toFixed(3)} s`);
  }
  // A single picture has no distance to a next one; its own duration is looked at as the end of the file.
  if (plan.frames === 1) return null;
  const rate = video.averageRate === undefined ? 'none' : formatRatio(reduceRatio(video.averageRate));
  return equal(formatRatio(reduceRatio(plan.rate)), rate);
}

function startOf({ timecode }: EditPlan): string {
  return timecode === undefined ? 'none' : outputTimecode(timecode);
}

/** By what the proxy's own frames say; its header must not contradict them. */
function checkScan(plan: EditPlan, video: VideoStream | undefined, proxy: ReadBack): Found {
  if (video === undefined) return { expected: plan.scan, actual: 'none' };
  const flags = proxy.frames.flatMap((frame) => (frame.stream === video.index && frame.flags ? [frame.flags] : []));
  const byHeader = headerScan(video, proxy.probe.format.name) ?? 'progressive';
  const byFrames = framesScan(video, flags) ?? byHeader;
  const actual = byFrames === byHeader ? byFrames : `${byFrames} in its frames, ${byHeader} in its header`;
  return equal(plan.scan, actual);
}

const angle = ({ rotation, mirrored }: VideoStream): string => `${rotation}°${mirrored === true ? ', mirrored' : ''}`;

/** Shape of the shown picture before rotation, to four digits: more than any screen shows. */
function aspect(video: VideoStream): string {
  const pixel = video.sampleAspect === undefined ? 1 : ratioValue(video.sampleAspect);
  return ((video.width * pixel) / video.height).toFixed(4);
}

/** ProRes and DNxHR have limited range by definition and carry no word for it. */
function rangeOf(video: VideoStream): string {
  return video.colorRange === undefined || video.colorRange === 'tv' ? 'limited range' : 'full range';
}

function channels(probe: Probe): string {
  return audioStreams(probe)
    .map((stream) => stream.channels)
    .join(', ');
}

function sampleRates(probe: Probe): string {
  return audioStreams(probe)
    .map((stream) => `${stream.sampleRate} Hz`)
    .join(', ');
}
