import { Kysely, sql } from 'kysely';
import { Pool, types } from 'pg';
import type { PostgresOptions, SharedDatabase } from '../open.ts';
import type { Database, Tables } from '../schema.ts';
import type { Snapshot } from '../snapshot.ts';
import { postgresAddress } from './address.ts';
import { TransactionDialect } from './driver.ts';
import { migrate } from './migrate.ts';
import { preparingPool } from './prepared.ts';
import { startErrorOf } from './start-errors.ts';

const USUAL_CONNECTIONS = 10;
/** A server that has to be asked for longer than this is away. */
const CONNECT_MS = 10_000;
/** int8, which has room for more than a number here; nothing of ours comes near 2⁵³. */
const INT8 = 20;

interface Place extends PostgresOptions {
  readonly silenceMs: number | null;
  onLostConnection(error: Error): void;
}

/**
 * Connects to a PostgreSQL and brings its schema up to date. Nothing here needs what outlives a transaction on its
 * connection: no session lock, no LISTEN, statements with names only where nothing stands in between (prepared.ts).
 * @throws ServerStartError DATABASE_ADDRESS, _UNREACHABLE, _UNTRUSTED, _PASSWORD, _REFUSED, _OLD, _NEWER, _UNUSABLE
 */
export async function openPostgres(
  place: Place,
): Promise<{ database: Database; shared: SharedDatabase; snapshot(): Promise<Snapshot> }> {
  const address = postgresAddress(place.url);
  const pool = new Pool({
    ...address,
    password: place.password,
    max: place.connections ?? USUAL_CONNECTIONS,
    connectionTimeoutMillis: CONNECT_MS,
    keepAlive: true,
    application_name: 'rushcatalog-server',
    types: {
      // One of its overloads is for the binary format, which nothing here asks for.
      getTypeParser: ((oid: number, format?: 'text') =>
        oid === INT8 ? Number : types.getTypeParser(oid, format)) as typeof types.getTypeParser,
    },
  });
  // Of one that idles, and of one that is in use between two statements: whoever uses it is told by the next one.
  pool.on('error', place.onLostConnection);
  pool.on('connect', (client) => client.on('error', place.onLostConnection));
  const database = new Kysely<Tables>({ dialect: new TransactionDialect({ pool: preparingPool(pool) }) });
  try {
    await migrate(database);
    return {
      database,
      shared: sharedDatabase(database, pool, place.silenceMs),
      snapshot: () => openSnapshot(database),
    };
  } catch (error) {
    await database.destroy();
    throw startErrorOf(error, address);
  }
}

/**
 * A transaction that sees one moment. As long as it lasts nothing that was removed since is cleared away: it reads, and
 * ends.
 */
async function openSnapshot(database: Database): Promise<Snapshot> {
  const transaction = await database.startTransaction().execute();
  try {
    await sql`SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY`.execute(transaction);
    await sql`SET LOCAL statement_timeout = 0`.execute(transaction);
    await sql`SET LOCAL idle_in_transaction_session_timeout = 0`.execute(transaction);
  } catch (error) {
    await transaction.rollback().execute();
    throw error;
  }
  return { queries: transaction, release: () => transaction.rollback().execute() };
}

/** How many lines a counter may have: agents sum them up with every look. */
const MANY_LINES = 500;
/** Agents write hundreds of times a second. */
const LOOK_EVERY_MS = 250;
/** Written down at most this often. */
const HEARD_EVERY_MS = 1_000;

function sharedDatabase(database: Database, pool: Pool, silenceMs: number | null): SharedDatabase {
  return {
    // Where servers do not look by themselves, every call does.
    lookEveryMs: silenceMs === null ? 0 : LOOK_EVERY_MS,

    async now() {
      const { rows } = await sql<{ now: number }>`
        SELECT extract(epoch FROM clock_timestamp())::float8 * 1000 AS now
      `.execute(database);
      return rows[0]?.now ?? Number.NaN;
    },

    async asLeader(task, work) {
      return database.transaction().execute(async (tx) => {
        const { rows } = await sql<{ leads: boolean }>`
          SELECT pg_try_advisory_xact_lock(hashtext(${`rushcatalog ${task}`})) AS leads
        `.execute(tx);
        if (rows[0]?.leads !== true) return undefined;
        // It waits for what is done beside it.
        if (task === 'sweep') await sql`SET LOCAL idle_in_transaction_session_timeout = 0`.execute(tx);
        return work(tx);
      });
    },

    async wasAway(tx, now) {
      if (silenceMs === null) return null;
      const { rows } = await sql<{ heard_at: number }>`SELECT heard_at FROM service WHERE id = 1`.execute(tx);
      const heardAt = rows[0]?.heard_at ?? Number.NEGATIVE_INFINITY;
      const silence = Math.abs(now - heardAt);
      if (silence < HEARD_EVERY_MS) return false;
      await sql`INSERT INTO service (id, heard_at) VALUES (1, ${now})
        ON CONFLICT (id) DO UPDATE SET heard_at = excluded.heard_at`.execute(tx);
      return silence > silenceMs;
    },

    pool: () => ({ open: pool.totalCount, idle: pool.idleCount, waiting: pool.waitingCount }),

    async tidy() {
      const { rows } = await sql<{ lines: number }>`
        SELECT greatest((SELECT count(*) FROM job_tally), (SELECT count(*) FROM pending_tally),
          (SELECT count(*) FROM batch_tally) - (SELECT count(DISTINCT batch) FROM batch_tally)) AS lines
      `.execute(database);
      if ((rows[0]?.lines ?? 0) < MANY_LINES) return;
      await database.transaction().execute((tx) => sql`SELECT fold_counters()`.execute(tx));
    },
  };
}
