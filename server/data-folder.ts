import { constants, existsSync } from 'node:fs';
import { access, mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DATABASE_FILE } from './database/sqlite/open.ts';
import { flushFolder } from './flush-folder.ts';
import { ServerStartError } from './start-error.ts';

/** Tells that the files in a data folder belong to a catalogue in PostgreSQL. */
const ELSEWHERE = 'catalogue-in-postgresql';

/**
 * Makes a data folder where there is none. Its files belong to one catalogue: to another one, which does not name them,
 * they would all be left over and be removed. So each says where it is, and the other is not begun beside it.
 * @throws ServerStartError DATA_FOLDER_UNUSABLE, DATABASE_ELSEWHERE, DATABASE_NOT_MOVED
 */
export async function prepareFolder(dataDir: string, onPostgres: boolean): Promise<void> {
  try {
    await mkdir(dataDir, { recursive: true, mode: 0o700 });
    await access(dataDir, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new ServerStartError(
      'DATA_FOLDER_UNUSABLE',
      `The data folder ${dataDir} cannot be written (${why}).`,
      'Choose another data folder, or give this user the right to write there.',
      { cause: error },
    );
  }
  const marker = join(dataDir, ELSEWHERE);
  if (!onPostgres && existsSync(marker)) {
    throw new ServerStartError(
      'DATABASE_ELSEWHERE',
      `The files in ${dataDir} belong to a catalogue in PostgreSQL.`,
      `Name it by --database, or choose another data folder. Where that catalogue is gone for good, remove ${marker}.`,
    );
  }
  if (!onPostgres) return;
  if (existsSync(join(dataDir, DATABASE_FILE))) {
    throw new ServerStartError(
      'DATABASE_NOT_MOVED',
      `The data folder ${dataDir} has a catalogue in SQLite, to which its files belong.`,
      'Move it first (server move --to postgres://…), or choose another data folder.',
    );
  }
  await writeMarker(marker);
}

/** After a catalogue was moved: the folder's files are the other one's, and SQLite's is kept under another name. */
export async function settleOnPostgres(dataDir: string): Promise<string> {
  const kept = join(dataDir, `${DATABASE_FILE}.moved`);
  await writeMarker(join(dataDir, ELSEWHERE));
  await rename(join(dataDir, DATABASE_FILE), kept);
  await flushFolder(dataDir);
  return kept;
}

async function writeMarker(path: string): Promise<void> {
  await writeFile(path, 'Its files belong to a catalogue in PostgreSQL.\n', { mode: 0o600 });
}
