/** One line of "what never happens", tried many times (docs/reliability.md). */
export interface Campaign {
  readonly name: string;
  /** What must hold, as a person says it. */
  readonly proves: string;
  /** Runs of a full campaign; each can be replayed by its number. */
  readonly runs: number;
  /** A full campaign is given up, unfinished, after this long. */
  readonly minutes: number;
  /** Lanes that run side by side, each with servers, agents and folders of its own. */
  readonly lanes: number;
  /** Why it cannot run on this machine, or null. */
  readonly lacks?: () => string | null;
  open(lane: LaneOptions): Promise<Lane>;
}

export interface LaneOptions {
  readonly lane: number;
}

export interface Lane {
  /** One run. Its randomness comes from `random` alone, so that its number and the seed bring it back. */
  run(index: number, random: () => number): Promise<RunResult>;
  /** Ends everything; answers what only the end shows. */
  close(): Promise<RunResult>;
}

export interface RunResult {
  /** Every rule that did not hold, with what was seen instead. Empty: it held. */
  readonly broken: readonly string[];
  /**
   * Promises in milliseconds that were not kept. A campaign, on a quiet machine, holds them as rules; a slice of one in
   * `npm test` does not look at them.
   */
  readonly late?: readonly string[];
  /** Kept as the highest of all runs. */
  readonly highest?: Readonly<Record<string, number>>;
  /** Added up over all runs. */
  readonly counted?: Readonly<Record<string, number>>;
}

export const HELD: RunResult = { broken: [] };

/** Collects what a run finds wrong. */
export interface Findings {
  expect(rule: string, holds: boolean, seen?: unknown): void;
  worst(name: string, value: number): void;
  /** A promise in milliseconds, also kept as the highest of all runs. */
  within(name: string, ms: number, limitMs: number): void;
  count(name: string, by?: number): void;
  result(): RunResult;
}

export function createFindings(): Findings {
  const broken: string[] = [];
  const late: string[] = [];
  const highest: Record<string, number> = {};
  const counted: Record<string, number> = {};
  const worst = (name: string, value: number): void => {
    highest[name] = Math.max(highest[name] ?? Number.NEGATIVE_INFINITY, value);
  };
  return {
    expect(rule, holds, seen) {
      if (!holds) broken.push(seen === undefined ? rule : `${rule}: ${JSON.stringify(seen).slice(0, 1_000)}`);
    },
    worst,
    within(name, ms, limitMs) {
      worst(name, ms);
      if (ms > limitMs) late.push(`${name}: ${ms}, promised ${limitMs}`);
    },
    count(name, by = 1) {
      counted[name] = (counted[name] ?? 0) + by;
    },
    result: () => ({ broken, late, highest, counted }),
  };
}
