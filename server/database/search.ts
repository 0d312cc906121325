import { sql } from 'kysely';
import { foldText } from '../../shared/text-search.ts';
import { isPostgres } from './dialect.ts';
import type { Queries } from './schema.ts';

/**
 * Whether a source path holds `wanted`, whatever the case and accents. One rule for both databases (shared/text-search.ts):
 * SQLite asks it as a function, PostgreSQL keeps what it makes of a path beside the path.
 */
export function pathHolds(database: Queries, wanted: string) {
  return isPostgres(database)
    ? sql<boolean>`strpos(source_folded, ${foldedPath(wanted)}) > 0`
    : sql<boolean>`contains_text(source_path, ${wanted}) = 1`;
}

/** What PostgreSQL keeps of a source path to search in. */
export function foldedPath(path: string): string {
  return foldText(path.normalize('NFC'));
}
