import { randomBytes } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createServer } from '../../server/server.ts';
import { RefusedError } from '../../shared/failure.ts';
import { ServerStartError } from '../../server/start-error.ts';
import { moveDerived } from '../../server/upkeep/move-derived.ts';
import { moveToPostgres, restoreBackup, verifyBackup } from '../../server/upkeep/move.ts';
import { openUpkeep, type Found, type UpkeepCalls } from '../compose/operator/upkeep-client.ts';
import { adminAccess, serverFolder } from './admin-access.ts';
import { derivedOf, s3Of, type DerivedOptions } from './derived-option.ts';
import { postgresOf, postgresOption } from './database-option.ts';
import { CommandError, EXIT } from './exit.ts';
import { printJson, printOut } from './print.ts';

/** Which catalogue: of a running server, or of a data folder that nobody serves, or in a PostgreSQL. */
interface CatalogueOptions extends DerivedOptions {
  readonly data?: string;
  readonly database?: string;
  readonly databasePasswordFile?: string;
  readonly server?: string;
  readonly tokenFile?: string;
  readonly caFile?: string;
}

interface LookOptions extends CatalogueOptions {
  readonly hashes: boolean;
  readonly json: boolean;
}

/** `server backup`: every row, as it is at one moment, in a file that is whole or not there. */
export async function backupCommand(file: string, options: CatalogueOptions): Promise<number> {
  const unfinished = `${file}.new`;
  await withCalls(options, async (calls) => {
    try {
      const bytes = Readable.from(await calls.backup());
      await pipeline(bytes, createWriteStream(unfinished, { mode: 0o600, flush: true }));
      const sums = await verifyBackup(unfinished);
      await rename(unfinished, file);
      printOut([
        ...rowsOf(sums),
        `The backup is in ${file}. The derived files are not in it: copy their folder after it.`,
      ]);
    } catch (error) {
      await rm(unfinished, { force: true });
      throw error;
    }
  });
  return EXIT.ok;
}

/** `server restore`: a backup into an empty place. */
export async function restoreCommand(file: string, options: CatalogueOptions): Promise<number> {
  const { derived } = options;
  const sums = await restoreBackup(file, { dataDir: serverFolder(options.data), ...postgresOf(options), derived });
  printOut([...rowsOf(sums), 'Restored, read again and compared: counts and hashes are those of the backup.']);
  return EXIT.ok;
}

/** `server move`: the catalogue from SQLite to PostgreSQL, its derived files to another store, or both. */
export async function moveCommand(options: CatalogueOptions & { readonly to?: string }): Promise<number> {
  const { to, derived } = options;
  if (to === undefined && derived === undefined) {
    throw new RefusedError({
      code: 'NOTHING_TO_MOVE',
      message: 'It is not said what goes where.',
      nextStep: 'Name where the catalogue goes by --to, where its derived files go by --derived, or both.',
    });
  }
  if (derived !== undefined) await moveFiles(derived, options);
  if (to === undefined) return EXIT.ok;
  const postgres = postgresOption(to, options.databasePasswordFile);
  const { sums, kept } = await moveToPostgres(serverFolder(options.data), postgres);
  printOut([
    ...rowsOf(sums),
    'Moved, read again and compared: counts and hashes are equal.',
    `Start the server with --database from now on. What SQLite had is kept in ${kept}.`,
  ]);
  return EXIT.ok;
}

async function moveFiles(to: string, options: CatalogueOptions): Promise<void> {
  const dataDir = serverFolder(options.data);
  // What could not be removed behind a move is told by the next check.
  const log = { warn: () => {} };
  const { files, bytes, lost } = await moveDerived({ dataDir, ...postgresOf(options), to, s3: s3Of(options), log });
  printOut([
    ...lost.map((ref) => `${ref}: missing or damaged where it was; “server scrub” has it made again`),
    `${files - lost.length} derived files of ${files} (${bytes} bytes) are in ${to}, each compared with its row.`,
    `Start the server with --derived ${to} from now on. The files stay where they were, too, until you remove them.`,
  ]);
}

/** `server check`: rows against files. Exit code 1 where something is not as it should be. */
export async function checkCommand(options: LookOptions): Promise<number> {
  return withCalls(options, async (calls) => report(await calls.check(options.hashes), options));
}

/** `server scrub`: the jobs of missing or damaged files are offered again. */
export async function scrubCommand(options: LookOptions & { readonly force: boolean }): Promise<number> {
  const { hashes, force } = options;
  return withCalls(options, async (calls) => report(await calls.scrub({ hashes, force }), options));
}

async function report(found: AsyncIterable<Found>, { json }: LookOptions): Promise<number> {
  let isWell = true;
  for await (const each of found) {
    if (json) printJson(each);
    else printOut(sentenceOf(each));
    if (each.kind === 'derived') isWell = false;
  }
  return isWell ? EXIT.ok : EXIT.failed;
}

function sentenceOf(found: Found): string {
  switch (found.kind) {
    case 'derived': {
      const job = found.job === undefined ? '' : `; its job is ${found.job}`;
      return `${found.ref} of job ${found.job_id}: ${found.fault}${job}`;
    }
    case 'orphan':
      return `${found.ref}: no row names this file`;
    case 'sums': {
      const { files, bytes, faults, orphans, jobs } = found;
      const again = jobs === undefined ? '' : `, ${jobs} jobs offered again`;
      return `${files} files of ${bytes} bytes looked at: ${faults} missing or damaged, ${orphans} left over${again}.`;
    }
  }
}

const rowsOf = (sums: Readonly<Record<string, { readonly rows: number; readonly sha256: string }>>): string[] =>
  Object.entries(sums).map(
    ([name, { rows, sha256 }]) => `${name.padEnd(18)} ${String(rows).padStart(10)}  ${sha256.slice(0, 16)}`,
  );

/** Of the server that is named; else of one that is started for this, on a port that nobody knows. */
async function withCalls<T>(options: CatalogueOptions, work: (calls: UpkeepCalls) => Promise<T>): Promise<T> {
  if (options.server !== undefined) {
    const { send, serverUrl, token } = await adminAccess({ ...options, server: options.server });
    return work(openUpkeep(send, serverUrl, token));
  }
  const operatorToken = randomBytes(32).toString('base64url');
  const dataDir = serverFolder(options.data);
  const server = await createServer({
    dataDir,
    ...postgresOf(options),
    ...derivedOf(options),
    operatorToken,
    sharedAgentToken: false,
  }).catch((error: unknown) => {
    if (!(error instanceof ServerStartError) || error.refusal.code !== 'DATABASE_IN_USE') throw error;
    throw new CommandError({
      code: 'DATABASE_IN_USE',
      message: `A server is running on ${dataDir}.`,
      nextStep: 'Ask it: --server URL (http://127.0.0.1:4180 unless it was given another port).',
    });
  });
  try {
    return await work(openUpkeep(fetch, server.url, operatorToken));
  } finally {
    await server.close();
  }
}
