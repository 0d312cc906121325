import type { DatabaseSync } from 'node:sqlite';
import type { NotMade } from '../../../shared/setup-commands.ts';
import type { JobType } from '../../../shared/job.ts';
import { fromJson } from './run.ts';

/** Files a person asked for and that are not in the queue yet: neither a reload nor a restart loses one. */
export const IMPORT_TABLES = `
  CREATE TABLE imports (
    import_id TEXT PRIMARY KEY,
    sequence INTEGER NOT NULL,
    started_at TEXT NOT NULL,
    wish TEXT NOT NULL,
    phase TEXT NOT NULL CHECK (phase IN ('finding', 'adding', 'ended', 'cancelled')),
    ended_at TEXT,
    jobs INTEGER NOT NULL DEFAULT 0
  ) STRICT;
  CREATE TABLE import_files (
    import_id TEXT NOT NULL REFERENCES imports ON DELETE CASCADE,
    position INTEGER NOT NULL,
    path TEXT NOT NULL,
    base TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('waiting', 'decided', 'done')),
    batch INTEGER,
    decision TEXT,
    remark TEXT CHECK (remark IN ('partly', 'gone')),
    PRIMARY KEY (import_id, position)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX import_files_by_state ON import_files (import_id, state, position);
`;

type ImportPhase = 'finding' | 'adding' | 'ended' | 'cancelled';

export interface ImportFile {
  readonly position: number;
  readonly path: string;
  readonly base: string;
}

/** What is made of one file; without jobs it is left out. `gone`: it is not there any more, or lies elsewhere. */
export interface Decision {
  readonly sourcePath: string;
  readonly jobs: readonly JobType[];
  readonly left: readonly { readonly jobType: JobType; readonly why: NotMade }[];
  readonly gone?: true;
}

/** What was decided goes to the server as it was, also after a restart: its key is good for these very words only. */
export interface Batch {
  readonly number: number;
  readonly decisions: readonly Decision[];
}

interface ImportCounts {
  readonly found: number;
  readonly done: number;
  readonly jobs: number;
  readonly partly: number;
  readonly gone: number;
}

export interface OpenImport {
  readonly id: string;
  readonly phase: 'finding' | 'adding';
  /** JSON, as it was given to `begin`. */
  readonly wish: string;
}

export interface ImportRows {
  /** Forgets earlier ones unless some are still open. */
  begin(id: string, wish: string, at: string): void;
  /** The oldest that is not over. */
  open(): OpenImport | undefined;
  found(id: string, files: readonly { readonly path: string; readonly base: string }[]): void;
  waiting(id: string, limit: number): ImportFile[];
  decide(id: string, batch: number, files: readonly { readonly position: number; readonly decision: Decision }[]): void;
  /** Decided, and perhaps sent, but not known to have arrived. */
  decided(id: string): Batch | undefined;
  lastBatch(id: string): number;
  arrived(id: string, batch: number, jobs: number): void;
  end(id: string, phase: 'ended' | 'cancelled', at: string): void;
  cancelAll(at: string): void;
  forgetEnded(): void;
  counts(): ImportCounts;
  /** All imports since the last time that nothing was open; undefined where there are none. */
  round(): { readonly startedAt: string; readonly endedAt?: string; readonly phase: ImportPhase } | undefined;
  remarks(limit: number): { readonly path: string; readonly decision: Decision }[];
}

/** `inTransaction` runs several writes as one. */
export function importRows(db: DatabaseSync, inTransaction: (work: () => void) => void): ImportRows {
  const write = (sql: string, ...values: (string | number | null)[]): void => void db.prepare(sql).run(...values);
  const forgetEnded = (): void => write("DELETE FROM imports WHERE phase IN ('ended', 'cancelled')");
  return {
    ...readers(db),
    begin(id, wish, at) {
      inTransaction(() => {
        if (openImport(db) === undefined) forgetEnded();
        write(
          `INSERT INTO imports (import_id, sequence, started_at, wish, phase)
           VALUES (?, (SELECT coalesce(max(sequence), 0) + 1 FROM imports), ?, ?, 'finding')`,
          ...[id, at, wish],
        );
      });
    },
    found(id, files) {
      const insert = db.prepare(
        `INSERT INTO import_files (import_id, position, path, base, state) VALUES (?, ?, ?, ?, 'waiting')`,
      );
      inTransaction(() => {
        for (const [position, { path, base }] of files.entries()) insert.run(id, position, path, base);
        write("UPDATE imports SET phase = 'adding' WHERE import_id = ? AND phase = 'finding'", id);
      });
    },
    decide(id, batch, files) {
      const update = db.prepare(
        `UPDATE import_files SET state = 'decided', batch = ?, decision = ?, remark = ?
         WHERE import_id = ? AND position = ?`,
      );
      inTransaction(() => {
        for (const { position, decision } of files) {
          update.run(batch, JSON.stringify(decision), remarkOf(decision), id, position);
        }
      });
    },
    arrived(id, batch, jobs) {
      inTransaction(() => {
        write("UPDATE import_files SET state = 'done' WHERE import_id = ? AND batch = ?", id, batch);
        write('UPDATE imports SET jobs = jobs + ? WHERE import_id = ?', jobs, id);
      });
    },
    end: (id, phase, at) => write('UPDATE imports SET phase = ?, ended_at = ? WHERE import_id = ?', phase, at, id),
    cancelAll: (at) =>
      write("UPDATE imports SET phase = 'cancelled', ended_at = ? WHERE phase IN ('finding', 'adding')", at),
    forgetEnded,
  };
}

function remarkOf({ gone, left }: Decision): 'gone' | 'partly' | null {
  if (gone === true) return 'gone';
  return left.length > 0 ? 'partly' : null;
}

type Readers = Pick<ImportRows, 'open' | 'waiting' | 'decided' | 'lastBatch' | 'counts' | 'round' | 'remarks'>;

function readers(db: DatabaseSync): Readers {
  const decisionOf = (row: Record<string, unknown>): Decision => fromJson<Decision>(row['decision']);
  return {
    open: () => openImport(db),
    waiting: (id, limit) =>
      db
        .prepare(
          `SELECT position, path, base FROM import_files
           WHERE import_id = ? AND state = 'waiting' ORDER BY position LIMIT ?`,
        )
        .all(id, limit)
        .map((row) => ({ position: Number(row['position']), path: String(row['path']), base: String(row['base']) })),
    decided(id) {
      const rows = db
        .prepare(
          "SELECT batch, decision FROM import_files WHERE import_id = ? AND state = 'decided' ORDER BY batch, position",
        )
        .all(id);
      const number = rows[0]?.['batch'];
      if (number === undefined) return undefined;
      return { number: Number(number), decisions: rows.filter((row) => row['batch'] === number).map(decisionOf) };
    },
    lastBatch: (id) =>
      Number(
        db.prepare('SELECT coalesce(max(batch), 0) AS last FROM import_files WHERE import_id = ?').get(id)?.['last'],
      ),
    counts() {
      const row = db
        .prepare(
          `SELECT count(*) AS found, coalesce(sum(state = 'done'), 0) AS done,
             coalesce(sum(state = 'done' AND remark IS 'partly'), 0) AS partly,
             coalesce(sum(state = 'done' AND remark IS 'gone'), 0) AS gone FROM import_files`,
        )
        .get();
      const jobs = db.prepare('SELECT coalesce(sum(jobs), 0) AS jobs FROM imports').get()?.['jobs'];
      const of = (name: string): number => Number(row?.[name] ?? 0);
      return { found: of('found'), done: of('done'), jobs: Number(jobs), partly: of('partly'), gone: of('gone') };
    },
    round() {
      const rows = db.prepare('SELECT phase, started_at, ended_at FROM imports ORDER BY sequence').all();
      const last = rows.find(({ phase }) => phase === 'finding' || phase === 'adding') ?? rows.at(-1);
      if (last === undefined) return undefined;
      const endedAt = last['ended_at'];
      return {
        // Only phases are written there.
        phase: String(last['phase']) as ImportPhase,
        startedAt: String(rows[0]?.['started_at']),
        ...(typeof endedAt === 'string' ? { endedAt } : {}),
      };
    },
    remarks: (limit) =>
      db
        .prepare(
          `SELECT path, decision FROM import_files JOIN imports USING (import_id)
           WHERE state = 'done' AND remark IS NOT NULL ORDER BY sequence, position LIMIT ?`,
        )
        .all(limit)
        .map((row) => ({ path: String(row['path']), decision: decisionOf(row) })),
  };
}

function openImport(db: DatabaseSync): OpenImport | undefined {
  const row = db
    .prepare(
      "SELECT import_id, phase, wish FROM imports WHERE phase IN ('finding', 'adding') ORDER BY sequence LIMIT 1",
    )
    .get();
  if (row === undefined) return undefined;
  const phase = row['phase'] === 'finding' ? 'finding' : 'adding';
  return { id: String(row['import_id']), phase, wish: String(row['wish']) };
}
