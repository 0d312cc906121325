import type { Database, Tx } from './schema.ts';
import type { Snapshot } from './snapshot.ts';
import { openSqlite } from './sqlite/open.ts';

/** Where a PostgreSQL is, and how it is spoken to. */
export interface PostgresOptions {
  /** `postgres://user@host:port/database?sslmode=…&sslrootcert=FILE`, without a password. */
  readonly url: string;
  /** Goes nowhere but to the database. */
  readonly password?: string | undefined;
  /** Most connections of this process, default 10. */
  readonly connections?: number | undefined;
}

/** What several processes agree on through the database that they share. */
export interface SharedDatabase {
  /** How old what was ended last may be when somebody writes, in ms. A lease that is written under is compared anyway. */
  readonly lookEveryMs: number;
  /** Epoch ms by the clock of the database. */
  now(): Promise<number>;
  /**
   * Does something that one process does at a time, in one transaction; undefined, at once, where another one is at it.
   */
  asLeader<T>(task: 'leases' | 'sweep' | 'tell', work: (tx: Tx) => Promise<T>): Promise<T | undefined>;
  /**
   * Notes that somebody serves at `now` of the lease clock. True, once for each time, where nobody had for longer than
   * `silenceMs`, or where the clock was set; null where servers do not look regularly and silence says nothing.
   */
  wasAway(tx: Tx, now: number): Promise<boolean | null>;
  /** The connections of this process. */
  pool(): { readonly open: number; readonly idle: number; readonly waiting: number };
  /** Makes little of what has become much: lines of counters. */
  tidy(): Promise<void>;
}

interface OpenedDatabase {
  readonly database: Database;
  snapshot(): Promise<Snapshot>;
  /** Null: no other process can have it open. */
  readonly shared: SharedDatabase | null;
}

interface Place {
  readonly dataDir: string;
  readonly postgres?: PostgresOptions | undefined;
  /** Longest silence of all servers that costs no agent its lease, in ms; null: silence says nothing. */
  readonly silenceMs: number | null;
  onLostConnection(error: Error): void;
}

/**
 * Opens the database and brings its schema up to date: the SQLite file of a data folder, or a PostgreSQL.
 * @throws ServerStartError DATABASE_…
 */
export async function openDatabase({ dataDir, postgres, ...place }: Place): Promise<OpenedDatabase> {
  if (postgres === undefined) return { ...(await openSqlite(dataDir)), shared: null };
  // A server on SQLite does without the driver.
  const { openPostgres } = await import('./postgres/open.ts');
  return openPostgres({ ...postgres, ...place });
}
