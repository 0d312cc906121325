import type { AgentEvent } from './event.ts';
import { reduce } from './reduce.ts';
import type { Snapshot } from './snapshot.ts';

/** What a watcher receives, in order, on one channel that begins with a snapshot. */
export type Update =
  | { readonly kind: 'snapshot'; readonly snapshot: Snapshot }
  | {
      readonly kind: 'events';
      readonly base: number;
      readonly revision: number;
      readonly events: readonly AgentEvent[];
    }
  /** Nothing happened; says which revision is current, so that a replica notices what it missed. */
  | { readonly kind: 'alive'; readonly revision: number };

/** Applies an update to a replica's snapshot; 'resync' when something is missing in between. */
export function applyUpdate(snapshot: Snapshot | null, update: Update): Snapshot | 'resync' {
  if (update.kind === 'snapshot') return update.snapshot;
  if (snapshot === null) return 'resync';
  if (update.kind === 'alive') return update.revision === snapshot.revision ? snapshot : 'resync';
  if (update.base !== snapshot.revision) return 'resync';
  // Coalescing may have dropped outrun progress events, so the revision is taken from the sender.
  const next = update.events.reduce(reduce, snapshot);
  return { ...next, revision: update.revision };
}
