import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import type { QueuedFile } from './queued-files.ts';

export interface Selection {
  readonly keys: ReadonlySet<string>;
  /** Of what is listed now, in its order. */
  readonly files: readonly QueuedFile[];
  /** With `range` everything from the one touched before. */
  readonly toggle: (file: QueuedFile, range: boolean) => void;
  readonly all: () => void;
  readonly clear: () => void;
}

/** Files a person marked in a list; what leaves the list is marked no more. */
export function useSelection(listed: readonly QueuedFile[]): Selection {
  const [keys, setKeys] = useState<ReadonlySet<string>>(new Set());
  const before = useRef<string | null>(null);
  const list = useRef(listed);
  useEffect(() => {
    list.current = listed;
  }, [listed]);
  const files = useMemo(() => (keys.size === 0 ? [] : listed.filter(({ key }) => keys.has(key))), [listed, keys]);
  // The same function for every row, or each of them would be drawn anew with every step of the list.
  const toggle = useCallback((file: QueuedFile, range: boolean): void => {
    const from = range ? list.current.findIndex(({ key }) => key === before.current) : -1;
    const to = list.current.findIndex(({ key }) => key === file.key);
    const touched = from === -1 ? [file] : list.current.slice(Math.min(from, to), Math.max(from, to) + 1);
    before.current = file.key;
    setKeys((known) => {
      const next = new Set(known);
      const adds = !known.has(file.key);
      for (const { key } of touched) {
        if (adds) next.add(key);
        else next.delete(key);
      }
      return next;
    });
  }, []);
  const all = useCallback(() => setKeys(new Set(list.current.map(({ key }) => key))), []);
  const clear = useCallback(() => setKeys(new Set()), []);
  return { keys, files, toggle, all, clear };
}
