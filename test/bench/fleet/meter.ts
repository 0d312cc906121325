/** Every answer of a phase: which call, which status, how long it took as its caller saw it. */
export interface Meter {
  note(call: string, status: number, ms: number): void;
  /** A call that got no answer, and was sent again. */
  noteRetry(): void;
  count(call: string, ...statuses: readonly number[]): number;
  /** In ms: below this were so many of the answered ones (0.99: the 99th percentile); NaN where there were none. */
  percentile(call: string, share: number): number;
  readonly calls: readonly string[];
  readonly retries: number;
}

interface Seen {
  readonly statuses: Map<number, number>;
  readonly ms: number[];
}

export function createMeter(): Meter {
  const seen = new Map<string, Seen>();
  let retries = 0;
  return {
    note(call, status, ms) {
      const entry = seen.get(call) ?? { statuses: new Map<number, number>(), ms: [] };
      seen.set(call, entry);
      entry.statuses.set(status, (entry.statuses.get(status) ?? 0) + 1);
      entry.ms.push(ms);
    },
    noteRetry: () => void (retries += 1),
    count(call, ...statuses) {
      const entries = [...(seen.get(call)?.statuses ?? [])];
      return entries.reduce(
        (sum, [status, n]) => sum + (statuses.length === 0 || statuses.includes(status) ? n : 0),
        0,
      );
    },
    percentile(call, share) {
      const sorted = (seen.get(call)?.ms ?? []).toSorted((a, b) => a - b);
      return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
    },
    get calls() {
      return [...seen.keys()].toSorted();
    },
    get retries() {
      return retries;
    },
  };
}
