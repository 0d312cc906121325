import {
  PostgresAdapter,
  sql,
  type OperationNodeSource,
  type RawBuilder,
  type SelectQueryBuilder,
  type SqlBool,
} from 'kysely';
import type { Queries, Tables, Tx } from './schema.ts';

/**
 * Which of the two databases answers these queries. Almost everything is the same SQL on both; what is not asks here,
 * and lies in this folder.
 */
export function isPostgres(queries: Queries): boolean {
  return queries.getExecutor().adapter instanceof PostgresAdapter;
}

/**
 * A look on which a write is going to be built: nobody else changes these rows until this transaction has ended. SQLite
 * has one writer, which nothing overtakes. Weaker than FOR UPDATE, so that rows which refer to these can still be added.
 */
export function forWrite<TB extends keyof Tables, O>(
  tx: Tx,
  select: SelectQueryBuilder<Tables, TB, O>,
): SelectQueryBuilder<Tables, TB, O> {
  return isPostgres(tx) ? select.forNoKeyUpdate() : select;
}

/** A look at what nobody may change until this transaction has ended; several may look like that at once. */
export function forUse<TB extends keyof Tables, O>(
  tx: Tx,
  select: SelectQueryBuilder<Tables, TB, O>,
): SelectQueryBuilder<Tables, TB, O> {
  return isPostgres(tx) ? select.forShare() : select;
}

/** A statement that inserts, changes or removes rows. */
export interface Write extends OperationNodeSource {
  execute(): Promise<unknown>;
}

/**
 * Writes of one transaction that do not see each other, and of which the last one answers rows. PostgreSQL gets them as
 * one statement: each message to it costs as much as what most of them do.
 */
export async function together<Row>(
  tx: Tx,
  first: readonly Write[],
  last: OperationNodeSource & { execute(): Promise<Row[]> },
): Promise<Row[]> {
  if (!isPostgres(tx)) {
    for (const write of first) await write.execute();
    return last.execute();
  }
  const parts = first.map((write, index) => sql`${sql.raw(`write${index}`)} AS (${write})`);
  const { rows } = await sql<Row>`WITH ${sql.join(parts)} ${last}`.execute(tx);
  return rows;
}

/** Whether a column is one of these numbers; on PostgreSQL one parameter, however many they are. */
export function isAmong(queries: Queries, column: string, numbers: readonly number[]): RawBuilder<SqlBool> {
  return isPostgres(queries)
    ? sql<SqlBool>`${sql.ref(column)} = any(${numbers}::bigint[])`
    : sql<SqlBool>`${sql.ref(column)} IN (${sql.join(numbers)})`;
}

/** The bytes of a column's text. */
export function utf8(queries: Queries, column: string): RawBuilder<Uint8Array> {
  return isPostgres(queries)
    ? sql<Uint8Array>`convert_to(${sql.ref(column)}, 'UTF8')`
    : sql<Uint8Array>`CAST(${sql.ref(column)} AS BLOB)`;
}
