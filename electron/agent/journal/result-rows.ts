import type { DatabaseSync } from 'node:sqlite';

/** A delivered file whose copy is kept in `results/<runId>/<file>`. */
interface ResultRow {
  readonly runId: string;
  readonly file: string;
  readonly contentType: string;
  readonly sizeBytes: number;
  readonly sha256: string;
}

/** What one run left here. */
interface ResultSize {
  readonly runId: string;
  readonly keptAt: string;
  readonly sizeBytes: number;
}

export interface KeptRun {
  readonly runId: string;
  readonly assetUuid: string;
  readonly keptAt: string;
  readonly artifacts: readonly Omit<ResultRow, 'runId'>[];
  /** The server's name of each artifact, in the same order. */
  readonly refs: readonly string[];
}

/** The journal's table of kept copies. */
export interface ResultRows {
  save(run: KeptRun): void;
  find(assetUuid: string, ref: string): ResultRow | undefined;
  /** Newest first. */
  sizes(): readonly ResultSize[];
  forget(runId: string): void;
}

export const RESULTS_TABLE = `
  CREATE TABLE results (
    asset_uuid TEXT NOT NULL,
    ref TEXT NOT NULL,
    run_id TEXT NOT NULL,
    file TEXT NOT NULL,
    content_type TEXT NOT NULL,
    size_bytes INTEGER NOT NULL,
    sha256 TEXT NOT NULL,
    kept_at TEXT NOT NULL,
    PRIMARY KEY (asset_uuid, ref)
  ) STRICT;
  CREATE INDEX results_by_run ON results (run_id);
`;

export function resultRows(db: DatabaseSync): ResultRows {
  return {
    save({ runId, assetUuid, keptAt, artifacts, refs }) {
      const insert = db.prepare('INSERT OR REPLACE INTO results VALUES (?, ?, ?, ?, ?, ?, ?, ?)');
      for (const [index, { file, contentType, sizeBytes, sha256 }] of artifacts.entries()) {
        const ref = refs[index];
        if (ref !== undefined) insert.run(assetUuid, ref, runId, file, contentType, sizeBytes, sha256, keptAt);
      }
    },
    find(assetUuid, ref) {
      const row = db.prepare('SELECT * FROM results WHERE asset_uuid = ? AND ref = ?').get(assetUuid, ref);
      if (row === undefined) return undefined;
      return {
        runId: String(row['run_id']),
        file: String(row['file']),
        contentType: String(row['content_type']),
        sizeBytes: Number(row['size_bytes']),
        sha256: String(row['sha256']),
      };
    },
    sizes: () =>
      db
        .prepare(
          'SELECT run_id, max(kept_at) AS kept_at, sum(size_bytes) AS size FROM results GROUP BY run_id ORDER BY kept_at DESC',
        )
        .all()
        .map((row) => ({
          runId: String(row['run_id']),
          keptAt: String(row['kept_at']),
          sizeBytes: Number(row['size']),
        })),
    forget(runId) {
      db.prepare('DELETE FROM results WHERE run_id = ?').run(runId);
    },
  };
}
