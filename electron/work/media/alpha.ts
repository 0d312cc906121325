import type { Warning } from '../../../shared/facts.ts';
import type { VideoStream } from './probe.ts';

/** ffmpeg's names of pixel formats with a plane or component for transparency. */
const WITH_ALPHA = /^(?:yuva|gbrap|rgba|bgra|argb|abgr|ya\d)/;

export function hasAlpha(stream: VideoStream): boolean {
  return WITH_ALPHA.test(stream.pixelFormat ?? '');
}

/**
 * What is transparent is shown on black, as a timeline shows it over nothing: what a renderer left under full
 * transparency was never meant to be seen.
 */
export function overBlack(stream: VideoStream): readonly string[] {
  return hasAlpha(stream) ? ['premultiply=inplace=1'] : [];
}

/** No profile holds transparency; whoever attaches or watches such a proxy is told. */
export function alphaWarning(stream: VideoStream): Warning | undefined {
  if (!hasAlpha(stream)) return undefined;
  const message = 'The source has an alpha channel, which no proxy profile keeps: transparent parts are black.';
  return { code: 'ALPHA_DROPPED', message };
}
