import { isDiskFull } from '../../shared/disk-full.ts';
import type { Context } from '../context.ts';
import { databaseFailure } from '../database/failures.ts';
import { schemaVersions } from '../database/schema-version.ts';

interface Check {
  readonly ok: boolean;
  /** In the server's own words: nothing of an address, a path or a driver's error. */
  readonly why?: string;
}

/** Whether this process can do its work now. */
interface Readiness {
  readonly ready: boolean;
  readonly checks: Readonly<Record<'database' | 'schema' | 'files', Check>>;
}

/** What does not answer in this time answers no agent either. */
const PATIENCE_MS = 3_000;
const OK: Check = { ok: true };
const NO_ANSWER = 'it did not answer in time';

/**
 * Looks whether the database answers with the schema that this process works with, and whether derived files can be
 * written. A full disk is no reason to be taken out of service: leases and results of running jobs are still served.
 */
export function readinessOf(context: Context): () => Promise<Readiness> {
  const database = oneAtATime(() => lookAtDatabase(context));
  const files = oneAtATime(() => lookAtFiles(context));
  return async () => {
    const [seen, written] = await Promise.all([
      inTime(database(), { database: { ok: false, why: NO_ANSWER }, schema: { ok: false, why: 'it is not known' } }),
      inTime(files(), { ok: false, why: NO_ANSWER }),
    ]);
    const checks = { ...seen, files: written };
    return { ready: Object.values(checks).every(({ ok }) => ok), checks };
  };
}

async function lookAtDatabase(context: Context): Promise<Pick<Readiness['checks'], 'database' | 'schema'>> {
  try {
    const { current, known } = await schemaVersions(context.database);
    return { database: OK, schema: current === known ? OK : { ok: false, why: wrongSchema(current, known) } };
  } catch (error) {
    context.log.warn({ err: error }, 'the database did not answer a look whether this server is ready');
    const why = databaseFailure(error) === 'away' ? 'it cannot be reached' : 'it failed';
    return { database: { ok: false, why }, schema: { ok: false, why: 'it is not known' } };
  }
}

const wrongSchema = (current: number, known: number): string =>
  `the database has schema ${current}, this program works with ${known}: ` +
  (current > known ? 'update it' : 'start a newer one once, which brings the database up to date');

async function lookAtFiles(context: Context): Promise<Check> {
  try {
    await context.files.probe();
    return OK;
  } catch (error) {
    // What grows is refused by itself meanwhile (reserve.ts).
    if (isDiskFull(error)) return OK;
    context.log.warn({ err: error }, 'derived files cannot be written');
    return { ok: false, why: 'derived files cannot be written' };
  }
}

/** A look that hangs (a share that is gone) is not begun once more by whoever asks next. */
function oneAtATime<T>(look: () => Promise<T>): () => Promise<T> {
  let running: Promise<T> | undefined;
  return () =>
    (running ??= look().finally(() => {
      running = undefined;
    }));
}

async function inTime<T>(look: Promise<T>, otherwise: T): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const over = new Promise<T>((resolve) => {
    timer = setTimeout(() => resolve(otherwise), PATIENCE_MS);
  });
  return Promise.race([look, over]).finally(() => clearTimeout(timer));
}
