import type { PostgresPool, PostgresPoolClient } from 'kysely';
import { DatabaseError, type Pool, type PoolClient } from 'pg';

/**
 * Statements that PostgreSQL parses and plans once for each connection and not each time, which was a quarter of its work
 * on a claim (ADR 0037). Only where nothing stands in between: behind a PgBouncer in transaction mode the next statement
 * may run on a connection that does not know it. Nothing relies on names; where it is not sure, there are none.
 */

/** Texts differ with the number of rows that they write; what comes seldom is not worth the room on every connection. */
const OFTEN = 3;
const MOST_NAMES = 200;
const MOST_COUNTED = 2_000;
/** feature_not_supported: among others “cached plan must not change result type”. */
const PLAN_TOO_OLD = '0A000';

export function preparingPool(pool: Pool): PostgresPool {
  const clients = new WeakMap<PoolClient, PostgresPoolClient>();
  const names = new StatementNames();
  return {
    options: pool.options,
    end: () => pool.end(),
    async connect() {
      const client = await pool.connect();
      try {
        const known = clients.get(client) ?? (await preparing(client, names));
        clients.set(client, known);
        return known;
      } catch (error) {
        client.release(true);
        throw error;
      }
    },
  };
}

async function preparing(client: PoolClient, names: StatementNames): Promise<PostgresPoolClient> {
  // What the server called itself when it let us in; the types leave it out. Whatever stands in between makes one up.
  const { processID } = client as PoolClient & { readonly processID?: number };
  const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
  const isDirect = rows[0]?.pid === processID;
  async function query(text: string, parameters: readonly unknown[]): Promise<unknown> {
    const values = [...parameters];
    const name = isDirect && values.length > 0 ? names.of(text) : undefined;
    if (name === undefined) return client.query(text, values);
    try {
      return await client.query({ name, text, values });
    } catch (error) {
      if (!(error instanceof DatabaseError) || error.code !== PLAN_TOO_OLD) throw error;
      // A newer server has changed a table meanwhile.
      names.stop();
      // A transaction is over now, and begins anew by itself (failures.ts).
      if (client.getTransactionStatus() !== 'I') throw error;
      return client.query(text, values);
    }
  }
  return {
    ...(processID === undefined ? {} : { processID }),
    // Its other form, for cursors, is asked for by nobody here: streaming needs one in the dialect's settings.
    query: query as PostgresPoolClient['query'],
    release: (destroy) => client.release(destroy),
  };
}

/** Names of texts that come often, the same on every connection. */
class StatementNames {
  readonly #names = new Map<string, string>();
  readonly #counts = new Map<string, number>();
  #isStopped = false;

  of(text: string): string | undefined {
    if (this.#isStopped) return undefined;
    const known = this.#names.get(text);
    if (known !== undefined || this.#names.size >= MOST_NAMES) return known;
    const count = (this.#counts.get(text) ?? 0) + 1;
    if (this.#counts.size >= MOST_COUNTED) this.#counts.clear();
    this.#counts.set(text, count);
    if (count < OFTEN) return undefined;
    this.#counts.delete(text);
    const name = `rushcatalog_${this.#names.size + 1}`;
    this.#names.set(text, name);
    return name;
  }

  /** From now on none has a name. */
  stop(): void {
    this.#isStopped = true;
  }
}
