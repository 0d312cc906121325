import { randomUUID } from 'node:crypto';
import type { Database } from '../database/schema.ts';
import { ServerStartError } from '../start-error.ts';
import type { DerivedStore } from './store.ts';

const FOLDER = 'folder';

/**
 * Keeps a catalogue and its files together: a server is not begun on a store that has not the files that the catalogue
 * names, nor on one that has another's. Where no file is named yet, another store may be chosen. `before`: the folder,
 * where catalogues had their files before this was written down.
 * @throws ServerStartError DERIVED_NOT_MOVED, DERIVED_ELSEWHERE, DERIVED_OF_ANOTHER
 */
export async function settleDerived(database: Database, store: DerivedStore, before: DerivedStore): Promise<void> {
  const { place } = store;
  const kept = await keptPlace(database);
  if (kept === undefined && store !== before && (await isNamingFiles(database)) && (await before.isUsed())) {
    throw notThere('DERIVED_NOT_MOVED', 'the data folder', place);
  }
  if (kept !== undefined && kept.place !== place) {
    if (await isNamingFiles(database)) throw notThere('DERIVED_ELSEWHERE', kept.place, place);
    await database.updateTable('derived_place').set({ place }).where('id', '=', 1).execute();
  }
  await store.claim((await keepPlace(database, place)).catalogue);
}

/**
 * Makes a store this catalogue's own, before files are brought there. What it answers says, afterwards, that they are
 * there now. @throws ServerStartError DERIVED_OF_ANOTHER
 */
export async function settleOn(database: Database, store: DerivedStore): Promise<() => Promise<void>> {
  await store.claim((await keepPlace(database, FOLDER)).catalogue);
  return async () => {
    await database.updateTable('derived_place').set({ place: store.place }).where('id', '=', 1).execute();
  };
}

/** Of servers that start at the same time all take what the first one wrote. */
async function keepPlace(database: Database, place: string): Promise<{ readonly catalogue: string }> {
  await database
    .insertInto('derived_place')
    .values({ id: 1, place, catalogue: randomUUID() })
    .onConflict((conflict) => conflict.column('id').doNothing())
    .execute();
  return (await keptPlace(database)) ?? { catalogue: '' };
}

/** Where files are kept; undefined: nobody has said it yet, so it is the folder. */
export async function keptPlace(
  database: Database,
): Promise<{ readonly place: string; readonly catalogue: string } | undefined> {
  return database.selectFrom('derived_place').select(['place', 'catalogue']).where('id', '=', 1).executeTakeFirst();
}

async function isNamingFiles(database: Database): Promise<boolean> {
  const row = await database
    .selectFrom('derived')
    .select('ref')
    .where('status', 'in', ['uploaded', 'accepted'])
    .limit(1)
    .executeTakeFirst();
  return row !== undefined;
}

const notThere = (code: 'DERIVED_NOT_MOVED' | 'DERIVED_ELSEWHERE', where: string, asked: string): ServerStartError =>
  new ServerStartError(
    code,
    `The derived files of this catalogue are in ${where}, not in ${asked}.`,
    where.startsWith('s3:')
      ? `Name it: --derived ${where}. Or move them first: server move --derived ${asked}.`
      : `Leave out --derived, or move them first: server move --derived ${asked}.`,
  );
