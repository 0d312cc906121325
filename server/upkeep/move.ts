import { createReadStream, existsSync } from 'node:fs';
import { join } from 'node:path';
import { createGunzip } from 'node:zlib';
import { pipeline } from 'node:stream';
import { prepareFolder, settleOnPostgres } from '../data-folder.ts';
import { openDatabase, type PostgresOptions } from '../database/open.ts';
import { DATABASE_FILE } from '../database/sqlite/open.ts';
import { readBackup } from './backup-file.ts';
import { createSummer, differences, isKept, readPages, type Sums } from './rows.ts';
import { ofAnotherVersion, UpkeepError } from './upkeep-error.ts';
import { writeCatalogue } from './write-rows.ts';

interface Place {
  readonly dataDir: string;
  readonly postgres?: PostgresOptions | undefined;
  /** Where its derived files are now; absent: where they were. */
  readonly derived?: string | undefined;
}

/** Nobody serves it meanwhile; what a lost connection means is said by whatever used it. */
const ALONE = { silenceMs: null, onLostConnection: (): void => undefined };

/** A backup file, uncompressed as it is read. */
function bytesOf(file: string): AsyncIterable<Buffer> {
  // Its reader is told of every error.
  return pipeline(createReadStream(file), createGunzip(), () => undefined);
}

/**
 * Writes a backup into an empty place: the database of a new data folder, or an empty PostgreSQL. Answers what is there
 * then, which is what the backup says. @throws UpkeepError, ServerStartError; nothing is written then
 */
export async function restoreBackup(file: string, { dataDir, postgres, derived }: Place): Promise<Sums> {
  await verifyBackup(file);
  await prepareFolder(dataDir, postgres !== undefined);
  const { database } = await openDatabase({ dataDir, postgres, ...ALONE });
  const backup = readBackup(bytesOf(file));
  try {
    const sums = await writeCatalogue(database, backup.pages, backup.told);
    if (derived !== undefined) await database.updateTable('derived_place').set({ place: derived }).execute();
    return sums;
  } finally {
    await database.destroy();
  }
}

/**
 * Reads a backup to its end. Answers what is in it. @throws UpkeepError NO_BACKUP, BACKUP_DAMAGED,
 * BACKUP_OF_ANOTHER_VERSION
 */
export async function verifyBackup(file: string): Promise<Sums> {
  const { pages, told } = readBackup(bytesOf(file));
  const summer = createSummer();
  let unknown: string | undefined;
  for await (const page of pages) {
    if (isKept(page.table)) summer.add(page);
    else unknown ??= page.table;
  }
  // Only at its end is it known that the name is not one that was damaged.
  if (unknown !== undefined) throw ofAnotherVersion(unknown);
  const sums = summer.sums();
  const [table] = differences(sums, told());
  if (table === undefined) return sums;
  throw new UpkeepError(
    'BACKUP_DAMAGED',
    `The backup is damaged: the table “${table}” is not what was written into it.`,
    'Take another one.',
  );
}

/**
 * Moves the catalogue of a data folder from SQLite into an empty PostgreSQL, reads it there again and compares it. The
 * derived files stay where they are; SQLite's file is kept under another name, which `kept` says.
 * @throws UpkeepError, ServerStartError; both are as they were then
 */
export async function moveToPostgres(
  dataDir: string,
  postgres: PostgresOptions,
): Promise<{ readonly sums: Sums; readonly kept: string }> {
  if (!existsSync(join(dataDir, DATABASE_FILE))) {
    throw new UpkeepError(
      'NO_CATALOGUE',
      `There is no catalogue in SQLite in ${dataDir}.`,
      'Name the data folder of the server: --data DIR.',
    );
  }
  const { database: source } = await openDatabase({ dataDir, ...ALONE });
  try {
    const { database: target } = await openDatabase({ dataDir, postgres, ...ALONE });
    const written = writeCatalogue(target, readPages(source), () => null);
    const sums = await written.finally(() => target.destroy());
    await source.destroy();
    return { sums, kept: await settleOnPostgres(dataDir) };
  } catch (error) {
    await source.destroy();
    throw error;
  }
}
