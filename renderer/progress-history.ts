import type { Pace, RunningJob } from '../shared/snapshot.ts';

export interface ProgressSample {
  /** Milliseconds since 1970. */
  readonly at: number;
  /** 0..1 */
  readonly progress: number;
}

/** Job → its recent samples, oldest first. */
export type ProgressHistory = Readonly<Record<string, readonly ProgressSample[]>>;

const SAMPLE_MS = 1000;
/** Two minutes of samples: long enough to average over scenes, short enough to follow a machine that got busy. */
const MAX_SAMPLES = 120;

/** Adds the current progress of the running jobs; forgets ended ones, and begins anew after a suspension. */
export function recordProgress(history: ProgressHistory, running: readonly RunningJob[], now: number): ProgressHistory {
  const next: Record<string, readonly ProgressSample[]> = {};
  let changed = Object.keys(history).length !== running.length;
  for (const job of running) {
    const samples = history[job.jobId] ?? [];
    next[job.jobId] = add(samples, job, now);
    changed ||= next[job.jobId] !== samples;
  }
  return changed ? next : history;
}

function add(samples: readonly ProgressSample[], job: RunningJob, now: number): readonly ProgressSample[] {
  if (job.suspended) return samples.length === 0 ? samples : [];
  const last = samples.at(-1);
  if (job.progress === undefined || (last !== undefined && now - last.at < SAMPLE_MS)) return samples;
  return [...samples, { at: now, progress: job.progress }].slice(-MAX_SAMPLES);
}

export interface TimeLeft {
  readonly lowMs: number;
  readonly highMs: number;
}

/** Under these nothing honest can be said. */
const MIN_SPAN_MS = 5000;
const MIN_GAIN = 0.01;
const SLICES = 6;

/**
 * Time left with its spread: the speed is measured over six slices of the recent past, and one standard deviation
 * to each side of their mean gives the two ends. Null while too little is known.
 */
export function estimateTimeLeft(samples: readonly ProgressSample[], now: number): TimeLeft | null {
  const first = samples[0];
  const last = samples.at(-1);
  if (first === undefined || last === undefined) return null;
  const span = last.at - first.at;
  if (span < MIN_SPAN_MS || last.progress - first.progress < MIN_GAIN) return null;
  const speeds = Array.from({ length: SLICES }, (_, slice) => {
    const from = at(samples, first.at + (span * slice) / SLICES);
    const to = at(samples, first.at + (span * (slice + 1)) / SLICES);
    return ((to - from) * SLICES) / span;
  });
  const mean = speeds.reduce((sum, speed) => sum + speed, 0) / SLICES;
  const deviation = Math.sqrt(speeds.reduce((sum, speed) => sum + (speed - mean) ** 2, 0) / SLICES);
  const left = 1 - last.progress;
  // The clock runs on between two samples, but never further than the estimate itself.
  const since = Math.max(0, now - last.at);
  const lowMs = Math.max(0, left / (mean + deviation) - since);
  const highMs = Math.max(lowMs, left / Math.max(mean - deviation, mean / 3) - since);
  return { lowMs, highMs };
}

/** Of these samples, no more are looked at: speed is what it is now. */
const SPEED_MS = 15_000;

/** Media seconds per second (`×`) and pictures a second, lately; null while too little is known. */
export function speedOf(
  samples: readonly ProgressSample[],
  { mediaMs, fps }: Pace,
): { readonly times: number; readonly fps?: number } | null {
  const last = samples.at(-1);
  const first = samples.find(({ at: then }) => last !== undefined && last.at - then <= SPEED_MS);
  if (last === undefined || first === undefined || last.at - first.at < MIN_SPAN_MS) return null;
  const times = ((last.progress - first.progress) * mediaMs) / (last.at - first.at);
  if (!(times > 0)) return null;
  return { times, ...(fps === undefined ? {} : { fps: times * fps }) };
}

/** Progress at an instant, straight between the samples around it. */
function at(samples: readonly ProgressSample[], instant: number): number {
  const index = samples.findIndex((sample) => sample.at >= instant);
  const after = samples[index] ?? samples.at(-1);
  const before = samples[Math.max(0, index - 1)] ?? after;
  if (after === undefined || before === undefined || after.at === before.at) return after?.progress ?? 0;
  const share = (instant - before.at) / (after.at - before.at);
  return before.progress + (after.progress - before.progress) * Math.min(1, Math.max(0, share));
}
