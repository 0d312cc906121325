import { createStore, type StoreApi } from 'zustand/vanilla';
import type { Bridge, LinkState } from '../shared/bridge.ts';
import type { Snapshot } from '../shared/snapshot.ts';
import { applyUpdate } from '../shared/update.ts';
import { recordProgress, type ProgressHistory } from './progress-history.ts';

export interface ReplicaState {
  /** Null until the first snapshot arrived. Stays while the link is lost: the page says that it may be out of date. */
  readonly snapshot: Snapshot | null;
  readonly link: LinkState | { readonly kind: 'connecting' };
  /** Recent progress of each running job, for the estimate of the time left. */
  readonly progress: ProgressHistory;
}

export interface Replica {
  readonly store: StoreApi<ReplicaState>;
  close(): void;
}

/** The page's copy of the agent's state: fed by `bridge.watch` alone, with the same reduce as the agent's own. */
export function createReplica(bridge: Pick<Bridge, 'watch'>, now: () => number = () => Date.now()): Replica {
  const store = createStore<ReplicaState>(() => ({ snapshot: null, link: { kind: 'connecting' }, progress: {} }));
  let channel: ReturnType<Bridge['watch']> | undefined;
  channel = bridge.watch(
    (update) => {
      const next = applyUpdate(store.getState().snapshot, update);
      if (next === 'resync') {
        channel?.resync();
        return;
      }
      store.setState(({ progress }) => ({
        snapshot: next,
        progress: recordProgress(progress, next.running, now()),
      }));
    },
    (link) => store.setState({ link }),
  );
  return { store, close: () => channel.close() };
}
