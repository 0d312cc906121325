import { z } from 'zod';

/** What a UI asks for to use and to look back on results. Part of COMMANDS. */

const nothing = z.object({});

/** Where an editing program looks for proxies (media.md, "On disk an NLE must find it"). */
export const SAVE_LAYOUTS = ['premiere', 'resolve'] as const;
export type SaveLayout = (typeof SAVE_LAYOUTS)[number];

/** All in one folder; in the folders of their sources, below one folder; in a folder “Proxy” beside each source. */
export const SAVE_ARRANGEMENTS = ['together', 'mirrored', 'beside'] as const;
export type SaveArrangement = (typeof SAVE_ARRANGEMENTS)[number];

/** One proxy before it is saved. */
export interface PlannedProxy {
  readonly sourcePath: string;
  /** Below the chosen folder, or below the media folder where it will lie beside its source; by `/`. */
  readonly place: string;
  readonly profile: string;
  readonly sizeBytes: number;
  /** Whether the proxy has a start timecode, by which an editing program conforms. */
  readonly timecode: boolean;
  /** `there`: the very same file lies there. `earlier`: an earlier proxy of the same source, which is replaced. */
  readonly state: 'new' | 'there' | 'earlier';
  /** Why it cannot be saved there, in English. */
  readonly problem?: string;
}

/** Why one source's proxy was not saved. */
interface SavingProblem {
  readonly sourcePath: string;
  readonly message: string;
}

/** The last time proxies were saved to a folder, while it runs and afterwards. */
export interface Saving {
  readonly phase: 'running' | 'ended' | 'cancelled';
  readonly layout: SaveLayout;
  readonly arrangement: SaveArrangement;
  /** Empty where each proxy lies beside its source. */
  readonly folder: string;
  /** Whole path of the first that was saved or was there; what a file manager is opened at. */
  readonly firstFile: string | null;
  /** Files; `saved` counts those that were already there, too. */
  readonly total: number;
  readonly saved: number;
  readonly alreadyThere: number;
  readonly savedBytes: number;
  readonly totalBytes: number;
  readonly problems: readonly SavingProblem[];
}

/** How busy the machine was in the half minute up to `at` (ms since 1970); shares of all cores, 0..1. */
export interface LoadSample {
  readonly at: number;
  readonly all: number;
  /** Of the agent and everything it started; null where the system does not tell. */
  readonly ours: number | null;
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

const Saved = z.object({
  layout: z.enum(SAVE_LAYOUTS),
  arrangement: z.enum(SAVE_ARRANGEMENTS).default('together'),
  /** Whole path of a folder of the agent's machine; not used beside the media. */
  folder: z.string().max(4096).default(''),
  assetUuids: z.array(z.guid()).min(1).max(5000),
});

export const RESULT_COMMANDS = {
  /** What `saveProxies` would write where; without a folder only under which names. Writes nothing. */
  planSaving: {
    input: Saved,
    output: z.object({
      /** In the order in which they are saved; the first ones where there are many. */
      files: z.array(z.custom<PlannedProxy>()),
      total: z.number(),
      totalBytes: z.number(),
      withoutTimecode: z.number(),
    }),
    slow: true,
  },
  /** Copies the best proxy of each asset for an editing program; its course arrives by `watch` (`Snapshot.saving`). */
  saveProxies: {
    input: Saved,
    output: nothing,
  },
  cancelSaving: { input: nothing, output: nothing },
  /** Of the last hour, oldest first; none is there in the first half minute. */
  machineLoad: { input: nothing, output: z.object({ samples: z.array(z.custom<LoadSample>()) }), forEditors: true },
  /** Oldest day first, today last; days without anything are there with zeros. */
  activity: {
    input: z.object({ days: z.int().min(1).max(90).default(14) }),
    output: z.object({ days: z.array(z.custom<ActivityDay>()) }),
    forEditors: true,
  },
} as const;
