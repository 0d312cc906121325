import type { JobProcesses } from '../process/child.ts';

/** Makes the children of one proof or one look-up; whoever builds it sets their priority (below normal). */
export type ProcessMaker = (jobId: string) => JobProcesses;
