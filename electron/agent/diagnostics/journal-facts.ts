import { copyFileSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

/** Ended jobs that support gets to see; the newest tell the story. */
const HISTORY = 200;

/** What the journal says, as rows; lock tokens and the bytes of reports left out. */
export interface JournalFacts {
  readonly format: number;
  readonly integrity: string;
  readonly runs: readonly Record<string, unknown>[];
  readonly history: readonly Record<string, unknown>[];
  readonly endings: readonly Record<string, unknown>[];
  readonly crashes: readonly Record<string, unknown>[];
  readonly holdOffs: readonly Record<string, unknown>[];
  /** Kept out of the bundle: for the redactor. */
  readonly secrets: readonly string[];
  readonly sourcePaths: readonly string[];
}

/**
 * Reads a journal that may be in use: a running agent locks it for itself, so its files are copied and the copy is
 * opened. A copy taken in the middle of a checkpoint can be torn; `integrity` says so, and one more copy is tried.
 * Null when there is none. Throws what SQLite or the file system says about one that cannot be read at all.
 */
export function readJournalFacts(workFolder: string): JournalFacts | null {
  if (!existsSync(join(workFolder, 'journal.sqlite'))) return null;
  const first = readCopy(workFolder);
  return first.integrity === 'ok' ? first : readCopy(workFolder);
}

function readCopy(workFolder: string): JournalFacts {
  const folder = mkdtempSync(join(tmpdir(), 'rushcatalog-diagnostics-'));
  try {
    for (const name of ['journal.sqlite', 'journal.sqlite-wal']) {
      const from = join(workFolder, name);
      if (existsSync(from)) copyFileSync(from, join(folder, name));
    }
    const database = new DatabaseSync(join(folder, 'journal.sqlite'));
    try {
      return readFacts(database);
    } finally {
      database.close();
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function readFacts(database: DatabaseSync): JournalFacts {
  const all = (sql: string): Record<string, unknown>[] => database.prepare(sql).all();
  const texts = (sql: string): string[] => all(sql).map((row) => String(row['value']));
  const one = (pragma: string, column: string): unknown => database.prepare(pragma).get()?.[column];
  const history = all(`SELECT seq, ending, job FROM history ORDER BY seq DESC LIMIT ${HISTORY}`);
  return {
    format: Number(one('PRAGMA user_version', 'user_version')),
    integrity: String(one('PRAGMA quick_check(1)', 'quick_check')),
    runs: all(
      `SELECT run_id, job_id, job_type, source_path, phase, executing, claimed_at, kept_at,
              lock_token IS NOT NULL AS has_lock_token, outcome IS NOT NULL AS has_outcome, report IS NOT NULL AS has_report
       FROM runs ORDER BY claimed_at`,
    ),
    history: history.map((row) => ({ seq: row['seq'], ...(JSON.parse(String(row['job'])) as object) })),
    endings: all('SELECT ending, count(*) AS jobs FROM history GROUP BY ending'),
    crashes: all('SELECT job_id, count FROM crashes'),
    holdOffs: all('SELECT job_id, until FROM hold_offs'),
    secrets: texts('SELECT lock_token AS value FROM runs WHERE lock_token IS NOT NULL'),
    sourcePaths: texts(
      `SELECT source_path AS value FROM runs UNION SELECT json_extract(job, '$.sourcePath') AS value FROM history`,
    ),
  };
}
