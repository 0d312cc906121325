/** "HH:MM", local to `timezone` or to this machine. */
interface Hours {
  readonly start: string;
  readonly end: string;
  readonly timezone?: string | undefined;
}

/** What the server allows; what it does not say is free. */
export interface ServerPolicy {
  readonly minPollIntervalSeconds: number | undefined;
  readonly maxParallelJobs: number | undefined;
  readonly allowedJobTypes: readonly string[] | undefined;
  /** First parts of the source paths that it may take. */
  readonly allowedRoots?: readonly string[] | undefined;
  /** A larger source it passes over. */
  readonly maxSourceBytes?: number | undefined;
  /** It works within these alone. */
  readonly workHours?: Hours | undefined;
  /** Names what operators said for this agent; another one in a page of offers: it is time to ask. */
  readonly revision?: string | undefined;
  readonly quietHours: Hours | undefined;
}
