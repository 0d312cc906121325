import { sql, type Transaction } from 'kysely';
import type { Tables } from '../schema.ts';
import { count } from './columns.ts';

/** Lines of the ledger may go once they are older than what is kept of it; no others. */
export async function addLedgerRetention(tx: Transaction<Tables>): Promise<void> {
  const retention = tx.schema
    .createTable('ledger_retention')
    .addColumn('id', 'integer', (column) => column.primaryKey());
  await count(retention, 'before').execute();
  await sql`DROP TRIGGER IF EXISTS ledger_no_delete`.execute(tx);
  await sql`CREATE TRIGGER ledger_no_delete BEFORE DELETE ON ledger
    WHEN old.at >= coalesce((SELECT before FROM ledger_retention WHERE id = 1), old.at)
    BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END`.execute(tx);
}
