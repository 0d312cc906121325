import { createHash, type Hash } from 'node:crypto';
import { sql } from 'kysely';
import { KEPT_TABLES, SEARCHED_COLUMN } from '../database/kept-tables.ts';
import type { Queries } from '../database/schema.ts';

export type Value = string | number | null;

/** Rows of one table, a page at a time; each has its values in the order of `columns`. */
export interface Page {
  readonly table: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly Value[])[];
}

/** How many rows a table has, and what they are: sha256 over each as JSON, in the order of its key. */
interface TableSum {
  readonly rows: number;
  readonly sha256: string;
}
export type Sums = Readonly<Record<string, TableSum>>;

/** Reads everything that is kept, table by table in the order of their keys, never more than a page at once. */
export async function* readPages(queries: Queries): AsyncGenerator<Page> {
  for (const { name, key, page } of KEPT_TABLES) {
    const table = sql.table(name);
    const order = sql.join(key.map((column) => sql.ref(column)));
    let columns: readonly string[] | undefined;
    let last: readonly Value[] | undefined;
    for (;;) {
      const behind = last === undefined ? sql`` : sql`WHERE (${order}) > (${sql.join(last)})`;
      const { rows } = await sql<Record<string, Value>>`
        SELECT * FROM ${table} ${behind} ORDER BY ${order} LIMIT ${sql.lit(page)}
      `.execute(queries);
      const final = rows.at(-1);
      if (final === undefined) break;
      columns ??= Object.keys(final)
        .filter((column) => column !== SEARCHED_COLUMN)
        .toSorted();
      const named = columns;
      yield { table: name, columns, rows: rows.map((row) => named.map((column) => row[column] ?? null)) };
      last = key.map((column) => final[column] ?? null);
      if (rows.length < page) break;
    }
  }
}

export const isKept = (table: string): boolean => KEPT_TABLES.some(({ name }) => name === table);

/** Sums up pages as they pass by. */
export function createSummer(): { add(page: Page): void; sums(): Sums } {
  const seen = new Map<string, { rows: number; readonly hash: Hash }>();
  for (const { name } of KEPT_TABLES) seen.set(name, { rows: 0, hash: createHash('sha256') });
  return {
    add({ table, rows }) {
      const sum = seen.get(table);
      if (sum === undefined) throw new Error(`${table} is no table that is kept`);
      sum.rows += rows.length;
      for (const row of rows) sum.hash.update(JSON.stringify(row)).update('\n');
    },
    sums: () =>
      Object.fromEntries(
        [...seen].map(([name, { rows, hash }]) => [name, { rows, sha256: hash.copy().digest('hex') }]),
      ),
  };
}

/** Of a whole catalogue. */
export async function sumUp(queries: Queries): Promise<Sums> {
  const summer = createSummer();
  for await (const page of readPages(queries)) summer.add(page);
  return summer.sums();
}

/** The tables in which two catalogues differ. */
export function differences(one: Sums, other: Sums): readonly string[] {
  return KEPT_TABLES.map(({ name }) => name).filter(
    (name) => one[name]?.rows !== other[name]?.rows || one[name]?.sha256 !== other[name]?.sha256,
  );
}
