import type { Probe, Stream } from './probe.ts';

export interface StartTimecode {
  /** As written: `01:00:00:00`, `01:00:00;00` for drop-frame. */
  readonly start: string;
  readonly dropFrame: boolean;
}

/** HH:MM:SS:FF; the last separator is `;` (or `.`, `,`) for drop-frame (SMPTE ST 12-1). Three digits above 100 fps. */
const TIMECODE = /^(\d{2}:\d{2}:\d{2})([:;.,])(\d{2,3})$/;

/** The start timecode from its own track (QuickTime `tmcd`), else from the picture's or the file's tags. */
export function startTimecode(probe: Probe): StartTimecode | undefined {
  const places = [...probe.streams.filter(isTimecodeTrack), ...probe.streams, probe.format];
  for (const { tags } of places) {
    const match = TIMECODE.exec(tags['timecode'] ?? '');
    if (match !== null) return { start: match[0], dropFrame: match[2] !== ':' };
  }
  return undefined;
}

/** The start timecode in its own track alone: where an NLE looks. */
export function trackTimecode(probe: Probe): StartTimecode | undefined {
  return startTimecode({
    ...probe,
    format: { ...probe.format, tags: {} },
    streams: probe.streams.filter(isTimecodeTrack),
  });
}

/** The same as ffmpeg's `-timecode` takes it and as QuickTime reads back: `;` for drop-frame, whatever the source wrote. */
export function outputTimecode({ start, dropFrame }: StartTimecode): string {
  return start.replace(/[:;.,](?=\d+$)/, dropFrame ? ';' : ':');
}

/** Reel (tape) name from the timecode track or the file's tags; undefined when nothing names one. */
export function reelName(probe: Probe): string | undefined {
  for (const { tags } of [...probe.streams, probe.format]) {
    const name = (tags['reel_name'] ?? tags['com.apple.proapps.reel'])?.trim();
    if (name !== undefined && name !== '') return name;
  }
  return undefined;
}

function isTimecodeTrack(stream: Stream): boolean {
  return stream.type === 'data' && stream.codecTag === 'tmcd';
}
