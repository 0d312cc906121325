import { readFileSync } from 'node:fs';
import type { TextStore } from '../work/storage/text-store.ts';
import { replaceFile } from '../work/storage/durable-file.ts';

/** A small JSON file of texts by key: remembers proofs between runs of one-off commands. A lost file costs a proof, no more. */
export function createFileStore(file: string): TextStore {
  let values = read(file);
  return {
    get: (key) => values[key],
    set(key, value) {
      values = { ...values, [key]: value };
      try {
        replaceFile(file, JSON.stringify(values));
      } catch {
        // A home that cannot be written to only means that the next run proves again.
      }
    },
  };
}

function read(file: string): Record<string, string> {
  try {
    const content: unknown = JSON.parse(readFileSync(file, 'utf8'));
    if (typeof content !== 'object' || content === null) return {};
    return Object.fromEntries(
      Object.entries(content).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
    );
  } catch {
    return {};
  }
}
