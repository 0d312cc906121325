import { useCallback, useMemo } from 'react';
import { hashTo, queryOf, setQuery, useHash } from '../hash-route.ts';

/** What a list is narrowed down to, as it stands in the address: it survives a reload, and Back goes back to it. */
export interface Narrowing<K extends string> {
  readonly values: Readonly<Partial<Record<K, string>>>;
  /** Undefined or '' takes a filter away. */
  readonly set: (key: K, value: string | undefined) => void;
  readonly clear: () => void;
  /** The address of something in the list that keeps the filters. */
  readonly to: (chosen: string | undefined) => string;
}

export function useNarrowing<K extends string>(view: string, keys: readonly K[]): Narrowing<K> {
  const query = queryOf(useHash());
  const values = useMemo(() => {
    const all = new URLSearchParams(query);
    const known = keys.flatMap((key) => {
      const value = all.get(key);
      return value === null || value === '' ? [] : [[key, value] as const];
    });
    // By these keys alone.
    return Object.fromEntries(known) as Partial<Record<K, string>>;
  }, [query, keys]);
  const set = useCallback((key: K, value: string | undefined) => {
    const all = new URLSearchParams(queryOf(window.location.hash));
    if (value === undefined || value === '') all.delete(key);
    else all.set(key, value);
    setQuery(all.toString());
  }, []);
  const clear = useCallback(() => setQuery(''), []);
  const to = useCallback((chosen: string | undefined) => hashTo(view, chosen, query), [view, query]);
  return { values, set, clear, to };
}
