import { randomUUID } from 'node:crypto';
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Kysely, sql, SqliteDialect } from 'kysely';
import { refuseNewerSchema, ServerStartError } from '../../start-error.ts';
import { keepFileCounts } from './file-counts.ts';
import { MIGRATIONS } from './migrations.ts';
import { NodeSqlite } from './node-sqlite.ts';
import { BESIDE, keepDatabasePrivate } from './private-file.ts';
import type { Database, Tables, Tx } from '../schema.ts';
import type { Snapshot } from '../snapshot.ts';

/** In the data folder. */
export const DATABASE_FILE = 'catalog.db';
const COPY_PREFIX = 'catalog-copy-';
/** How long to wait for another process that is just closing the same database. */
const BUSY_MS = 2_000;

/**
 * Opens the database of a data folder, creating and migrating it as needed. The file belongs to this process alone
 * until it is closed; a kill releases it.
 * @throws ServerStartError DATABASE_IN_USE, DATABASE_NEWER, DATABASE_DAMAGED
 */
export async function openSqlite(dataDir: string): Promise<{ database: Database; snapshot(): Promise<Snapshot> }> {
  const path = join(dataDir, DATABASE_FILE);
  const fresh = !existsSync(path);
  keepDatabasePrivate(path);
  const sqlite = openFile(path);
  const database = new Kysely<Tables>({ dialect: new SqliteDialect({ database: sqlite }) });
  try {
    await migrate(database, fresh);
    removeCopies(dataDir);
    return { database, snapshot: () => openSnapshot(database, dataDir) };
  } catch (error) {
    sqlite.close();
    throw error;
  }
}

/** A copy beside the database, which goes when it is let go of; what a kill leaves of one, the next start removes. */
async function openSnapshot(database: Database, dataDir: string): Promise<Snapshot> {
  const path = join(dataDir, `${COPY_PREFIX}${randomUUID()}.db`);
  const remove = async (): Promise<void> => {
    for (const suffix of BESIDE) await rm(`${path}${suffix}`, { force: true });
  };
  try {
    keepDatabasePrivate(path);
    // Not by Node's `backup`: it works on this connection in another thread, and what is asked meanwhile then fails by
    // errors that are none. Nobody is answered as long as this takes; whoever holds a lease is given time for it.
    await sql`VACUUM INTO ${path}`.execute(database);
    const copy = new NodeSqlite(path, BUSY_MS);
    const queries = new Kysely<Tables>({ dialect: new SqliteDialect({ database: copy }) });
    const release = () => queries.destroy().finally(remove);
    return { queries, release };
  } catch (error) {
    await remove();
    throw error;
  }
}

function removeCopies(dataDir: string): void {
  for (const name of readdirSync(dataDir)) {
    if (name.startsWith(COPY_PREFIX)) rmSync(join(dataDir, name), { force: true });
  }
}

function openFile(path: string): NodeSqlite {
  let sqlite: NodeSqlite | undefined;
  try {
    sqlite = new NodeSqlite(path, BUSY_MS);
    // Exclusive: two servers on one folder would each believe they alone hand out leases.
    sqlite.exec('PRAGMA locking_mode = EXCLUSIVE');
    sqlite.exec('PRAGMA journal_mode = WAL');
    sqlite.exec('PRAGMA synchronous = FULL');
    sqlite.exec('BEGIN IMMEDIATE; COMMIT');
    return sqlite;
  } catch (error) {
    sqlite?.close();
    throw startErrorOf(error, path);
  }
}

function startErrorOf(error: unknown, path: string): ServerStartError {
  const message = error instanceof Error ? error.message : String(error);
  if (/locked|busy/i.test(message)) {
    return new ServerStartError(
      'DATABASE_IN_USE',
      `Another server already uses the database ${path}.`,
      'Stop that server, or choose another data folder.',
      { cause: error },
    );
  }
  return new ServerStartError(
    'DATABASE_DAMAGED',
    `The database ${path} cannot be opened (${message}).`,
    'Check the folder’s disk and rights, or restore the file from a backup.',
    { cause: error },
  );
}

async function migrate(database: Database, fresh: boolean): Promise<void> {
  const newest = MIGRATIONS.at(-1)?.version ?? 0;
  const current = fresh ? 0 : await schemaVersion(database);
  refuseNewerSchema(current, newest, 'data folder');
  for (const migration of MIGRATIONS.filter((each) => each.version > current)) {
    await database.transaction().execute(async (tx) => {
      await migration.up(tx);
      if (migration.version === 1) await makeLedgerAppendOnly(tx);
      if (migration.version === 4) await keepJobCounts(tx);
      if (migration.version === 7) {
        await keepFileCounts(tx);
        await tellOfSelectivity(tx);
      }
      // user_version is written in the same transaction, so a kill leaves either the old or the new schema.
      await sql`PRAGMA user_version = ${sql.lit(migration.version)}`.execute(tx);
    });
  }
}

async function schemaVersion(database: Database): Promise<number> {
  const answer = await sql<{ user_version: number }>`PRAGMA user_version`.execute(database);
  return answer.rows[0]?.user_version ?? 0;
}

async function makeLedgerAppendOnly(tx: Tx): Promise<void> {
  await sql`CREATE TRIGGER ledger_no_update BEFORE UPDATE ON ledger
    BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END`.execute(tx);
  await sql`CREATE TRIGGER ledger_no_delete BEFORE DELETE ON ledger
    BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END`.execute(tx);
}

/** In the transaction of whatever changes a job, so that a counter is never off. */
async function keepJobCounts(tx: Tx): Promise<void> {
  const more = sql`INSERT INTO job_count (status, needs, jobs) VALUES (new.status, new.needs, 1)
    ON CONFLICT (status, needs) DO UPDATE SET jobs = jobs + 1`;
  const fewer = sql`UPDATE job_count SET jobs = jobs - 1 WHERE status = old.status AND needs = old.needs`;
  await sql`CREATE TRIGGER job_counted_in AFTER INSERT ON job BEGIN ${more}; END`.execute(tx);
  await sql`CREATE TRIGGER job_counted_out AFTER DELETE ON job BEGIN ${fewer}; END`.execute(tx);
  await sql`CREATE TRIGGER job_counted_on AFTER UPDATE OF status, needs ON job
    WHEN old.status <> new.status OR old.needs <> new.needs BEGIN ${fewer}; ${more}; END`.execute(tx);
}

/**
 * What SQLite would find in a catalogue that is in use, in place of what ANALYZE finds in an empty one: rows behind an
 * index, and behind each of its columns. Without it a status, which almost every job may share, counts as narrow as an
 * instant, and a look for jobs that are due walks through everything that waits.
 */
async function tellOfSelectivity(tx: Tx): Promise<void> {
  const known: readonly (readonly [index: string, rows: string])[] = [
    ['job_by_status', '1000000 250000 1'],
    ['job_by_type', '1000000 250000 1'],
    ['job_lease', '1000000 250000 10'],
    ['job_of_asset', '1000000 4'],
    ['job_due', '250000 60000 10000 1'],
    ['job_held_off', '1000 10'],
    ['job_ended', '500000 10'],
    ['job_held', '1000 100'],
  ];
  // Makes the table that the rows are for.
  await sql`ANALYZE`.execute(tx);
  await sql`DELETE FROM sqlite_stat1 WHERE tbl = 'job'`.execute(tx);
  for (const [index, rows] of known) await sql`INSERT INTO sqlite_stat1 VALUES ('job', ${index}, ${rows})`.execute(tx);
  // Has them read.
  await sql`ANALYZE sqlite_schema`.execute(tx);
}
