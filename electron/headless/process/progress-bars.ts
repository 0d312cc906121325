import cliProgress from 'cli-progress';
import { basename } from 'node:path';
import { isJobType, SHORT_NAME_OF } from '../../../shared/job.ts';
import { printable } from '../../../shared/printable.ts';
import type { Snapshot } from '../../../shared/snapshot.ts';

/** A progress bar per running job on a terminal; nothing elsewhere. */
interface ProgressBars {
  show(snapshot: Snapshot): void;
  stop(): void;
}

export function createProgressBars(stream: NodeJS.WriteStream): ProgressBars {
  if (!stream.isTTY) return { show: () => undefined, stop: () => undefined };
  const bars = new Map<string, cliProgress.SingleBar>();
  const multi = new cliProgress.MultiBar(
    {
      stream,
      format: '{bar} {percentage}%  {label}  {file}  {stage}',
      barsize: 24,
      hideCursor: true,
      clearOnComplete: true,
      stopOnComplete: false,
      forceRedraw: true,
    },
    cliProgress.Presets.shades_classic,
  );
  return {
    show({ running }) {
      const living = new Set(running.map(({ jobId }) => jobId));
      for (const [jobId, bar] of bars) {
        if (living.has(jobId)) continue;
        multi.remove(bar);
        bars.delete(jobId);
      }
      for (const job of running) {
        const payload = {
          label: labelOf(job.jobType),
          file: printable(basename(job.sourcePath)),
          stage: job.stage,
        };
        const bar = bars.get(job.jobId) ?? multi.create(100, 0, payload);
        bars.set(job.jobId, bar);
        bar.update(Math.round((job.progress ?? 0) * 100), payload);
      }
    },
    stop: () => multi.stop(),
  };
}

export function labelOf(jobType: string): string {
  return isJobType(jobType) ? SHORT_NAME_OF[jobType] : jobType;
}
