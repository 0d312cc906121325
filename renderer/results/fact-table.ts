import type { TFunction } from 'i18next';
import {
  findProfile,
  PROXY_PROFILES,
  SOUND_PROXY_COMPARED,
  type ParityField,
  type ProxyProfile,
} from '../../shared/profiles.ts';
import type { TechnicalMetadata } from '../../shared/facts.ts';
import { moment } from '../format/durations.ts';
import { visible } from '../format/name.ts';
import { bytes, count } from '../format/numbers.ts';

/** The lines of the facts sheet, in reading order, by group. */
export const FACT_GROUPS = {
  file: ['format', 'size', 'bitrate', 'duration', 'captured', 'camera', 'place'],
  picture: ['video', 'picture', 'aspect', 'frameRate', 'frames', 'fieldOrder', 'rotation', 'pixelFormat', 'colour'],
  timecode: ['timecode', 'reel'],
  sound: ['sound'],
} as const;

type FactGroup = keyof typeof FACT_GROUPS;
export type FactKey = (typeof FACT_GROUPS)[FactGroup][number];
type FactCells = Readonly<Partial<Record<FactKey, string>>>;

/** Which line a compared field belongs to; those without a line are named below the table. */
const LINE_OF: Readonly<Partial<Record<ParityField, FactKey>>> = {
  duration: 'duration',
  frame_count: 'frames',
  frame_rate: 'frameRate',
  timecode: 'timecode',
  drop_frame: 'timecode',
  reel_name: 'reel',
  field_order: 'fieldOrder',
  audio_streams: 'sound',
  audio_sample_rates: 'sound',
  audio_channels: 'sound',
  has_audio: 'sound',
  audible: 'sound',
  rotation: 'rotation',
  colour: 'colour',
  video_codec: 'video',
  has_video: 'video',
  pixel_format: 'pixelFormat',
  dimensions: 'picture',
  display_aspect: 'aspect',
};

export interface Compared {
  readonly lines: ReadonlySet<FactKey>;
  /** Fields that were checked and have no line of their own. */
  readonly others: readonly ParityField[];
}

/** What a proxy of this profile was compared in before it was delivered; without a picture it is one of sound alone. */
export function comparedBy(profileName: string | undefined, hasPicture: boolean): Compared {
  const profile = profileName === undefined ? undefined : findProfile<ProxyProfile>(PROXY_PROFILES, profileName);
  const fields = profile === undefined ? [] : hasPicture ? profile.compared : SOUND_PROXY_COMPARED;
  return {
    lines: new Set(fields.map((field) => LINE_OF[field]).filter((line) => line !== undefined)),
    others: fields.filter((field) => LINE_OF[field] === undefined),
  };
}

/** Facts as people write them; what is unknown is absent. */
export function factCells(facts: TechnicalMetadata, t: TFunction, language: string): FactCells {
  const number = (value: number): string => new Intl.NumberFormat(language, { maximumFractionDigits: 3 }).format(value);
  const { width, height, fps } = facts;
  const cells: Record<FactKey, string | undefined> = {
    format: facts.media_format,
    size: facts.size_bytes === undefined ? undefined : bytes(facts.size_bytes, language),
    bitrate: facts.bitrate_kbps === undefined ? undefined : `${number(facts.bitrate_kbps / 1000)}\u00a0Mb/s`,
    duration: facts.duration_ms === undefined ? undefined : moment(facts.duration_ms),
    captured: facts.captured_at,
    camera: join(facts.camera_make, facts.camera_model),
    place: facts.gps === undefined ? undefined : `${facts.gps.latitude.toFixed(5)}, ${facts.gps.longitude.toFixed(5)}`,
    video: join(facts.video_codec, facts.profile),
    picture: width === undefined || height === undefined ? undefined : `${width} × ${height}`,
    aspect: facts.display_aspect,
    frameRate: fps === undefined ? undefined : `${number(fps.value)}${fps.den === 1 ? '' : ` (${fps.num}/${fps.den})`}`,
    frames: facts.frame_count === undefined ? undefined : count(facts.frame_count, language),
    fieldOrder: facts.field_order,
    rotation: facts.rotation_deg === undefined ? undefined : `${facts.rotation_deg}°`,
    pixelFormat: join(facts.pixel_format, facts.bit_depth === undefined ? undefined : `${facts.bit_depth} bit`),
    colour: join(facts.color_primaries, facts.color_transfer, facts.color_range),
    timecode: join(facts.timecode_start, facts.drop_frame === true ? t('fact.dropFrame') : undefined),
    reel: facts.reel_name,
    sound: soundOf(facts, t, number),
  };
  const known = Object.entries(cells).filter(([, value]) => value !== undefined && value !== '');
  return Object.fromEntries(known.map(([key, value]) => [key, visible(value ?? '')]));
}

function join(...parts: readonly (string | undefined)[]): string | undefined {
  return parts.filter((part) => part !== undefined && part !== '').join(' · ') || undefined;
}

/** Equal streams are told once: eight mono tracks of a field recorder are “8 × …”. */
function soundOf({ audio_streams: streams = [] }: TechnicalMetadata, t: TFunction, number: (value: number) => string) {
  const told = streams.map((stream) =>
    [
      stream.codec,
      stream.channels === undefined ? undefined : t('fact.channels', { count: stream.channels }),
      stream.sample_rate_hz === undefined ? undefined : `${number(stream.sample_rate_hz / 1000)}\u00a0kHz`,
      stream.bit_depth === undefined ? undefined : `${stream.bit_depth} bit`,
      stream.language,
    ]
      .filter((part) => part !== undefined)
      .join(', '),
  );
  const groups: { text: string; count: number }[] = [];
  for (const text of told) {
    const last = groups.at(-1);
    if (last?.text === text) last.count += 1;
    else groups.push({ text, count: 1 });
  }
  return groups.map(({ text, count: times }) => (times === 1 ? text : `${times} × ${text}`)).join(' · ') || undefined;
}
