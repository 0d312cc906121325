import { z } from 'zod';
import type { JobType } from './job.ts';
import { WORK_WISH } from './setup-commands.ts';

/** Folders whose files come into the queue by themselves. Part of COMMANDS. */

/** As `Snapshot.watched` has it. */
export interface WatchedFolder {
  readonly ruleId: string;
  readonly name: string;
  /** Of this machine; absent where its media root is not there any more. */
  readonly path?: string;
  readonly jobTypes: readonly JobType[];
  /** `looking`: gone through for the first time. `away`: cannot be read now, which is tried again. */
  readonly state: 'off' | 'looking' | 'watching' | 'away';
  /** Files that were taken, and jobs made for them. */
  readonly taken: number;
  readonly jobs: number;
  /** Files that are still being written, or whose clip has parts that are still to come. */
  readonly growing: number;
  /** Small copies of cameras, of which nothing is made. */
  readonly passedOver: number;
}

const nothing = z.object({});
const ruleId = z.guid();

export const WATCH_COMMANDS = {
  /**
   * Watches a folder from now on: what is in it is taken, too. What becomes of it arrives by `watch`
   * (`Snapshot.watched`). A folder outside the media roots becomes one.
   */
  watchFolder: {
    input: z.object({
      path: z.string().min(1).max(4096),
      ...WORK_WISH,
    }),
    output: nothing,
    slow: true,
    operatorOnly: true,
  },
  /** Off: what comes in meanwhile is taken once it is on again. */
  switchWatching: { input: z.object({ ruleId, on: z.boolean() }), output: nothing, operatorOnly: true },
  /** What was made of it stays. */
  endWatching: { input: z.object({ ruleId }), output: nothing, operatorOnly: true },
} as const;
