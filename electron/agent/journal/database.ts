import { chmodSync, closeSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { containsText } from '../../../shared/text-search.ts';
import { RefusedError } from '../../../shared/failure.ts';
import { ACTIVITY_TABLES } from './activity-rows.ts';
import { DONE_FILES_INDEX } from './history-rows.ts';
import { IMPORT_TABLES } from './import-rows.ts';
import { RESULTS_TABLE } from './result-rows.ts';

/** A start that cannot go on. */
export class StartError extends RefusedError {}

/** One entry per schema version, never changed once released; the version is SQLite's `user_version`. */
const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
  CREATE TABLE runs (
    run_id TEXT PRIMARY KEY,
    job_id TEXT NOT NULL,
    asset_uuid TEXT NOT NULL,
    job_type TEXT NOT NULL,
    source_path TEXT NOT NULL,
    phase TEXT NOT NULL CHECK (phase IN ('claiming', 'claimed', 'executed', 'kept')),
    claim_key TEXT NOT NULL,
    claimed_at TEXT NOT NULL,
    wire_job TEXT,
    lock_token TEXT,
    fingerprint TEXT,
    outcome TEXT,
    report TEXT,
    kept_at TEXT
  ) STRICT;
  CREATE INDEX runs_by_job ON runs (job_id);
  CREATE TABLE uploads (
    run_id TEXT NOT NULL REFERENCES runs ON DELETE CASCADE,
    artifact INTEGER NOT NULL,
    generation INTEGER NOT NULL,
    part_size INTEGER,
    upload_id TEXT,
    upload_url TEXT,
    ref TEXT,
    PRIMARY KEY (run_id, artifact)
  ) STRICT;
  CREATE TABLE parts (
    run_id TEXT NOT NULL REFERENCES runs ON DELETE CASCADE,
    artifact INTEGER NOT NULL,
    part_number INTEGER NOT NULL,
    etag TEXT NOT NULL,
    PRIMARY KEY (run_id, artifact, part_number)
  ) STRICT;
  CREATE TABLE history (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    job_id TEXT NOT NULL,
    ended_at TEXT NOT NULL,
    ending TEXT NOT NULL,
    job TEXT NOT NULL,
    report TEXT
  ) STRICT;
  CREATE INDEX history_by_job ON history (job_id);
  CREATE INDEX history_by_ending ON history (ending, seq);
  CREATE TABLE crashes (job_id TEXT PRIMARY KEY, count INTEGER NOT NULL) STRICT;
  CREATE TABLE hold_offs (job_id TEXT PRIMARY KEY, until TEXT NOT NULL) STRICT;
  CREATE TABLE proofs (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
  `,
  // Set while a run is in the hands of its executor: only a death in that time is the job's own doing.
  'ALTER TABLE runs ADD COLUMN executing INTEGER NOT NULL DEFAULT 0;',
  RESULTS_TABLE,
  ACTIVITY_TABLES,
  IMPORT_TABLES,
  DONE_FILES_INDEX,
  // The job in our own words; until then it was kept as the server had spelled it.
  `
  ALTER TABLE runs ADD COLUMN job TEXT;
  UPDATE runs SET job = json_object('kind', 'valid', 'job', json(json_patch('{}', json_object(
    'jobId', job_id, 'assetUuid', asset_uuid, 'jobType', job_type, 'sourcePath', source_path,
    'requiredCapabilities', json_extract(wire_job, '$.required_capabilities'),
    'priority', coalesce(json_extract(wire_job, '$.priority'), 0),
    'proxyProfile', json_extract(wire_job, '$.inputs.proxy_profile'),
    'thumbnailProfile', json_extract(wire_job, '$.inputs.thumbnail_profile'),
    'language', json_extract(wire_job, '$.inputs.language'),
    'transcriptionProfile', json_extract(wire_job, '$.inputs.transcription_profile')
  )))) WHERE wire_job IS NOT NULL;
  ALTER TABLE runs DROP COLUMN wire_job;
  `,
  'ALTER TABLE uploads ADD COLUMN store_origin TEXT;',
];

/**
 * Opens the agent's journal: WAL, `synchronous=FULL`, locked for this process alone, so that one work folder has one
 * agent. Throws StartError when another agent holds it, when it was written by a newer version, or when it is damaged.
 */
export function openDatabase(path: string): DatabaseSync {
  let database: DatabaseSync | undefined;
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    keepPrivate(path);
    database = new DatabaseSync(path, { timeout: 500, enableForeignKeyConstraints: true });
    database.function('contains_text', { deterministic: true }, (text, wanted) =>
      typeof text === 'string' && typeof wanted === 'string' && containsText(text, wanted) ? 1 : 0,
    );
    // Exclusive locking: the lock is the kernel's, so a kill -9 frees it, and no lock file can be left over.
    database.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;');
    database.exec('BEGIN EXCLUSIVE; COMMIT;');
    migrate(database, path);
    return database;
  } catch (error) {
    database?.close();
    throw explain(error, path);
  }
}

/**
 * For this user alone, whatever the folder's mode and the umask are: it holds lock tokens. SQLite gives what it makes
 * beside a database the mode of that; what an earlier version made wider is narrowed.
 */
function keepPrivate(path: string): void {
  closeSync(openSync(path, 'a', 0o600));
  for (const suffix of ['', '-wal', '-shm']) {
    try {
      chmodSync(`${path}${suffix}`, 0o600);
    } catch {
      // Not there, or a file system without modes.
    }
  }
}

function migrate(database: DatabaseSync, path: string): void {
  const row = database.prepare('PRAGMA user_version').get();
  const version = Number(row?.['user_version'] ?? 0);
  if (version > MIGRATIONS.length) {
    throw new StartError({
      code: 'JOURNAL_NEWER',
      message: `The journal ${path} was written by a newer version of the agent (format ${version}, this one knows ${MIGRATIONS.length}).`,
      nextStep: 'Install that version again, or choose another work folder; nothing was changed.',
    });
  }
  for (const [index, statements] of MIGRATIONS.entries()) {
    if (index < version) continue;
    database.exec(`BEGIN IMMEDIATE; ${statements} PRAGMA user_version = ${index + 1}; COMMIT;`);
  }
}

function explain(error: unknown, path: string): StartError {
  if (error instanceof StartError) return error;
  const reason = error instanceof Error ? error.message : String(error);
  if (/locked|busy/i.test(reason)) {
    return new StartError({
      code: 'ALREADY_RUNNING',
      message: `Another agent is working in ${dirname(path)}.`,
      nextStep: 'Use that one, stop it first, or choose another folder with --work.',
    });
  }
  if (/malformed|not a database|corrupt/i.test(reason)) {
    return new StartError({
      code: 'JOURNAL_DAMAGED',
      message: `The journal ${path} is damaged: ${reason}.`,
      nextStep:
        'Move it away to start with an empty one; unfinished jobs come back from the server when their leases end.',
    });
  }
  return new StartError(
    {
      code: 'WORK_FOLDER_UNUSABLE',
      message: `The work folder ${dirname(path)} cannot be used: ${reason}.`,
      nextStep: 'Choose a folder this user may write to with --work.',
    },
    { cause: error },
  );
}
