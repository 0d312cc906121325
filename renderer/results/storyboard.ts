import { z } from 'zod';
import { ThumbEntry } from '../../shared/facts.ts';
import type { EndedArtifact } from '../../shared/snapshot.ts';
import type { Report } from '../report.ts';
import { pictures } from '../selectors.ts';

/** One picture of a clip: a file of its own, or a part of a sheet. */
export interface Still {
  readonly ref: string;
  /** Milliseconds from the beginning; 0 for a photo. */
  readonly timeMs: number;
  readonly width: number;
  readonly height: number;
  readonly tile?: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
}

const Submitted = z.looseObject({ output: z.looseObject({ thumbnails: z.array(ThumbEntry) }) });

/** All pictures of a clip in time order; sheets need the report, single pictures are known without. */
export function stillsOf(artifacts: readonly EndedArtifact[], report: Report): Still[] {
  const submitted = report.kind === 'ready' ? Submitted.safeParse(report.report) : null;
  const thumbs = submitted?.data?.output.thumbnails ?? [];
  if (thumbs.some(({ tile }) => tile !== undefined)) return thumbs.map(fromSheet).sort((a, b) => a.timeMs - b.timeMs);
  return pictures(artifacts).map(({ ref, timeMs = 0, width = 480, height = 270 }) => ({ ref, timeMs, width, height }));
}

function fromSheet({ ref, time_ms: timeMs, width, height, tile }: ThumbEntry): Still {
  return tile === undefined ? { ref, timeMs, width, height } : { ref, timeMs, width: tile.w, height: tile.h, tile };
}

/** The last picture at or before `seconds`; the first one before that. Pictures are in time order. */
export function stillAt(stills: readonly Still[], seconds: number): Still | undefined {
  const wanted = seconds * 1000 + 1;
  let [low, high] = [0, stills.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((stills[middle]?.timeMs ?? 0) <= wanted) low = middle + 1;
    else high = middle;
  }
  return stills[Math.max(0, low - 1)];
}

/** At most `count` of them, evenly. */
export function spread(stills: readonly Still[], count: number): readonly Still[] {
  if (stills.length <= count) return stills;
  return Array.from({ length: count }, (_, index) => {
    // Below the length, which is not 0 here.
    const still = stills[Math.floor(((index + 0.5) * stills.length) / count)];
    return still as Still;
  });
}
