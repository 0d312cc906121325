import { sql, type ReferenceExpression } from 'kysely';
import type { Tables } from './schema.ts';

/** Whether a column's text holds `wanted`, whatever the case and accents; `holds` is a function of this database. */
export function columnHolds(column: ReferenceExpression<Tables, 'asset'> & string, wanted: string) {
  return sql<boolean>`holds(${sql.ref(column)}, ${wanted}) = 1`;
}
