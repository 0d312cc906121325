import { failure, type Failure } from '../../../shared/failure.ts';
import { durationMs, type Probe } from './probe.ts';

/**
 * How long a source may be. Two packets ten years apart are a few hundred bytes, and whoever fills the gap with held
 * pictures or silence works for weeks: so a header may promise a day, and what comes after its promise is cut off.
 */
export const LONGEST_SECONDS = 24 * 3600;

/** Room for a header that is wrong by a little: an estimate, a sound that is longer than the picture. */
const ROOM_SECONDS = 60;
const ROOM_SHARE = 0.05;

/** Where whatever is made of a source ends at the latest, in seconds; a length that nobody knows may be the longest. */
export function lengthLimit(probe: Probe): number {
  const promised = durationMs(probe);
  if (promised === undefined) return LONGEST_SECONDS;
  return Math.ceil((promised / 1000) * (1 + ROOM_SHARE)) + ROOM_SECONDS;
}

/**
 * Part of a filter graph, before `aresample`: what is timed beyond the limit is moved to it. `aresample` holds all the
 * silence of a gap in memory at once, 1.7 GB for a gap of six hours; and what ends at the limit is seen to run on.
 */
export function heldWithin(limitSeconds: number): string {
  return `asetpts='if(gt(PTS,${limitSeconds}/TB),${limitSeconds}/TB,PTS)'`;
}

/** Why nothing is made of a source whose header promises more than a day, or null. @param name of the file */
export function tooLong(probe: Probe, name: string): Failure | null {
  const hours = (durationMs(probe) ?? 0) / 3_600_000;
  if (hours * 3600 <= LONGEST_SECONDS) return null;
  const most = `more than ${LONGEST_SECONDS / 3600} are refused`;
  const message = `“${name}” claims to last ${Math.round(hours).toLocaleString('en')} hours, and ${most}.`;
  return failure('UNSUPPORTED_MEDIA', message, { subject: 'duration' });
}

/** The failure for what was made up to the limit, that is, far beyond the header's promise; null for all else. */
export function runsOn(probe: Probe, madeSeconds: number, name: string): Failure | null {
  if (madeSeconds < lengthLimit(probe) - 1) return null;
  const promised = ((durationMs(probe) ?? 0) / 1000).toFixed(1);
  const message = `“${name}” cannot be read: its times run on far beyond the ${promised} s its header promises.`;
  return failure('SOURCE_UNREADABLE', message);
}
