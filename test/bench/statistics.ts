/** Median of a list of numbers; NaN for an empty one. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const high = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? high : ((sorted[middle - 1] ?? Number.NaN) + high) / 2;
}

/** Time on the wall and on the processors (user and system, all processes), in ms. */
export interface Cost {
  readonly wallMs: number;
  readonly processorMs: number;
}

export interface Pair {
  readonly agent: Cost;
  readonly bare: Cost;
}

/** Median over the pairs of agent ÷ bare. */
export function ratioOf(pairs: readonly Pair[], of: keyof Cost): number {
  return median(pairs.map(({ agent, bare }) => agent[of] / bare[of]));
}

/** Lines of the table: medians of both, and the median and spread of what the agent adds within each pair. */
export function describePairs(name: string, pairs: readonly Pair[]): string {
  return `${describeWall(name, pairs)}\n${describe('  on the processors', pairs, 'processorMs')}`;
}

/** The first of them alone: the processor time of what ran inside a sandbox of its own is told to nobody outside. */
export function describeWall(name: string, pairs: readonly Pair[]): string {
  return describe(name, pairs, 'wallMs');
}

function describe(title: string, pairs: readonly Pair[], of: keyof Cost): string {
  const added = pairs.map(({ agent, bare }) => agent[of] - bare[of]);
  const ratios = pairs.map(({ agent, bare }) => agent[of] / bare[of]);
  return [
    title.padEnd(34),
    `bare ${ms(median(pairs.map(({ bare }) => bare[of])))}`,
    `agent ${ms(median(pairs.map(({ agent }) => agent[of])))}`,
    `adds ${ms(median(added))} (${range(added, 0)})`,
    `ratio ${median(ratios).toFixed(3)} (${range(ratios, 3)})`,
  ].join('  ');
}

const ms = (value: number): string => `${value.toFixed(0)} ms`.padStart(9);
const range = (values: readonly number[], digits: number): string =>
  `${Math.min(...values).toFixed(digits)} … ${Math.max(...values).toFixed(digits)}`;
