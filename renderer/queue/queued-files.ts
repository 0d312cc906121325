import type { EndedJob, RunningJob, WaitingJob } from '../../shared/snapshot.ts';

export type QueuedJob = RunningJob | WaitingJob;

/** One file with everything that is still to be made from it. */
export interface QueuedFile {
  /** Its source path; of a job that names none, the job. */
  readonly key: string;
  readonly sourcePath: string;
  /** Never empty; in the order in which they start. */
  readonly jobs: readonly QueuedJob[];
}

/** Groups by file, in the order of each file's first job. */
export function queuedFiles(jobs: readonly QueuedJob[]): QueuedFile[] {
  const files = new Map<string, QueuedJob[]>();
  for (const job of jobs) {
    const key = job.sourcePath === '' ? job.jobId : job.sourcePath;
    const known = files.get(key);
    if (known === undefined) files.set(key, [job]);
    else known.push(job);
  }
  return [...files].map(([key, own]) => ({ key, sourcePath: own[0]?.sourcePath ?? '', jobs: own }));
}

export function isWaiting(job: QueuedJob): job is WaitingJob {
  return 'reason' in job;
}

export const ORDERS = ['start', 'name', 'folder', 'state'] as const;
export type Order = (typeof ORDERS)[number];

/** As a person wants to look at them; in what order they start stays as it is. */
export function inOrder(files: readonly QueuedFile[], order: Order): readonly QueuedFile[] {
  if (order === 'start') return files;
  const { compare } = new Intl.Collator(undefined, { numeric: true, sensitivity: 'base' });
  const keyed = files.map((file) => ({ file, key: KEYS[order](file) }));
  return keyed.sort((a, b) => compare(a.key, b.key)).map(({ file }) => file);
}

const KEYS: Readonly<Record<Exclude<Order, 'start'>, (file: QueuedFile) => string>> = {
  name: ({ sourcePath }) => sourcePath.split(/[\\/]/).at(-1) ?? '',
  folder: ({ sourcePath }) => sourcePath,
  state: ({ jobs: [first] }) => (first !== undefined && isWaiting(first) ? first.reason.kind : ''),
};

/** What was made of each file already, and what failed: source path → the newest job of each type. */
export function endedByFile(jobs: readonly EndedJob[]): Map<string, EndedJob[]> {
  const files = new Map<string, EndedJob[]>();
  for (const job of jobs.toSorted((a, b) => b.endedAt.localeCompare(a.endedAt))) {
    const known = files.get(job.sourcePath);
    if (known === undefined) files.set(job.sourcePath, [job]);
    else if (!known.some(({ jobType }) => jobType === job.jobType)) known.push(job);
  }
  return files;
}
