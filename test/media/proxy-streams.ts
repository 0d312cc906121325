import type { AudioStream, Probe, Stream, VideoStream } from '../../electron/work/media/probe.ts';

/** Plain streams for tests of pure functions; give what matters. */

const base = {
  index: 0,
  codecTag: undefined,
  profile: undefined,
  timeBase: { num: 1, den: 12_800 },
  startTime: 0,
  duration: 10,
  bitRate: undefined,
  disposition: {},
  tags: {},
} as const;

export function video(given: Partial<VideoStream>): VideoStream {
  return {
    ...base,
    type: 'video',
    codec: 'h264',
    width: 1920,
    height: 1080,
    sampleAspect: undefined,
    displayAspect: undefined,
    pixelFormat: 'yuv420p',
    level: undefined,
    bitsPerRawSample: undefined,
    fieldOrder: undefined,
    colorRange: undefined,
    colorSpace: undefined,
    colorTransfer: undefined,
    colorPrimaries: undefined,
    realRate: { num: 25, den: 1 },
    averageRate: { num: 25, den: 1 },
    frameCount: undefined,
    rotation: 0,
    isAttachedPicture: false,
    ...given,
  };
}

export function audio(given: Partial<AudioStream>): AudioStream {
  return {
    ...base,
    type: 'audio',
    codec: 'aac',
    channels: 2,
    channelLayout: undefined,
    sampleRate: 48_000,
    sampleFormat: undefined,
    bitsPerSample: undefined,
    ...given,
  };
}

export function probeOf(streams: readonly Stream[], format: Partial<Probe['format']> = {}): Probe {
  return {
    format: { name: 'mov,mp4,m4a,3gp,3g2,mj2', startTime: 0, duration: 10, bitRate: undefined, tags: {}, ...format },
    streams,
  };
}
