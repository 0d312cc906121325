import { sql } from 'kysely';
import type { Database } from './database/schema.ts';
import { NOBODYS_AFTER_MS, type DerivedStore } from './derived/store.ts';

/**
 * At a start nothing is being received: everything without a row is what a kill or a power loss left behind. Where others
 * are at work (`wall`, epoch ms), only what is a day old. Answers how much went.
 */
export async function sweepFiles(database: Database, files: DerivedStore, wall?: number): Promise<number> {
  const parts = await database.selectFrom('upload_part').select('file_name').execute();
  const isFolder = files.assembly.kind === 'files';
  return files.sweep({
    parts: new Set(parts.map((row) => row.file_name)),
    uploads: isFolder ? new Set() : await openUploads(database),
    refs: isFolder ? await listedRefs(database) : new Set(),
    before: wall === undefined ? undefined : wall - NOBODYS_AFTER_MS,
  });
}

async function openUploads(database: Database): Promise<ReadonlySet<string>> {
  const rows = await database
    .selectFrom('upload')
    .select('store_upload')
    .where('status', '=', sql.lit('open' as const))
    .execute();
  return new Set(rows.map((row) => row.store_upload ?? ''));
}

async function listedRefs(database: Database): Promise<ReadonlySet<string>> {
  const rows = await database
    .selectFrom('derived')
    .select('ref')
    .where('status', 'in', ['uploaded', 'accepted'])
    .execute();
  return new Set(rows.map((row) => row.ref));
}
