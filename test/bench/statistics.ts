/** Median of a list of numbers; NaN for an empty one. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const high = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? high : ((sorted[middle - 1] ?? Number.NaN) + high) / 2;
}

export interface Pair {
  readonly agentMs: number;
  readonly bareMs: number;
}

/** One line of the table: medians of both, and the median and spread of what the agent adds within each pair. */
export function describePairs(name: string, pairs: readonly Pair[]): string {
  const added = pairs.map(({ agentMs, bareMs }) => agentMs - bareMs);
  const ratios = pairs.map(({ agentMs, bareMs }) => agentMs / bareMs);
  const ms = (value: number): string => `${value.toFixed(0)} ms`.padStart(9);
  const range = (values: readonly number[], digits: number): string =>
    `${Math.min(...values).toFixed(digits)} … ${Math.max(...values).toFixed(digits)}`;
  return [
    name.padEnd(34),
    `bare ${ms(median(pairs.map(({ bareMs }) => bareMs)))}`,
    `agent ${ms(median(pairs.map(({ agentMs }) => agentMs)))}`,
    `adds ${ms(median(added))} (${range(added, 0)})`,
    `ratio ${median(ratios).toFixed(3)} (${range(ratios, 3)})`,
  ].join('  ');
}
