import { createHash } from 'node:crypto';
import type { Database, DerivedRow } from '../database/schema.ts';
import { NOBODYS_AFTER_MS, type DerivedStore, type KeptFile } from '../derived/store.ts';

type Fault = 'missing' | 'wrong size' | 'wrong hash' | 'unreadable';

/** Something of the derived files that is not as the catalogue says. */
export type Finding =
  | {
      readonly kind: 'derived';
      readonly fault: Fault;
      readonly ref: string;
      readonly job_id: string;
      readonly kept: string;
    }
  /** A file that no row has named for a day: left over. */
  | { readonly kind: 'orphan'; readonly ref: string };

export interface CheckSummary {
  /** Rows whose file was looked at, and their bytes by the catalogue. */
  readonly files: number;
  readonly bytes: number;
  readonly faults: number;
  readonly orphans: number;
}

const LISTED = ['uploaded', 'accepted'] as const;
type Kept = Pick<DerivedRow, 'ref' | 'job_id' | 'size_bytes' | 'sha256' | 'content_type' | 'status'>;

interface Place {
  readonly database: Database;
  readonly files: DerivedStore;
  /** The wall clock, epoch ms. */
  readonly clock: () => number;
}

const HEX = [...'0123456789abcdef'];
/** What refs begin with. */
export const SHARDS = HEX.flatMap((first) => HEX.map((second) => `${first}${second}`));

/**
 * Holds rows against files, one of 256 folders at a time, so that it needs no more memory for a million files than for
 * ten. `hashes`: reads every file and compares what is in it. Tells each finding, and the sums at last.
 */
export async function* checkFiles(place: Place, hashes: boolean): AsyncGenerator<Finding, CheckSummary> {
  const sums = { files: 0, bytes: 0, faults: 0, orphans: 0 };
  for (const shard of SHARDS) {
    // Files first: one that comes meanwhile has a row by the time that rows are looked at, or is too young.
    const there = new Map(await place.files.derivedIn(shard));
    for (const row of await listedIn(place.database, shard)) {
      sums.files += 1;
      sums.bytes += row.size_bytes;
      const fault = await faultOf(place.files, row, { hashes, found: there.get(row.ref) ?? null });
      there.delete(row.ref);
      // It may have been replaced or purged since its row was read.
      if (fault === null || !(await isStillListed(place.database, row.ref))) continue;
      sums.faults += 1;
      yield { kind: 'derived', fault, ref: row.ref, job_id: row.job_id, kept: row.status };
    }
    for (const [ref, found] of there) {
      if (!(await isOld(place, ref, found)) || (await isStillListed(place.database, ref))) continue;
      sums.orphans += 1;
      yield { kind: 'orphan', ref };
    }
  }
  return sums;
}

/** Rows of files that are to be there, and whose ref begins with these two characters. */
export async function listedIn(database: Database, shard: string): Promise<Kept[]> {
  return (
    database
      .selectFrom('derived')
      .select(['ref', 'job_id', 'size_bytes', 'sha256', 'content_type', 'status'])
      .where('ref', '>=', shard)
      // Behind every hexadecimal digit.
      .where('ref', '<', `${shard}g`)
      .where('status', 'in', LISTED)
      .orderBy('ref')
      .execute()
  );
}

async function isStillListed(database: Database, ref: string): Promise<boolean> {
  const row = await database
    .selectFrom('derived')
    .select('ref')
    .where('ref', '=', ref)
    .where('status', 'in', LISTED)
    .executeTakeFirst();
  return row !== undefined;
}

/** `found`: what the list of files said of it already. */
async function faultOf(
  files: DerivedStore,
  row: Kept,
  { hashes, found }: { readonly hashes: boolean; readonly found: KeptFile | null },
): Promise<Fault | null> {
  try {
    const kept = found ?? (await files.look(row.ref));
    if (kept === null) return 'missing';
    if (kept.sizeBytes !== row.size_bytes) return 'wrong size';
    if (!hashes) return null;
    const hash = await hashOf(files, row.ref);
    return hash === null ? 'missing' : hash === row.sha256 ? null : 'wrong hash';
  } catch {
    return 'unreadable';
  }
}

/** sha256 of what is in it, in lowercase hex; null: there is no such file. */
export async function hashOf(files: DerivedStore, ref: string): Promise<string | null> {
  const bytes = await files.read(ref);
  if (bytes === null) return null;
  const hash = createHash('sha256');
  // Without an encoding a stream gives bytes.
  for await (const chunk of bytes as AsyncIterable<Buffer>) hash.update(chunk);
  return hash.digest('hex');
}

async function isOld({ files, clock }: Place, ref: string, found: KeptFile | null): Promise<boolean> {
  const kept = found ?? (await files.look(ref).catch(() => null));
  return kept !== null && kept.writtenAt < clock() - NOBODYS_AFTER_MS;
}
