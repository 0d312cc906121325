import { useEffect, useMemo, useState } from 'react';
import type { TechnicalMetadata } from '../../shared/facts.ts';
import { parseTimecode, timecodeAt, type FrameRate, type TimecodeBase } from '../../shared/timecode.ts';
import { moment } from '../format/durations.ts';
import { createPlayback, type Playback } from './playback.ts';

/** The playback of one file, for as long as it is shown. */
export function usePlayback(facts: TechnicalMetadata | null, seconds: number): Playback {
  const [playback] = useState(createPlayback);
  useEffect(() => () => playback.close(), [playback]);
  useEffect(() => playback.setLength(seconds), [playback, seconds]);
  const { num, den } = facts?.fps ?? { num: 0, den: 1 };
  useEffect(() => {
    if (num > 0) playback.setRate({ num, den });
  }, [playback, num, den]);
  return playback;
}

/** How positions are written: as the source's timecode where its rate is known, else as a clock with tenths. */
export interface Positions {
  readonly base: TimecodeBase | null;
  readonly write: (seconds: number) => string;
}

export function usePositions(facts: TechnicalMetadata | null): Positions {
  return useMemo(() => {
    const base = facts === null ? null : timecodeBase(facts);
    return { base, write: (seconds) => (base === null ? moment(seconds * 1000) : timecodeAt(seconds, base)) };
  }, [facts]);
}

/** Null without a frame rate. A source without timecode counts from zero, as editing programs do. */
function timecodeBase(facts: TechnicalMetadata): TimecodeBase | null {
  if (facts.fps === undefined || facts.fps.num <= 0 || facts.fps.den <= 0) return null;
  const rate: FrameRate = { num: facts.fps.num, den: facts.fps.den };
  const dropFrame = facts.drop_frame === true;
  const start = facts.timecode_start;
  return { rate, dropFrame, startFrame: (start === undefined ? 0 : parseTimecode(start, rate, dropFrame)) ?? 0 };
}
