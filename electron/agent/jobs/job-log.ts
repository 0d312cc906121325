import type { JobLogLine } from '../../../shared/commands.ts';

const LINES_PER_JOB = 500;
const JOBS = 200;

/** What happened inside each job, bounded; never part of the snapshot. */
export interface JobLogs {
  add(jobId: string, line: JobLogLine): void;
  read(jobId: string): readonly JobLogLine[];
}

export function createJobLogs(): JobLogs {
  const logs = new Map<string, JobLogLine[]>();
  return {
    add(jobId, line) {
      const lines = logs.get(jobId) ?? [];
      lines.push(line);
      if (lines.length > LINES_PER_JOB) lines.splice(0, lines.length - LINES_PER_JOB);
      // Re-inserted so that the map's order is by last use and the oldest job is dropped first.
      logs.delete(jobId);
      logs.set(jobId, lines);
      if (logs.size > JOBS) logs.delete(logs.keys().next().value ?? jobId);
    },
    read: (jobId) => logs.get(jobId) ?? [],
  };
}
