import type { Queries } from './schema.ts';

/** A catalogue as it was at one moment, whatever is written to it meanwhile. */
export interface Snapshot {
  readonly queries: Queries;
  /** Lets go of it. Has to be called. */
  release(): Promise<void>;
}
