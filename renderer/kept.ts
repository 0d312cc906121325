import { useStore } from 'zustand';
import { createStore } from 'zustand/vanilla';

/** A choice of this page alone, as a browser's zoom is: another browser on the same agent has its own. */
export interface Kept<T extends string> {
  readonly options: readonly T[];
  readonly read: () => T;
  readonly choose: (value: T) => void;
  readonly use: () => T;
}

/** The first option holds until another is chosen. */
export function keep<T extends string>(name: string, options: readonly [T, ...T[]]): Kept<T> {
  const key = `rushcatalog-${name}`;
  const store = createStore<{ readonly value: T }>(() => ({ value: before(key, options) }));
  return {
    options,
    read: () => store.getState().value,
    choose(value) {
      store.setState({ value });
      try {
        localStorage.setItem(key, value);
      } catch {
        // A browser that keeps nothing: it lasts as long as the page.
      }
    },
    use: () => useStore(store, (state) => state.value),
  };
}

function before<T extends string>(key: string, options: readonly [T, ...T[]]): T {
  try {
    const value = localStorage.getItem(key);
    return options.find((option) => option === value) ?? options[0];
  } catch {
    return options[0];
  }
}
