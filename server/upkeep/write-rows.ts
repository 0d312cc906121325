import { sql } from 'kysely';
import { isPostgres } from '../database/dialect.ts';
import { KEPT_TABLES, SEARCHED_COLUMN } from '../database/kept-tables.ts';
import { foldedPath } from '../database/search.ts';
import type { Database, Queries, Tx } from '../database/schema.ts';
import { ofAnotherVersion, UpkeepError } from './upkeep-error.ts';
import { createSummer, differences, sumUp, type Page, type Sums, type Value } from './rows.ts';

/** SQLite takes 32,766 values in a statement, PostgreSQL twice as many. */
const MOST_VALUES = 20_000;

/**
 * Writes a whole catalogue into an empty one, in one transaction: all of it or nothing. What was written is read again
 * and compared with what came, and with `told` by whoever wrote it down. Answers what is there.
 * @throws UpkeepError TARGET_NOT_EMPTY, BACKUP_DAMAGED, BACKUP_OF_ANOTHER_VERSION
 */
export async function writeCatalogue(
  database: Database,
  pages: AsyncIterable<Page>,
  told: () => Sums | null,
): Promise<Sums> {
  return database.transaction().execute(async (tx) => {
    // It may take long; nobody else is there.
    if (isPostgres(tx)) {
      await sql`SET LOCAL statement_timeout = 0`.execute(tx);
      await sql`SET LOCAL idle_in_transaction_session_timeout = 0`.execute(tx);
    }
    await refuseFull(tx);
    const came = createSummer();
    /** By table, the columns it has here. */
    const columnsHere = new Map<string, string>();
    for await (const page of pages) {
      came.add(page);
      await refuseOtherColumns(tx, columnsHere, page);
      await writePage(tx, page);
    }
    await drawOnBehind(tx);
    const expected = told();
    if (expected !== null) refuseOther(expected, came.sums(), 'is not what was written into it');
    const written = await sumUp(tx);
    refuseOther(came.sums(), written, 'is not what came');
    return written;
  });
}

function refuseOther(expected: Sums, found: Sums, what: string): void {
  const [table] = differences(expected, found);
  if (table === undefined) return;
  const [wanted, had] = [expected[table]?.rows ?? 0, found[table]?.rows ?? 0];
  throw new UpkeepError(
    'BACKUP_DAMAGED',
    `The table “${table}” ${what} (${had} rows of ${wanted}), so nothing was written.`,
    'Take another backup.',
  );
}

/** Rows that are there from the first start on, and say nothing of what is in a catalogue. */
const FROM_THE_START: readonly string[] = ['retention_clock', 'derived_place'];

async function refuseFull(tx: Tx): Promise<void> {
  for (const { name } of KEPT_TABLES) {
    if (FROM_THE_START.includes(name)) continue;
    const { rows } = await sql`SELECT 1 FROM ${sql.table(name)} LIMIT 1`.execute(tx);
    if (rows.length === 0) continue;
    throw new UpkeepError(
      'TARGET_NOT_EMPTY',
      `There is something in the table “${name}” already; a catalogue goes into an empty place only.`,
      'Name another data folder, or an empty database.',
    );
  }
  await tx.deleteFrom('retention_clock').execute();
  await tx.deleteFrom('derived_place').execute();
}

async function writePage(tx: Tx, { table, columns, rows }: Page): Promise<void> {
  const searched = table === 'asset' && isPostgres(tx);
  const path = columns.indexOf('source_path');
  const names = searched ? [...columns, SEARCHED_COLUMN] : columns;
  const complete = (row: readonly Value[]): readonly Value[] =>
    searched ? [...row, foldedPath(String(row[path]))] : row;
  const most = Math.floor(MOST_VALUES / names.length);
  for (let from = 0; from < rows.length; from += most) {
    const values = rows.slice(from, from + most).map((row) => sql`(${sql.join(complete(row))})`);
    await sql`INSERT INTO ${sql.table(table)} (${sql.join(names.map((name) => sql.ref(name)))})
      VALUES ${sql.join(values)}`.execute(tx);
  }
}

/** @throws UpkeepError where the rows are of another schema than this program's */
async function refuseOtherColumns(tx: Tx, here: Map<string, string>, { table, columns }: Page): Promise<void> {
  const had = here.get(table) ?? (await columnsOf(tx, table));
  here.set(table, had);
  if (had === columns.join(' ')) return;
  throw ofAnotherVersion(table);
}

async function columnsOf(queries: Queries, table: string): Promise<string> {
  const { rows } = isPostgres(queries)
    ? await sql<{ name: string }>`SELECT attname::text AS name FROM pg_attribute
        WHERE attrelid = to_regclass(${table}) AND attnum > 0 AND NOT attisdropped`.execute(queries)
    : await sql<{ name: string }>`SELECT name FROM pragma_table_info(${table})`.execute(queries);
  return rows
    .map(({ name }) => name)
    .filter((name) => name !== SEARCHED_COLUMN)
    .toSorted()
    .join(' ');
}

/** SQLite remembers the highest by itself. */
async function drawOnBehind(tx: Tx): Promise<void> {
  if (!isPostgres(tx)) return;
  for (const { name, drawn } of KEPT_TABLES) {
    if (drawn === undefined) continue;
    await sql`SELECT setval(pg_get_serial_sequence(${name}, ${drawn}), greatest((SELECT max(${sql.ref(drawn)})
      FROM ${sql.table(name)}), 1), EXISTS (SELECT 1 FROM ${sql.table(name)}))`.execute(tx);
  }
}
