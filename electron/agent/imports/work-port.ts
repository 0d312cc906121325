import type { z } from 'zod';
import type { NotMade, SETUP_COMMANDS, WorkPlan } from '../../../shared/setup-commands.ts';
import type { JobType } from '../../../shared/job.ts';

export type WorkChoice = Omit<z.output<(typeof SETUP_COMMANDS)['addWork']['input']>, 'paths' | 'except'>;

/** The jobs that fit a file, and why the others of those chosen do not. */
interface Fitting {
  readonly jobs: readonly JobType[];
  readonly left: readonly { readonly jobType: JobType; readonly why: NotMade }[];
}

/** What only the owner of the embedded server can do. Its errors carry a `refusal`, where a person can do something. */
export interface WorkPort {
  /** What a page shows before anything is made: bounded. */
  plan(paths: readonly string[]): Promise<WorkPlan>;
  /** The same files, and all of them. */
  find(paths: readonly string[]): Promise<Pick<WorkPlan, 'files'>>;
  /** Looks into one file. */
  decide(path: string, jobTypes: readonly JobType[]): Promise<Fitting>;
  /** All or nothing, and once for each key. */
  add(
    files: readonly { readonly sourcePath: string; readonly jobs: readonly JobType[] }[],
    choice: WorkChoice,
    key: string,
    /** Names all that a person added at once. */
    batch: string,
  ): Promise<void>;
  samples(): Promise<readonly string[]>;
}
