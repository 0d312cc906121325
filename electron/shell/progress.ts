import type { Snapshot } from '../../shared/snapshot.ts';

/** What the dock or the taskbar shows: 0..1, or -1 for nothing, or 2 for "busy, nobody knows how long". */
export function overallProgress({ running }: Snapshot): number {
  const known = running.flatMap(({ progress }) => (progress === undefined ? [] : [progress]));
  if (running.length === 0) return -1;
  if (known.length === 0) return 2;
  const mean = known.reduce((sum, progress) => sum + progress, 0) / running.length;
  // Whole percents: a bar that trembles draws the eye.
  return Math.round(mean * 100) / 100;
}

type ProgressMode = 'none' | 'normal' | 'indeterminate' | 'paused';

export function progressMode(snapshot: Snapshot): ProgressMode {
  const progress = overallProgress(snapshot);
  if (progress === -1) return 'none';
  if (snapshot.running.every(({ suspended }) => suspended)) return 'paused';
  return progress === 2 ? 'indeterminate' : 'normal';
}
