import { sql } from 'kysely';
import { iso, type Context } from '../context.ts';

/** A job that waits, and since when. */
export interface Oldest {
  readonly job_id: string;
  readonly source_path: string;
  readonly since: string;
}

interface OldestJobs {
  /** By what they need. */
  readonly due: ReadonlyMap<string, Oldest>;
  readonly held: ReadonlyMap<string, Oldest>;
  readonly heldOff: ReadonlyMap<string, Oldest>;
}

/** The first of the queue by their creation; whoever waits behind these waits less long, but for what came back. */
const FIRST = 300;

/** What made a job wait: it came, or came back. */
const BEGINNINGS = [
  'jobCreated',
  'jobRetried',
  'jobGivenBack',
  'jobFailed',
  'leaseExpired',
  'jobTakenBack',
  'jobReleased',
] as const;

/** Of the jobs that wait for longest, the oldest of each kind, by when the ledger says that it began to wait. */
export async function oldestOf({ database }: Context): Promise<OldestJobs> {
  const rows = await database
    .selectFrom('job')
    .leftJoin('asset', 'asset.uuid', 'job.asset_uuid')
    .select(['job.job_id', 'job.needs', 'job.held', 'job.not_before', 'job.created_at', 'asset.source_path'])
    .where('job.status', '=', sql.lit('pending' as const))
    .orderBy('sequence')
    .limit(FIRST)
    .execute();
  if (rows.length === 0) return { due: new Map(), held: new Map(), heldOff: new Map() };
  const begun = await database
    .selectFrom('ledger')
    .select((select) => ['job_id', select.fn.max<number>('at').as('at')])
    .where(
      'job_id',
      'in',
      rows.map(({ job_id }) => job_id),
    )
    .where('event', 'in', BEGINNINGS)
    .groupBy('job_id')
    .execute();
  const since = new Map(begun.map(({ job_id, at }) => [job_id, Number(at)]));
  const waits = rows
    .map((row) => ({ ...row, since: since.get(row.job_id) ?? row.created_at }))
    .sort((one, other) => one.since - other.since);
  const first = (some: typeof waits): ReadonlyMap<string, Oldest> => {
    const found = new Map<string, Oldest>();
    for (const { needs, job_id, source_path, since: at } of some) {
      if (!found.has(needs)) found.set(needs, { job_id, source_path: source_path ?? '', since: iso(at) });
    }
    return found;
  };
  return {
    due: first(waits.filter(({ held, not_before }) => held === 0 && not_before === null)),
    held: first(waits.filter(({ held }) => held === 1)),
    heldOff: first(waits.filter(({ held, not_before }) => held === 0 && not_before !== null)),
  };
}

/** What some job needs, and the media root it lies on. */
interface Place {
  /** As `job.needs` has it. */
  readonly needs: string;
  readonly root: string;
}

/** Of what could start and waits for longest: each pair once. */
export async function placesInFront({ database }: Context): Promise<readonly Place[]> {
  const rows = await database
    .selectFrom('job')
    .innerJoin('asset', 'asset.uuid', 'job.asset_uuid')
    .select(['job.needs', 'asset.source_path'])
    .where('job.status', '=', sql.lit('pending' as const))
    .where('job.held', '=', 0)
    .orderBy('sequence')
    .limit(FIRST)
    .execute();
  const places = rows.map(({ needs, source_path }) => ({ needs, root: source_path.split('/', 1)[0] ?? '' }));
  return [...new Map(places.map((place) => [`${place.needs} ${place.root}`, place])).values()];
}
