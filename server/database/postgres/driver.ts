import {
  CompiledQuery,
  PostgresDialect,
  PostgresDriver,
  type DatabaseConnection,
  type Driver,
  type PostgresDialectConfig,
} from 'kysely';

/**
 * What every transaction begins with, in one message. Within the transaction and not for the connection: behind a
 * PgBouncer in transaction mode the next one may run on another connection. A program that hangs in a transaction, or
 * waits for one that does, lets go; READ COMMITTED, because every write here names what it builds on.
 */
const BEGIN = [
  'begin isolation level read committed',
  "set local statement_timeout = '30s'",
  "set local lock_timeout = '15s'",
  "set local idle_in_transaction_session_timeout = '60s'",
].join('; ');

class TransactionDriver extends PostgresDriver {
  override async beginTransaction(connection: DatabaseConnection): Promise<void> {
    // Without parameters this is one message that has several statements.
    await connection.executeQuery(CompiledQuery.raw(BEGIN));
  }
}

export class TransactionDialect extends PostgresDialect {
  readonly #config: PostgresDialectConfig;

  constructor(config: PostgresDialectConfig) {
    super(config);
    this.#config = config;
  }

  override createDriver(): Driver {
    return new TransactionDriver(this.#config);
  }
}
