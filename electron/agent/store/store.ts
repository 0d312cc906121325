import type { AgentEvent, AgentEventType } from '../../../shared/event.ts';
import { reduce } from '../../../shared/reduce.ts';
import type { Snapshot } from '../../../shared/snapshot.ts';

export type StoreListener = (event: AgentEvent, snapshot: Snapshot) => void;

/** emit → reduce → revision + 1 → listeners. One writer: only the agent emits. */
export interface Store {
  snapshot(): Snapshot;
  emit(event: AgentEvent): void;
  subscribe(listener: StoreListener): () => void;
}

export function createStore(initial: Snapshot): Store {
  let snapshot = initial;
  const listeners = new Set<StoreListener>();
  return {
    snapshot: () => snapshot,
    emit(event) {
      snapshot = reduce(snapshot, event);
      for (const listener of listeners) listener(event, snapshot);
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

/** Resolves at the next event of this type. */
export function nextEvent(store: Store, type: AgentEventType): Promise<void> {
  return new Promise((resolve) => {
    const end = store.subscribe((event) => {
      if (event.type !== type) return;
      end();
      resolve();
    });
  });
}
