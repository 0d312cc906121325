import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { Database, DerivedRow } from '../database/schema.ts';
import { NOBODYS_AFTER_MS, type FileStore } from '../uploads/file-store.ts';

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
  /** A file that no row names: left over, and removed by the next start once it is a day old. */
  | { readonly kind: 'orphan'; readonly ref: string };

export interface CheckSummary {
  /** Rows whose file was looked at, and their bytes by the catalogue. */
  readonly files: number;
  readonly bytes: number;
  readonly faults: number;
  readonly orphans: number;
}

const LISTED = ['uploaded', 'accepted'] as const;
type Kept = Pick<DerivedRow, 'ref' | 'job_id' | 'size_bytes' | 'sha256' | 'status'>;

interface Place {
  readonly database: Database;
  readonly files: FileStore;
  /** The wall clock, epoch ms. */
  readonly clock: () => number;
}

const HEX = [...'0123456789abcdef'];
const SHARDS = HEX.flatMap((first) => HEX.map((second) => `${first}${second}`));

/**
 * Holds rows against files, one of 256 folders at a time, so that it needs no more memory for a million files than for
 * ten. `hashes`: reads every file and compares what is in it. Tells each finding, and the sums at last.
 */
export async function* checkFiles(place: Place, hashes: boolean): AsyncGenerator<Finding, CheckSummary> {
  const sums = { files: 0, bytes: 0, faults: 0, orphans: 0 };
  for (const shard of SHARDS) {
    // Files first: one that comes meanwhile has a row by the time that rows are looked at, or is too young.
    const there = new Set(await place.files.derivedIn(shard));
    for (const row of await rowsOf(place.database, shard)) {
      sums.files += 1;
      sums.bytes += row.size_bytes;
      there.delete(row.ref);
      const fault = await faultOf(place.files, row, hashes);
      // It may have been replaced or purged since its row was read.
      if (fault === null || !(await isStillListed(place.database, row.ref))) continue;
      sums.faults += 1;
      yield { kind: 'derived', fault, ref: row.ref, job_id: row.job_id, kept: row.status };
    }
    for (const ref of there) {
      if (!(await isOld(place, ref)) || (await isStillListed(place.database, ref))) continue;
      sums.orphans += 1;
      yield { kind: 'orphan', ref };
    }
  }
  return sums;
}

async function rowsOf(database: Database, shard: string): Promise<Kept[]> {
  return (
    database
      .selectFrom('derived')
      .select(['ref', 'job_id', 'size_bytes', 'sha256', 'status'])
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

async function faultOf(files: FileStore, row: Kept, hashes: boolean): Promise<Fault | null> {
  const path = files.derivedPath(row.ref);
  try {
    const found = await stat(path);
    if (!found.isFile()) return 'missing';
    if (found.size !== row.size_bytes) return 'wrong size';
    return hashes && (await hashOf(path)) !== row.sha256 ? 'wrong hash' : null;
  } catch (error) {
    const gone = error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR');
    return gone ? 'missing' : 'unreadable';
  }
}

async function hashOf(path: string): Promise<string> {
  const hash = createHash('sha256');
  // Without an encoding a stream of a file gives bytes.
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 }) as AsyncIterable<Buffer>) {
    hash.update(chunk);
  }
  return hash.digest('hex');
}

async function isOld({ files, clock }: Place, ref: string): Promise<boolean> {
  try {
    const { mtimeMs, ctimeMs } = await stat(files.derivedPath(ref));
    return Math.max(mtimeMs, ctimeMs) < clock() - NOBODYS_AFTER_MS;
  } catch {
    return false;
  }
}
