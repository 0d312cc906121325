import { sql, type Transaction } from 'kysely';
import { refuseNewerSchema, ServerStartError } from '../../start-error.ts';
import type { Database, Tables } from '../schema.ts';
import { AGENT_POLICIES } from './agent-policies.ts';
import { CAUSES_AND_ORDERS } from './causes-and-orders.ts';
import { COUNTERS } from './counters.ts';
import { DERIVED_PLACE } from './derived-place.ts';
import { HEALTH_STATE } from './health-state.ts';
import { LEASES } from './lease-table.ts';
import { LEFT_TO_OTHERS } from './left-to-others.ts';
import { LEDGER_RETENTION } from './ledger-retention.ts';
import { LEDGER_TABLES } from './ledger-tables.ts';
import { OPERATORS } from './operator-table.ts';
import { TELLING } from './telling.ts';
import { TABLES } from './tables.ts';
import { WATCH_RULES } from './watch-rules.ts';

/** Numbers are consecutive, and a step that was released is never changed again. SQLite has numbers of its own. */
const MIGRATIONS: readonly { readonly version: number; readonly sql: string }[] = [
  { version: 1, sql: TABLES + LEDGER_TABLES + COUNTERS },
  { version: 2, sql: LEASES },
  { version: 3, sql: OPERATORS },
  { version: 4, sql: CAUSES_AND_ORDERS },
  { version: 5, sql: DERIVED_PLACE },
  { version: 6, sql: WATCH_RULES },
  { version: 7, sql: HEALTH_STATE },
  { version: 8, sql: AGENT_POLICIES },
  { version: 9, sql: TELLING },
  { version: 10, sql: LEFT_TO_OTHERS },
  { version: 11, sql: LEDGER_RETENTION },
];
export const newestVersion = MIGRATIONS.at(-1)?.version ?? 0;
/** The oldest that is still mended by its makers; what is used here is in all of them. */
const OLDEST_MAJOR = 14;

/**
 * Brings the schema up to date. Of servers that start at the same time one does it, and the others wait for it.
 * @throws ServerStartError DATABASE_OLD, DATABASE_NEWER, DATABASE_UNUSABLE
 */
export async function migrate(database: Database): Promise<void> {
  await database.transaction().execute(async (tx) => {
    await sql`SET LOCAL statement_timeout = 0`.execute(tx);
    await sql`SET LOCAL lock_timeout = 0`.execute(tx);
    await refuseUnfit(tx);
    await sql`SELECT pg_advisory_xact_lock(hashtext('rushcatalog schema'))`.execute(tx);
    const current = await schemaVersion(tx);
    refuseNewerSchema(current, newestVersion, 'database');
    await boundStatements(tx);
    for (const migration of MIGRATIONS.filter(({ version }) => version > current)) {
      await sql.raw(migration.sql).execute(tx);
      await sql`UPDATE rushcatalog_schema SET version = ${migration.version}`.execute(tx);
    }
  });
}

/**
 * Of single statements, which run without a transaction that could say it: whoever connects as this user to this
 * database begins with it. Not asked for by the connection, because a PgBouncer refuses such a parameter, nor set on it,
 * because behind a PgBouncer the next statement may run on another one. Who administers the database may say otherwise
 * by the same ALTER ROLE: it is only set where nothing is.
 */
async function boundStatements(tx: Transaction<Tables>): Promise<void> {
  await sql`DO $$
    BEGIN
      IF NOT EXISTS (
        SELECT 1 FROM pg_db_role_setting CROSS JOIN unnest(setconfig) AS setting
        WHERE setdatabase = (SELECT oid FROM pg_database WHERE datname = current_database())
          AND setrole IN (0, current_user::regrole) AND setting LIKE 'statement_timeout=%'
      ) THEN
        EXECUTE format('ALTER ROLE CURRENT_USER IN DATABASE %I SET statement_timeout = ''30s''', current_database());
      END IF;
    END $$`.execute(tx);
}

async function refuseUnfit(tx: Transaction<Tables>): Promise<void> {
  const { rows } = await sql<{ version: number; encoding: string }>`
    SELECT current_setting('server_version_num')::int AS version, current_setting('server_encoding') AS encoding
  `.execute(tx);
  const { version = 0, encoding = '' } = rows[0] ?? {};
  const major = Math.floor(version / 10_000);
  if (major < OLDEST_MAJOR) {
    throw new ServerStartError(
      'DATABASE_OLD',
      `The PostgreSQL is of version ${major}; this program needs ${OLDEST_MAJOR} or newer.`,
      'Update PostgreSQL, or name another one.',
    );
  }
  if (encoding !== 'UTF8') {
    throw new ServerStartError(
      'DATABASE_UNUSABLE',
      `The database keeps texts as ${encoding}, which has no letters for every name.`,
      'Make one with: createdb --encoding UTF8 --template template0 NAME',
    );
  }
}

async function schemaVersion(tx: Transaction<Tables>): Promise<number> {
  const { rows } = await sql<{ made: boolean }>`SELECT to_regclass('rushcatalog_schema') IS NOT NULL AS made`.execute(
    tx,
  );
  if (rows[0]?.made !== true) {
    await sql`CREATE TABLE rushcatalog_schema (version int NOT NULL)`.execute(tx);
    await sql`INSERT INTO rushcatalog_schema VALUES (0)`.execute(tx);
    return 0;
  }
  const kept = await sql<{ version: number }>`SELECT version FROM rushcatalog_schema`.execute(tx);
  return kept.rows[0]?.version ?? 0;
}
