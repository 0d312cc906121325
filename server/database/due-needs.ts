import { sql } from 'kysely';
import { isPostgres } from './dialect.ts';
import type { Queries } from './schema.ts';

/**
 * Which sets of capabilities jobs that wait need, as the `needs` column has them. SQLite reads its counters. On
 * PostgreSQL these are lines to be summed up, hundreds in busy seconds: there the index of what is due is gone through
 * from one set to the next, however many jobs each of them has. @returns also sets of which nothing is due just now
 */
export async function dueNeeds(queries: Queries): Promise<readonly string[]> {
  if (!isPostgres(queries)) {
    const rows = await queries
      .selectFrom('job_count')
      .select('needs')
      .where('status', '=', 'pending')
      .where('jobs', '>', 0)
      .execute();
    return rows.map(({ needs }) => needs);
  }
  const { rows } = await sql<{ needs: string }>`
    WITH RECURSIVE kind (needs) AS (
      (SELECT needs FROM job WHERE status = 'pending' AND not_before IS NULL AND held = 0 ORDER BY needs LIMIT 1)
      UNION ALL
      SELECT (SELECT job.needs FROM job
          WHERE status = 'pending' AND not_before IS NULL AND held = 0 AND job.needs > kind.needs
          ORDER BY job.needs LIMIT 1)
        FROM kind WHERE kind.needs IS NOT NULL
    ) SELECT needs FROM kind WHERE needs IS NOT NULL`.execute(queries);
  return rows.map(({ needs }) => needs);
}
