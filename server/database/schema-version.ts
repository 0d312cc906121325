import { sql } from 'kysely';
import { isPostgres } from './dialect.ts';
import { newestVersion as newestOfPostgres } from './postgres/migrate.ts';
import type { Database } from './schema.ts';
import { MIGRATIONS } from './sqlite/migrations.ts';

/** The schema that a database has now, and the one that this program works with. */
interface SchemaVersions {
  readonly current: number;
  readonly known: number;
}

/** Asks the database: another process may have brought it further since this one began. */
export async function schemaVersions(database: Database): Promise<SchemaVersions> {
  if (isPostgres(database)) {
    const { rows } = await sql<{ version: number }>`SELECT version FROM rushcatalog_schema`.execute(database);
    return { current: rows[0]?.version ?? 0, known: newestOfPostgres };
  }
  const { rows } = await sql<{ user_version: number }>`PRAGMA user_version`.execute(database);
  return { current: rows[0]?.user_version ?? 0, known: MIGRATIONS.at(-1)?.version ?? 0 };
}
