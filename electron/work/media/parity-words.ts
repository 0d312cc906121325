import type { ParityField } from '../../../shared/profiles.ts';
import type { Difference } from './parity.ts';

const NAMES: Readonly<Record<ParityField, string>> = {
  audible: 'what is heard',
  audio_channels: 'channels of each audio track',
  audio_sample_rates: 'sample rates',
  audio_streams: 'number of audio tracks',
  colour: 'colour description',
  dimensions: 'size of the picture',
  display_aspect: 'shape of the picture',
  drop_frame: 'drop-frame counting',
  duration: 'length',
  field_order: 'field order',
  first_and_last_frame: 'first and last picture',
  frame_count: 'number of pictures',
  frame_rate: 'frame rate',
  has_audio: 'sound',
  has_video: 'picture',
  key_frame_distance: 'distance between key frames',
  pixel_format: 'pixel format',
  reel_name: 'reel name',
  rotation: 'rotation',
  timecode: 'start timecode',
  video_codec: 'codec',
};

/** Why a proxy would not attach, for an editor: “number of pictures: 152 instead of 150”. */
export function describeDifference({ field, expected, actual }: Difference): string {
  const said = (value: string): string => ({ true: 'yes', false: 'no' })[value] ?? value;
  return `${NAMES[field]}: ${said(actual)} instead of ${said(expected)}`;
}
