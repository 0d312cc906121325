import type { ThumbnailProfile } from '../../../shared/profiles.ts';
import type { FrameStats } from './thumbnail-stats.ts';

/** Which moments of a clip to show. Pure; all times are seconds from the beginning of the media. */

type Representative = Extract<ThumbnailProfile, { layout: 'representative' }>;

/**
 * media.md, `video_representative_v1`: max(1 s, 10 %) of clips under 120 s, else min(5 %, 20 s); a clip shorter than
 * that moment gives its first frame. An unknown duration counts as long enough: an empty picture is tried again at 0.
 */
export function representativeMoment(rule: Representative['moment'], duration: number | undefined): number {
  if (duration === undefined) return rule.shortAtLeastSeconds;
  const wanted =
    duration < rule.shortClipSeconds
      ? Math.max(rule.shortAtLeastSeconds, duration * rule.shortFraction)
      : Math.min(rule.longAtMostSeconds, duration * rule.longFraction);
  return wanted < duration ? wanted : 0;
}

/** The middles of `count` equal parts, in time order. */
export function storyboardMoments(count: number, duration: number): readonly number[] {
  return Array.from({ length: count }, (_, i) => ((i + 0.5) * duration) / count);
}

/** Takes `count` different frames, each the nearest still free to its moment, in time order; all of them if fewer. */
export function spreadOver(times: readonly number[], moments: readonly number[]): readonly number[] {
  if (times.length <= moments.length) return times;
  const chosen: number[] = [];
  let from = 0;
  for (const [i, moment] of moments.entries()) {
    const last = times.length - (moments.length - i);
    let best = from;
    for (let at = from; at <= last; at++) {
      if (Math.abs((times[at] ?? 0) - moment) < Math.abs((times[best] ?? 0) - moment)) best = at;
    }
    chosen.push(times[best] ?? 0);
    from = best + 1;
  }
  return chosen;
}

/** Below these a picture may be black, faded or blank, which only its neighbours can tell. 8-bit limited range. */
const LOW_CONTRAST = 90;
const LOW_WHITE = 110;
/** Black or blank beyond doubt. */
const NO_CONTRAST = 24;

export function mayBeFaded(stats: FrameStats): boolean {
  return contrast(stats) < LOW_CONTRAST || stats.high < LOW_WHITE;
}

export function isBlank(stats: FrameStats): boolean {
  return contrast(stats) < NO_CONTRAST;
}

/**
 * The frame to show instead of `wanted`, or null to keep it: one is faded only next to others with much more in them,
 * so a night scene or a flat log picture stays. Of the good ones the closest in time is taken.
 */
export function betterNeighbour(wanted: FrameStats, others: readonly FrameStats[]): FrameStats | null {
  const best = Math.max(0, ...others.map(contrast));
  if (best < NO_CONTRAST || contrast(wanted) >= best * 0.6) return null;
  const distance = (frame: FrameStats): number => Math.abs(frame.time - wanted.time);
  const good = others.filter((frame) => contrast(frame) >= best * 0.8);
  return good.toSorted((a, b) => distance(a) - distance(b))[0] ?? null;
}

function contrast(stats: FrameStats): number {
  return stats.high - stats.low;
}
