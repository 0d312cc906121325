import { cpSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { entry, OWNER_ENTRY, ownerOf } from '../../electron/work/process/environment.ts';

/** What an agent that is not running left in its work folder. */
export interface LeftBehind {
  readonly runFolders: readonly string[];
  /** `executing` and `reporting` are told apart from `claimed` and `executed`. */
  readonly runs: readonly { readonly runId: string; readonly jobId: string; readonly phase: string }[];
  /** Endings by job, oldest first. */
  readonly history: readonly { readonly jobId: string; readonly ending: string }[];
  /** 'ok' when the database is whole. */
  readonly integrity: string;
}

/** Looks at a copy: opening the journal itself would tidy up what the next agent has to cope with. */
export function lookInto(workFolder: string): LeftBehind {
  const nothing: LeftBehind = { runFolders: [], runs: [], history: [], integrity: 'ok' };
  const left = inCopy(workFolder, (database) => {
    // An agent that is just starting has not finished its migrations.
    const made =
      database.prepare("SELECT 1 FROM pragma_table_info('runs') WHERE name = 'executing'").get() !== undefined;
    if (!made) return { ...nothing, runFolders: namesIn(join(workFolder, 'runs')) };
    const rows = (sql: string): Record<string, unknown>[] => database.prepare(sql).all();
    return {
      runFolders: namesIn(join(workFolder, 'runs')),
      runs: rows(`
        SELECT run_id, job_id, CASE
          WHEN phase = 'claimed' AND executing = 1 THEN 'executing'
          WHEN phase = 'executed' AND report IS NOT NULL THEN 'reporting'
          ELSE phase END AS phase
        FROM runs`).map((row) => ({
        runId: String(row['run_id']),
        jobId: String(row['job_id']),
        phase: String(row['phase']),
      })),
      history: rows('SELECT job_id, ending FROM history ORDER BY seq').map((row) => ({
        jobId: String(row['job_id']),
        ending: String(row['ending']),
      })),
      integrity: String(rows('PRAGMA integrity_check')[0]?.['integrity_check']),
    };
  });
  return left ?? nothing;
}

function inCopy<T>(workFolder: string, read: (database: DatabaseSync) => T): T | null {
  if (!existsSync(join(workFolder, 'journal.sqlite'))) return null;
  const copy = mkdtempSync(join(tmpdir(), 'rc-journal-'));
  for (const name of ['journal.sqlite', 'journal.sqlite-wal']) {
    if (existsSync(join(workFolder, name))) cpSync(join(workFolder, name), join(copy, name));
  }
  const database = new DatabaseSync(join(copy, 'journal.sqlite'));
  try {
    return read(database);
  } finally {
    database.close();
    rmSync(copy, { recursive: true });
  }
}

/**
 * The mark of every child of the agent of this work folder; null before its first start. It is the one that is left in a
 * sandbox, where TMPDIR is another folder.
 */
export function ownerMark(workFolder: string): string | null {
  return inCopy(workFolder, (database) => {
    const known = database.prepare("SELECT 1 FROM sqlite_master WHERE name = 'meta'").get() !== undefined;
    const row = known ? database.prepare("SELECT value FROM meta WHERE key = 'installation_id'").get() : undefined;
    return row === undefined ? null : entry(OWNER_ENTRY, ownerOf(String(row['value']), workFolder));
  });
}

export function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/** Files under a temporary name anywhere in a work folder, paths from there; what its next start takes away is left out. */
export function unfinishedIn(workFolder: string): string[] {
  return readdirSync(workFolder, { recursive: true, encoding: 'utf8' }).filter(
    (path) => /\.(new|tmp|part)$/.test(path) && !path.startsWith('runs/'),
  );
}
