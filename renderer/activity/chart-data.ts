import type { ActivityDay } from '../../shared/result-commands.ts';

/** What a day is looked at for; each has a chart of its own, because their units differ. */
export const MEASURES = ['jobs', 'media', 'yielded'] as const;
export type Measure = (typeof MEASURES)[number];

interface Bar {
  readonly day: string;
  /** In the measure's own unit: jobs, or minutes. */
  readonly value: number;
  /** Part of `value` that failed; jobs only. */
  readonly failed: number;
}

/** Minutes to the tenth, jobs as they are. Given-back jobs are no result of a day: they come again. */
export function bars(days: readonly ActivityDay[], measure: Measure): Bar[] {
  const minutes = (ms: number): number => Math.round(ms / 6000) / 10;
  return days.map(({ day, done, failed, mediaMs, yieldedMs }) => {
    switch (measure) {
      case 'jobs':
        return { day, value: done + failed, failed };
      case 'media':
        return { day, value: minutes(mediaMs), failed: 0 };
      case 'yielded':
        return { day, value: minutes(yieldedMs), failed: 0 };
    }
  });
}

/** The next round number at or above the highest value: 1, 2 or 5 times a power of ten. */
export function roundTop(values: readonly number[]): number {
  const highest = Math.max(0, ...values);
  if (highest === 0) return 1;
  const power = 10 ** Math.floor(Math.log10(highest));
  return [1, 2, 5, 10].map((step) => step * power).find((step) => step >= highest) ?? highest;
}
