import { z } from 'zod';

/** What a UI asks for to use and to look back on results. Part of COMMANDS. */

const nothing = z.object({});

/** Where an editing program looks for proxies (media.md, "On disk an NLE must find it"). */
export const SAVE_LAYOUTS = ['premiere', 'resolve'] as const;
export type SaveLayout = (typeof SAVE_LAYOUTS)[number];

/** Why one source's proxy was not saved. */
interface SavingProblem {
  readonly sourcePath: string;
  readonly message: string;
}

/** The last time proxies were saved to a folder, while it runs and afterwards. */
export interface Saving {
  readonly phase: 'running' | 'ended' | 'cancelled';
  readonly layout: SaveLayout;
  readonly folder: string;
  /** Files; `saved` counts those that were already there, too. */
  readonly total: number;
  readonly saved: number;
  readonly alreadyThere: number;
  readonly savedBytes: number;
  readonly totalBytes: number;
  readonly problems: readonly SavingProblem[];
}

/** One day by this machine's calendar. */
export interface ActivityDay {
  /** `2026-03-02` */
  readonly day: string;
  readonly done: number;
  readonly failed: number;
  readonly givenBack: number;
  /** Length of the media that was worked on, each file once a day. */
  readonly mediaMs: number;
  /** Time in which work stood back for whoever uses the machine. */
  readonly yieldedMs: number;
}

export const RESULT_COMMANDS = {
  /** Copies the best proxy of each asset for an editing program; its course arrives by `watch` (`Snapshot.saving`). */
  saveProxies: {
    input: z.object({
      layout: z.enum(SAVE_LAYOUTS),
      folder: z.string().min(1).max(4096),
      assetUuids: z.array(z.guid()).min(1).max(5000),
    }),
    output: nothing,
  },
  cancelSaving: { input: nothing, output: nothing },
  /** Oldest day first, today last; days without anything are there with zeros. */
  activity: {
    input: z.object({ days: z.int().min(1).max(90).default(14) }),
    output: z.object({ days: z.array(z.custom<ActivityDay>()) }),
    forEditors: true,
  },
} as const;
