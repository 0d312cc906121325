import { openDatabase, type PostgresOptions } from '../database/open.ts';
import type { Database, DerivedRow } from '../database/schema.ts';
import { abandonUpload } from '../assets/abandon-upload.ts';
import { openDerived } from '../derived/open.ts';
import type { S3Options } from '../derived/s3/address.ts';
import { keptPlace, settleOn } from '../derived/settle.ts';
import type { DerivedStore } from '../derived/store.ts';
import type { ServerLog } from '../options.ts';
import { hashOf, listedIn, SHARDS } from './check.ts';
import { UpkeepError } from './upkeep-error.ts';

interface Move {
  readonly dataDir: string;
  readonly postgres?: PostgresOptions | undefined;
  /** `folder`, or `s3://bucket/prefix`. */
  readonly to: string;
  /** How the store is spoken to, on whichever side it is. */
  readonly s3: Omit<S3Options, 'address'>;
  readonly log: Pick<ServerLog, 'warn'>;
}

interface MovedFiles {
  readonly files: number;
  readonly bytes: number;
  /** What was missing or damaged where it came from, and is so where it went: a scrub makes it again. */
  readonly lost: readonly string[];
}

/**
 * Copies every derived file that a row names into another store, compares size and sha256 of each with its row, and only
 * then says that they are there. What it was broken off at is not copied twice. The files stay where they came from, too.
 * Uploads that are under way are begun anew. Nobody may serve the catalogue meanwhile.
 * @throws UpkeepError, ServerStartError; the catalogue is as it was then
 */
export async function moveDerived({ dataDir, postgres, to, s3, log }: Move): Promise<MovedFiles> {
  const { database } = await openDatabase({ dataDir, postgres, silenceMs: null, onLostConnection: () => undefined });
  try {
    const { place = 'folder' } = (await keptPlace(database)) ?? {};
    if (place === to) {
      throw new UpkeepError('ALREADY_THERE', `The derived files are in ${to} already.`, 'Name another place.');
    }
    const open = async (where: string): Promise<DerivedStore> =>
      (await openDerived(dataDir, where === 'folder' ? undefined : { ...s3, address: where }, log)).files;
    const [source, target] = [await open(place), await open(to)];
    const settle = await settleOn(database, target);
    const moved = await copyAll(database, source, target);
    await settle();
    await endUploads(database, source);
    return moved;
  } finally {
    await database.destroy();
  }
}

async function copyAll(database: Database, source: DerivedStore, target: DerivedStore): Promise<MovedFiles> {
  let [files, bytes] = [0, 0];
  const lost: string[] = [];
  for (const shard of SHARDS) {
    for (const row of await listedIn(database, shard)) {
      files += 1;
      bytes += row.size_bytes;
      if (!(await copy(source, target, row))) lost.push(row.ref);
    }
  }
  return { files, bytes, lost };
}

type Listed = Pick<DerivedRow, 'ref' | 'size_bytes' | 'sha256' | 'content_type'>;

/** False: what came is not what the row says. */
async function copy(source: DerivedStore, target: DerivedStore, row: Listed): Promise<boolean> {
  const there = await target.look(row.ref);
  if (there?.sizeBytes === row.size_bytes && (await hashOf(target, row.ref)) === row.sha256) return true;
  // A file of an earlier try that is not whole stands in the way of the right one.
  if (there !== null) await target.discardDerived(row.ref);
  const bytes = await source.read(row.ref);
  if (bytes === null) return false;
  const written = await target.put(row.ref, bytes, row.content_type);
  if (written.sha256 === row.sha256 && written.sizeBytes === row.size_bytes) return true;
  await target.discardDerived(row.ref);
  return false;
}

/** Their parts lie where no file is made any more. */
async function endUploads(database: Database, source: DerivedStore): Promise<void> {
  const open = await database.selectFrom('upload').select('upload_id').where('status', '=', 'open').execute();
  for (const { upload_id } of open) {
    const left = await database.transaction().execute((tx) => abandonUpload(tx, upload_id));
    for (const name of left) await source.discardPart(name);
  }
}
