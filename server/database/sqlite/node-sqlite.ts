import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
import { containsText } from '../../../shared/text-search.ts';
import type { SqliteDatabase, SqliteStatement } from 'kysely';

/** Statements kept prepared; the server has fewer distinct ones than this. */
const KEPT_STATEMENTS = 200;

/**
 * Lets Kysely's stock SQLite dialect, written for better-sqlite3, run on Node's own `node:sqlite`.
 * `reader` comes from the statement's columns, so that INSERT … RETURNING answers rows.
 */
export class NodeSqlite implements SqliteDatabase {
  readonly #database: DatabaseSync;
  readonly #prepared = new Map<string, Statement>();

  constructor(path: string, busyTimeoutMs: number) {
    this.#database = new DatabaseSync(path, { timeout: busyTimeoutMs, enableForeignKeyConstraints: true });
    this.#database.function('contains_text', { deterministic: true }, (text, wanted) =>
      typeof text === 'string' && typeof wanted === 'string' && containsText(text, wanted) ? 1 : 0,
    );
  }

  prepare(sql: string): SqliteStatement {
    // A full or failing disk makes SQLite roll back by itself; a second rollback would hide that error behind its own.
    if (sql === 'rollback' && !this.#database.isTransaction) return NOTHING_TO_DO;
    const known = this.#prepared.get(sql);
    if (known !== undefined) return known;
    const statement = new Statement(this.#database.prepare(sql));
    if (this.#prepared.size >= KEPT_STATEMENTS) this.#prepared.clear();
    this.#prepared.set(sql, statement);
    return statement;
  }

  exec(sql: string): void {
    this.#database.exec(sql);
  }

  close(): void {
    this.#prepared.clear();
    if (this.#database.isOpen) this.#database.close();
  }
}

const NOTHING_TO_DO: SqliteStatement = {
  reader: false,
  all: () => [],
  run: () => ({ changes: 0, lastInsertRowid: 0 }),
  iterate: () => [].values(),
};

class Statement implements SqliteStatement {
  readonly #statement: StatementSync;
  readonly reader: boolean;

  constructor(statement: StatementSync) {
    this.#statement = statement;
    this.reader = statement.columns().length > 0;
  }

  all(parameters: readonly unknown[]): unknown[] {
    return this.#statement.all(...parameters.map(bindable));
  }

  run(parameters: readonly unknown[]): { changes: number | bigint; lastInsertRowid: number | bigint } {
    return this.#statement.run(...parameters.map(bindable));
  }

  iterate(parameters: readonly unknown[]): IterableIterator<unknown> {
    return this.#statement.iterate(...parameters.map(bindable));
  }
}

function bindable(value: unknown): SQLInputValue {
  if (value === null || typeof value === 'string' || typeof value === 'number' || typeof value === 'bigint')
    return value;
  if (value instanceof Uint8Array) return value;
  throw new TypeError(`A ${typeof value} cannot be stored; the schema has text, numbers and null only.`);
}
