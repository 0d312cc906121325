import type { Transaction } from 'kysely';
import type { Tables } from '../schema.ts';
import { count, text } from './columns.ts';

/** Jobs that the agent of which they failed leaves to others. */
export async function addLeftToOthers(tx: Transaction<Tables>): Promise<void> {
  const left = tx.schema
    .createTable('left_to_others')
    .addColumn('sequence', 'integer', (column) => column.primaryKey());
  await count(text(left, 'agent_id'), 'until').execute();
  await tx.schema.createIndex('left_by_agent').on('left_to_others').columns(['agent_id', 'until']).execute();
  await tx.schema.createIndex('left_until').on('left_to_others').column('until').execute();
}
