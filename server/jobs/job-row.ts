import type { OperatorJob, WireJob } from '../../shared/wire.ts';
import { iso, isoOfLease, type Context } from '../context.ts';
import { utf8 } from '../database/dialect.ts';
import type { JobRow, LeaseRow, Queries } from '../database/schema.ts';

/** The parts of JOB-TYPES §2 as they are kept; any of them may be wrong or missing in an invalid job. */
export interface JobDocument {
  readonly asset_uuid?: unknown;
  readonly required_capabilities?: unknown;
  readonly inputs?: unknown;
  readonly expected_outputs?: unknown;
  readonly invariants?: unknown;
}

type Clocks = Pick<Context, 'clock' | 'leaseTime'>;

/** A job with what its lease says; all null where nobody holds it. */
type SeenJob = JobRow & {
  readonly [name in 'locked_until' | 'cancel_requested' | 'progress' | 'stage' | 'heard_at']: LeaseRow[name] | null;
};

/** Jobs with what their leases say. */
export function seenJobs(queries: Queries) {
  return queries
    .selectFrom('job')
    .leftJoin('lease', 'lease.job_id', 'job.job_id')
    .selectAll('job')
    .select(['lease.locked_until', 'lease.cancel_requested', 'lease.progress', 'lease.stage', 'lease.heard_at']);
}

export async function seenJob(queries: Queries, jobId: string): Promise<SeenJob | undefined> {
  return seenJobs(queries).where('job.job_id', '=', jobId).executeTakeFirst();
}

/** A job that nobody holds. */
export function unheld(job: JobRow): SeenJob {
  return { ...job, locked_until: null, cancel_requested: null, progress: null, stage: null, heard_at: null };
}

/** A job as agents see it, without its lock token. */
export function wireJob(
  context: Clocks,
  row: Pick<JobRow, 'job_id' | 'job_type' | 'status' | 'document_json' | 'priority' | 'claimed_by'>,
  lockedUntil: number | null = null,
): WireJob {
  const { asset_uuid, required_capabilities, inputs, expected_outputs, invariants } = documentOf(row);
  return {
    job_id: row.job_id,
    job_type: row.job_type,
    status: row.status,
    asset_uuid,
    required_capabilities,
    inputs,
    expected_outputs,
    invariants,
    priority: row.priority,
    claimed_by: row.claimed_by ?? undefined,
    lock_token: undefined,
    locked_until: lockedUntil === null ? undefined : isoOfLease(context, lockedUntil),
  };
}

/** The answer of a claim: the job with the token that every write needs from now on. */
export function claimedJob(
  context: Clocks,
  row: JobRow,
  lease: Pick<LeaseRow, 'lock_token' | 'locked_until'>,
): WireJob {
  return { ...wireJob(context, row, lease.locked_until), lock_token: lease.lock_token };
}

/** A job as people and tools see it: with its history, and never with its lock token; its result is asked for apart. */
export function operatorJob(context: Clocks, row: SeenJob): OperatorJob {
  return {
    ...wireJob(context, row, row.locked_until),
    attempts: row.attempts,
    max_attempts: row.max_attempts,
    not_before: row.not_before === null ? undefined : isoOfLease(context, row.not_before),
    created_at: iso(row.created_at),
    updated_at: iso(Math.max(row.updated_at, row.heard_at ?? 0)),
    progress: row.status === 'completed' ? 1 : (row.progress ?? undefined),
    stage: row.stage ?? undefined,
    cancel_requested: row.cancel_requested === 1 ? true : undefined,
    held: row.held === 1 ? true : undefined,
    // As fail.ts wrote it.
    failure: row.failure_json === null ? undefined : (JSON.parse(row.failure_json) as OperatorJob['failure']),
  };
}

/** As create-job.ts wrote it. */
function documentOf(row: Pick<JobRow, 'document_json'>): JobDocument {
  return JSON.parse(row.document_json) as JobDocument;
}

export async function findJob(database: Queries, jobId: string): Promise<JobRow | undefined> {
  return database.selectFrom('job').selectAll().where('job_id', '=', jobId).executeTakeFirst();
}

/**
 * One job with what was submitted for it, as the bytes of JSON in UTF-8. A transcript of hours is megabytes that nobody
 * here reads: it goes from the database to the socket as it lies there, and is never a string.
 */
export async function jobWithResult(
  context: Clocks & Pick<Context, 'database'>,
  row: SeenJob,
): Promise<readonly Uint8Array[]> {
  const result = await context.database
    .selectFrom('job_result')
    .select(utf8(context.database, 'submitted_json').as('bytes'))
    .where('job_id', '=', row.job_id)
    .executeTakeFirst();
  const job = JSON.stringify(operatorJob(context, row));
  if (result === undefined) return [Buffer.from(job)];
  return [Buffer.from(`${job.slice(0, -1)},"submitted":`), result.bytes, Buffer.from('}')];
}
