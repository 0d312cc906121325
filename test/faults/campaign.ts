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
  count(name: string, by?: number): void;
  result(): RunResult;
}

export function createFindings(): Findings {
  const broken: string[] = [];
  const highest: Record<string, number> = {};
  const counted: Record<string, number> = {};
  return {
    expect(rule, holds, seen) {
      if (!holds) broken.push(seen === undefined ? rule : `${rule}: ${JSON.stringify(seen).slice(0, 1_000)}`);
    },
    worst(name, value) {
      highest[name] = Math.max(highest[name] ?? Number.NEGATIVE_INFINITY, value);
    },
    count(name, by = 1) {
      counted[name] = (counted[name] ?? 0) + by;
    },
    result: () => ({ broken, highest, counted }),
  };
}
