import type { Database } from './database/schema.ts';
import type { FileStore } from './uploads/file-store.ts';
import type { ServerLog, ServerSettings } from './options.ts';

/** What every handler works with. */
export interface Context {
  readonly database: Database;
  readonly files: FileStore;
  readonly settings: ServerSettings;
  readonly log: ServerLog;
  /** Epoch milliseconds. */
  readonly clock: () => number;
}

export function iso(epochMs: number): string {
  return new Date(epochMs).toISOString();
}
