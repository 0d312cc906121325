/** Where proofs and model hashes survive a restart; the journal implements it. Values are JSON text. */
export interface TextStore {
  get(key: string): string | undefined;
  set(key: string, value: string): void;
}

/** Forgets everything at the end of the process: for one-off commands and tests. */
export function memoryStore(): TextStore {
  const values = new Map<string, string>();
  return {
    get: (key) => values.get(key),
    set: (key, value) => {
      values.set(key, value);
    },
  };
}
