import type { SharedDatabase } from './database/open.ts';
import type { Database } from './database/schema.ts';
import type { Snapshot } from './database/snapshot.ts';
import type { DerivedStore } from './derived/store.ts';
import type { DowntimeDetector } from './lease-clock.ts';
import type { Meter } from './meter.ts';
import type { ServerLog, ServerSettings } from './options.ts';
import type { Reserve } from './reserve.ts';
import type { Watch } from './rules/watch.ts';
import type { RetentionClock } from '../shared/retention-clock.ts';

/** What every handler works with. */
export interface Context {
  readonly database: Database;
  /** Where other processes may work on the same database; null: it is this one’s alone. */
  readonly shared: SharedDatabase | null;
  /** The whole catalogue at one moment, for whoever reads it from end to end. */
  readonly snapshot: () => Promise<Snapshot>;
  readonly files: DerivedStore;
  readonly settings: ServerSettings;
  readonly log: ServerLog;
  /** The wall clock, epoch ms: for what is recorded and shown. */
  readonly clock: () => number;
  /** The clock of leases, waits and open uploads, epoch ms of this process's own: nobody sets it. */
  readonly leaseTime: () => number;
  /** For what is forgotten: the wall clock, but nobody makes everything old at once by setting it. */
  readonly retention: RetentionClock;
  /** Names jobs and agents, by which equal ones are put in order. */
  readonly uuid: () => string;
  readonly absence: DowntimeDetector;
  readonly reserve: Reserve;
  readonly meter: Meter;
  /** Null: it watches no folders. */
  readonly watch: Watch | null;
}

/** An instant of the lease clock, as the wall clock will show it. */
export function isoOfLease(context: Pick<Context, 'clock' | 'leaseTime'>, leaseMs: number): string {
  return iso(context.clock() + leaseMs - context.leaseTime());
}

export function iso(epochMs: number): string {
  return new Date(epochMs).toISOString();
}
