import { it } from 'vitest';

type Given<T> = T extends readonly unknown[] ? [...T] : [T];

/**
 * `it.each` of a series whose members show the same rule: the first `count` of them are in `npm test`, the others in
 * `npm run test:slow`.
 */
export function first(count: number) {
  return {
    each:
      <const T>(rows: readonly T[]) =>
      (name: string, run: (...given: Given<T>) => Promise<void> | void): void => {
        // vitest spreads a row that is an array, and its types do not say so of a row that may be one or not.
        const spread = run as (...given: unknown[]) => Promise<void> | void;
        if (count > 0) it.each(rows.slice(0, count))(name, spread);
        it.each(rows.slice(count))(name, { tags: ['slow'] }, spread);
      },
  };
}
