import { failure, JobFailure } from '../../../shared/failure.ts';
import { CUT_ADVICE } from '../media/media-names.ts';
import type { AudioStream, Probe } from '../media/probe.ts';
import { runsOn } from '../media/promised-length.ts';
import { toolDetail } from '../media/tool-failure.ts';
import type { ChildResult } from '../process/child.ts';

/** Containers whose stated duration is counted, not taken from timestamps; of MP3 only by a header that counts its frames. */
const COUNTED = /^(mov|matroska|mxf|avi|wav|w64|aiff|caf|flac|mp3)/;

/** ffmpeg ends with 0 on files that stop early: what was decoded, in seconds, must be as long as the container says. */
export function refuseIncomplete(
  probe: Probe,
  streams: readonly AudioStream[],
  decoded: number,
  name: string,
  result: ChildResult,
): void {
  if (decoded === 0) {
    const message = `No sound of “${name}” can be decoded.`;
    throw new JobFailure(failure('SOURCE_UNREADABLE', message, toolDetail(result)));
  }
  const endless = runsOn(probe, decoded, name);
  if (endless !== null) throw new JobFailure({ ...endless, detail: toolDetail(result) });
  if (!COUNTED.test(probe.format.name)) return;
  const stated = Math.max(0, ...streams.map(({ duration }) => duration ?? 0));
  // 2 % or one second: codec delay, a damaged packet or a rounded header are no truncation.
  if (stated - decoded <= Math.max(1, stated * 0.02)) return;
  const message = `“${name}” is cut short: ${decoded.toFixed(1)} s of ${stated.toFixed(1)} s of sound are there; ${CUT_ADVICE}.`;
  throw new JobFailure(failure('SOURCE_UNREADABLE', message, toolDetail(result)));
}
