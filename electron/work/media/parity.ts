import { assertNever } from '../../../shared/assert-never.ts';
import { SOUND_PROXY_COMPARED, type ParityField } from '../../../shared/profiles.ts';
import { checkEdit } from './parity-edit.ts';
import { checkDuration } from './parity-ends.ts';
import { checkFrames, checkKeyFrames, equal, type Found } from './parity-found.ts';
import { audioStreams, displaySize, videoStream, type Probe, type VideoStream } from './probe.ts';
import type { ProxyPlan, ReviewPlan, SoundPlan } from './proxy-args.ts';
import type { ReadBack } from './proxy-readback.ts';
import { ratioValue } from './rational.ts';
import { checkSilence } from './sound-silence.ts';

/** One field in which a proxy is not what its profile promises for this source. */
export interface Difference {
  readonly field: ParityField;
  readonly expected: string;
  readonly actual: string;
}

/**
 * Compares a finished proxy with its source, field by field (media.md, "Attach guarantee"). Pure: everything was read
 * before. Empty: the proxy may be delivered.
 */
export function compare(source: Probe, plan: ProxyPlan, proxy: ReadBack): readonly Difference[] {
  return comparedFields(plan).flatMap((field) => {
    const found = plan.kind === 'edit' ? checkEdit(field, source, plan, proxy) : checkMixed(field, source, plan, proxy);
    return found === null ? [] : [{ field, ...found }];
  });
}

function comparedFields(plan: ProxyPlan): readonly ParityField[] {
  return plan.kind === 'sound' ? SOUND_PROXY_COMPARED : plan.profile.compared;
}

function checkMixed(field: ParityField, source: Probe, plan: ReviewPlan | SoundPlan, proxy: ReadBack): Found {
  const audio = audioStreams(proxy.probe);
  switch (field) {
    case 'duration':
      return checkDuration(source, plan, proxy);
    case 'has_video':
      return equal(plan.kind === 'picture', videoStream(proxy.probe) !== undefined);
    case 'has_audio':
      return equal(plan.sound === undefined ? 0 : 1, audio.length);
    case 'audio_channels':
      return equal(plan.sound?.channels ?? 0, audio[0]?.channels ?? 0);
    case 'first_and_last_frame':
      return checkFrames(videoStream(proxy.probe), proxy);
    case 'audible':
      return proxy.silence === undefined ? null : checkSilence(proxy.silence);
    default:
      return plan.kind === 'picture' ? checkPicture(field, plan, proxy) : null;
  }
}

type PictureField = Exclude<
  ParityField,
  'duration' | 'has_video' | 'has_audio' | 'audio_channels' | 'first_and_last_frame' | 'audible'
>;

function checkPicture(field: PictureField, { profile, ...plan }: ReviewPlan, proxy: ReadBack): Found {
  const video = videoStream(proxy.probe);
  switch (field) {
    case 'video_codec':
      return equal('h264 High', `${video?.codec} ${video?.profile}`);
    case 'pixel_format':
      return equal(
        [profile.video.pixelFormat, 'tv', 'bt709', 'bt709', 'bt709'].join(' '),
        [video?.pixelFormat, video?.colorRange, video?.colorSpace, video?.colorTransfer, video?.colorPrimaries].join(
          ' ',
        ),
      );
    case 'dimensions':
      return equal(
        `${plan.size.width}×${plan.size.height}, upright`,
        `${video?.width}×${video?.height}${turned(video)}`,
      );
    case 'display_aspect':
      return checkAspect(plan.video, video);
    case 'key_frame_distance':
      return checkKeyFrames(video, proxy, profile.video.maxKeyFrameDistanceSeconds);
    case 'frame_count':
    case 'frame_rate':
    case 'timecode':
    case 'drop_frame':
    case 'reel_name':
    case 'field_order':
    case 'audio_streams':
    case 'audio_sample_rates':
    case 'rotation':
    case 'colour':
      throw new Error(`a review proxy does not promise ${field}`);
    default:
      return assertNever(field);
  }
}

function turned(video: VideoStream | undefined): string {
  return video?.rotation === 0 ? ', upright' : `, turned by ${video?.rotation}°`;
}

/** Even sizes move each side by up to a pixel; more than that is a wrong aspect. */
function checkAspect(source: VideoStream, video: VideoStream | undefined): Found {
  if (video === undefined) return { expected: 'a picture', actual: 'none' };
  const shown = displaySize(source);
  const expected = shown.width / shown.height;
  const actual = displaySize(video).width / displaySize(video).height;
  const tolerance = 1 / Math.min(video.width, video.height) + 1 / Math.max(video.width, video.height);
  const square = video.sampleAspect === undefined || ratioValue(video.sampleAspect) === 1;
  if (square && Math.abs(actual / expected - 1) <= tolerance) return null;
  return {
    expected: `${expected.toFixed(4)}, square pixels`,
    actual: `${actual.toFixed(4)}${square ? ', square pixels' : ''}`,
  };
}
