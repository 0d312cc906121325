import type { JobType } from '../../shared/job.ts';

/** A folder of media of this machine, and the name that source paths begin with. */
export interface WatchRoot {
  readonly name: string;
  readonly path: string;
}

/** What a look into a file told. */
interface Looked {
  /** False: it cannot be read, which may be because it is still being written. */
  readonly whole: boolean;
  /** Those of the types asked for that fit it. */
  readonly jobTypes: readonly JobType[];
}

/** What a server needs to watch folders; how a file is looked into is its composer's matter. */
export interface WatchOptions {
  roots(): readonly WatchRoot[];
  look(path: string, jobTypes: readonly JobType[]): Promise<Looked>;
  /** How often a folder is gone through from end to end, at least; default 30 s, and never more than a twentieth of the time. */
  readonly scanSeconds?: number;
}

/** The same in a running server. */
export interface Watch extends WatchOptions {
  /** A rule was added or changed. */
  changed: () => void;
}
