import { z } from 'zod';

/**
 * What is learnt from a source and what is derived from it: kept, shown and sent alike, so its fields have the names of
 * JOB-TYPES and protocol.md, “Results”.
 */

export const DERIVED_KINDS = ['proxy_video', 'proxy_audio', 'thumb', 'waveform'] as const;
export type DerivedKind = (typeof DERIVED_KINDS)[number];

const Rational = z.object({ num: z.int(), den: z.int().min(1), value: z.number() });
export type Rational = z.infer<typeof Rational>;

export const AudioStreamFacts = z.object({
  codec: z.string().optional(),
  channels: z.int().optional(),
  channel_layout: z.string().optional(),
  sample_rate_hz: z.int().optional(),
  bit_depth: z.int().optional(),
  language: z.string().optional(),
});

/** Facts of a source; what is unknown is absent, never invented (media.md). */
export const TechnicalMetadata = z.object({
  media_format: z.string().optional(),
  duration_ms: z.int().min(0).optional(),
  size_bytes: z.int().min(0).optional(),
  video_codec: z.string().optional(),
  profile: z.string().optional(),
  width: z.int().optional(),
  height: z.int().optional(),
  display_aspect: z.string().optional(),
  fps: Rational.optional(),
  frame_count: z.int().optional(),
  field_order: z.string().optional(),
  pixel_format: z.string().optional(),
  bit_depth: z.int().optional(),
  color_space: z.string().optional(),
  color_transfer: z.string().optional(),
  color_primaries: z.string().optional(),
  color_range: z.string().optional(),
  rotation_deg: z.int().optional(),
  timecode_start: z.string().optional(),
  drop_frame: z.boolean().optional(),
  reel_name: z.string().optional(),
  bitrate_kbps: z.int().optional(),
  audio_streams: z.array(AudioStreamFacts).optional(),
  captured_at: z.string().optional(),
  camera_make: z.string().optional(),
  camera_model: z.string().optional(),
  gps: z.object({ latitude: z.number(), longitude: z.number(), altitude_m: z.number().optional() }).optional(),
});
export type TechnicalMetadata = z.infer<typeof TechnicalMetadata>;

const Tile = z.object({ x: z.int().min(0), y: z.int().min(0), w: z.int().min(1), h: z.int().min(1) });

export const Sha256 = z.string().regex(/^[0-9a-f]{64}$/, 'a sha256 in lowercase hex');

/** A derived file as it is listed: `ref` is the server's name for it. */
export const DerivedRef = z.object({
  kind: z.enum(DERIVED_KINDS),
  ref: z.string().min(1),
  content_type: z.string().min(1),
  size_bytes: z.int().min(1),
  sha256: Sha256,
});
export type DerivedRef = z.infer<typeof DerivedRef>;

/** One picture of a source: what is known before the upload; the wire adds kind, ref, type, size and hash. */
export const ThumbFacts = z.object({
  index: z.int().min(0),
  time_ms: z.int().min(0),
  width: z.int().min(1),
  height: z.int().min(1),
  tile: Tile.optional(),
});
export type ThumbFacts = z.infer<typeof ThumbFacts>;
export const ThumbEntry = DerivedRef.extend(ThumbFacts.shape);
export type ThumbEntry = z.infer<typeof ThumbEntry>;

export const ProxyEntry = DerivedRef.extend({ profile: z.string().min(1) });
export type ProxyEntry = z.infer<typeof ProxyEntry>;

export const WaveformFacts = z.object({
  duration_ms: z.int().min(0),
  bucket_count: z.int().min(1),
  samples: z.array(z.number().min(0).max(1)),
  channels: z.int().min(1),
  sample_rate: z.int().min(1),
});
export type WaveformFacts = z.infer<typeof WaveformFacts>;
export const WaveformData = WaveformFacts.extend({ ref: z.string().min(1) });
export type WaveformData = z.infer<typeof WaveformData>;

export const Segment = z.object({ start_ms: z.int().min(0), end_ms: z.int().min(0), text: z.string() });
/** `p` is absent where the engine gives no probability: never invented. */
export const Word = z.object({
  start_ms: z.int().min(0),
  end_ms: z.int().min(0),
  text: z.string(),
  p: z.number().min(0).max(1).optional(),
});
const TranscriptSegment = Segment.extend({
  track: z.int().optional(),
  words: z.array(Word).optional(),
});
export const Transcript = z.object({
  text: z.string(),
  language: z.string(),
  confidence: z.number().min(0).max(1).optional(),
  segments: z.array(TranscriptSegment),
});
export type Transcript = z.infer<typeof Transcript>;

export const Warning = z.object({ code: z.string().min(1), message: z.string().min(1), count: z.int().optional() });
export type Warning = z.infer<typeof Warning>;
