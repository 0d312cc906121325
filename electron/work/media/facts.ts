import type { TechnicalMetadata } from '../../../shared/facts.ts';
import { defined } from '../../../shared/objects.ts';
import { captureFacts } from './facts-capture.ts';
import { audioStreams, durationMs, videoStream, type AudioStream, type Probe, type VideoStream } from './probe.ts';
import { frameRate } from './proxy-rate.ts';
import { headerScan } from './proxy-scan.ts';
import { formatRatio, reduceRatio, wireRational } from './rational.ts';
import { reelName, startTimecode } from './timecode.ts';

/** `{[key]: value}` with what is undefined left out: unknown means absent, never invented. */
type AudioStreamFacts = NonNullable<TechnicalMetadata['audio_streams']>[number];

/**
 * `technical_metadata` of a source from ffprobe's data. Sizes are the coded ones, before rotation; `display_aspect` is
 * the picture's with its pixel aspect, before rotation; `rotation_deg` is clockwise. An `fps` of a variable-rate source
 * is its average. Absent when unknown.
 */
export function technicalMetadata(probe: Probe, sizeBytes: number): TechnicalMetadata {
  const video = videoStream(probe);
  const audio = audioStreams(probe);
  const timecode = startTimecode(probe);
  const kbps = probe.format.bitRate === undefined ? undefined : Math.round(probe.format.bitRate / 1000);
  return defined({
    media_format: mediaFormat(probe),
    duration_ms: durationMs(probe),
    size_bytes: sizeBytes,
    ...(video === undefined ? {} : videoFacts(video, probe.format.name)),
    timecode_start: timecode?.start,
    drop_frame: timecode?.dropFrame,
    reel_name: reelName(probe),
    bitrate_kbps: kbps,
    audio_streams: audio.length === 0 ? undefined : audio.map(audioFacts),
    ...captureFacts(probe.format.tags),
  });
}

function videoFacts(video: VideoStream, container: string): TechnicalMetadata {
  const rate = frameRate(video);
  const aspect = video.sampleAspect ?? { num: 1, den: 1 };
  const display = { num: video.width * aspect.num, den: video.height * aspect.den };
  const sized = video.width > 0 && video.height > 0;
  return defined({
    video_codec: video.codec,
    profile: video.profile,
    width: sized ? video.width : undefined,
    height: sized ? video.height : undefined,
    display_aspect: sized ? formatRatio(reduceRatio(display), ':') : undefined,
    fps: rate === undefined ? undefined : wireRational(rate.rate),
    frame_count: headerCount(video, container),
    field_order: headerScan(video, container),
    pixel_format: video.pixelFormat,
    bit_depth: video.bitsPerRawSample ?? pixelDepth(video.pixelFormat),
    color_space: video.colorSpace,
    color_transfer: video.colorTransfer,
    color_primaries: video.colorPrimaries,
    color_range: video.colorRange,
    rotation_deg: video.rotation,
  });
}

function audioFacts(stream: AudioStream): AudioStreamFacts {
  const language = stream.tags['language'];
  return defined({
    codec: stream.codec,
    channels: stream.channels,
    channel_layout: stream.channelLayout,
    sample_rate_hz: stream.sampleRate > 0 ? stream.sampleRate : undefined,
    bit_depth: stream.bitsPerSample,
    language: language === undefined || language === 'und' ? undefined : language,
  });
}

/** ffmpeg has one demuxer for the whole QuickTime family; the file's brand says which member it is. */
function mediaFormat(probe: Probe): string {
  if (!probe.format.name.startsWith('mov,')) return probe.format.name;
  const brand = probe.format.tags['major_brand']?.trim();
  // QuickTime files older than brands have none.
  if (brand === undefined || brand === 'qt') return 'mov';
  return brand.startsWith('M4A') ? 'm4a' : brand.startsWith('3g') ? '3gp' : 'mp4';
}

/** An AVI counts places, of which any may be empty: the second one is wherever ffmpeg wrote MP3 beside the picture. */
function headerCount(video: VideoStream, container: string): number | undefined {
  if (container === 'avi') return undefined;
  return video.frameCount ?? taggedFrameCount(video) ?? editUnits(video, container);
}

/** Matroska's statistics tags; ffprobe prints them with the language appended. */
function taggedFrameCount(video: VideoStream): number | undefined {
  const tag = Object.entries(video.tags).find(([name]) => name.startsWith('NUMBER_OF_FRAMES'))?.[1];
  const count = Number(tag);
  return Number.isInteger(count) && count > 0 ? count : undefined;
}

/** MXF has no count, but states the length of a track in its edit units, which are its pictures (SMPTE ST 377-1). */
function editUnits({ duration, timeBase }: VideoStream, container: string): number | undefined {
  if (container !== 'mxf' || duration === undefined || timeBase === undefined) return undefined;
  const units = (duration * timeBase.den) / timeBase.num;
  return units >= 1 && Math.abs(units - Math.round(units)) < 0.01 ? Math.round(units) : undefined;
}

const EIGHT_BIT = /^(yuvj?4[0-4][0-4]p|nv1[26]|nv21|yuyv422|uyvy422|gbrp|gray|rgb24|bgr24|rgba|bgra|argb|abgr)$/;

/** Bits per component from ffmpeg's name of a pixel format: `yuv422p10le` has 10. */
function pixelDepth(format: string | undefined): number | undefined {
  if (format === undefined) return undefined;
  if (EIGHT_BIT.test(format)) return 8;
  const planar = /^(?:yuva?4[0-4][0-4]p|gbra?p|gray)(9|10|12|14|16)(?:le|be)$/.exec(format)?.[1];
  const packed = /^p[0-4](10|12|16)(?:le|be)$/.exec(format)?.[1];
  const depth = planar ?? packed;
  return depth === undefined ? undefined : Number(depth);
}
