import type { JobType } from '../../../shared/job.ts';
import type { ActiveRun } from './run-job.ts';

/** The longest reading of a source: its other readers keep in step with it (work/media/source-readers.ts). */
export const READ_ALONG_WITH = 'generate_video_proxies' satisfies JobType;

/** Those that listen to the whole source and do little work on it. */
export function mayReadAlong(jobType: JobType): boolean {
  return jobType === 'generate_audio_waveform' || jobType === 'transcribe_audio';
}

/** The jobs that were taken to read along with another one of their source (docs/adr/0042). */
interface ReadAlong {
  add(jobId: string, sourcePath: string): void;
  has(jobId: string): boolean;
  forget(jobId: string): void;
  /** Every job does, but one that reads along while the other is executed. */
  fillsSlot(jobId: string): boolean;
  /** Whether a job of this type that were taken now would read along. */
  possible(jobType: JobType, sourcePath: string): boolean;
}

export function createReadAlong(runs: () => Iterable<Pick<ActiveRun, 'run' | 'executing'>>): ReadAlong {
  const sources = new Map<string, string>();
  const isRead = (sourcePath: string): boolean =>
    [...runs()].some(
      ({ run, executing }) => run.jobType === READ_ALONG_WITH && run.sourcePath === sourcePath && executing(),
    );
  return {
    add: (jobId, sourcePath) => void sources.set(jobId, sourcePath),
    has: (jobId) => sources.has(jobId),
    forget: (jobId) => void sources.delete(jobId),
    fillsSlot(jobId) {
      const source = sources.get(jobId);
      return source === undefined || !isRead(source);
    },
    possible: (jobType, sourcePath) => mayReadAlong(jobType) && isRead(sourcePath),
  };
}
