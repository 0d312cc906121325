import { randomUUID } from 'node:crypto';
import type { z } from 'zod';
import { CAPABILITY_OF, CONTRACT_OF, type JobStatus, type JobType } from '../../shared/job.ts';
import { parseJob } from '../../shared/wire-job.ts';
import type { CreateJobRequest, ImportAnswer, ImportRequest, OperatorJob } from '../../shared/wire.ts';
import { assetOfPath, findAsset, type AssetRow } from '../assets/assets.ts';
import type { Context } from '../context.ts';
import type { JobRow, NewJobRow, Tx } from '../database/schema.ts';
import { once, type RequestIdentity } from '../idempotency/idempotency.ts';
import { record } from '../ledger/ledger.ts';
import { purged, validationFailed } from '../problem.ts';
import { NO_FAILURE } from './failure-columns.ts';
import { operatorJob, unheld, type JobDocument } from './job-row.ts';
import { writeTransaction } from '../write-transaction.ts';

/**
 * Makes a job as JOB-TYPES §3 lays its type down: capability, expected outputs and invariants come from there,
 * `asset_uuid` and `source_path` from the asset. @throws Problem 410 purged asset, 422 unknown asset
 */
export async function createJob(
  context: Context,
  request: z.output<typeof CreateJobRequest>,
  by: string,
): Promise<OperatorJob> {
  return writeTransaction(context, async (tx, now) => {
    const asset = await findAsset(tx, request.asset_uuid);
    if (asset === undefined)
      throw validationFailed([{ field: 'asset_uuid', message: 'names no asset of this server' }]);
    if (asset.purged_at !== null) throw purged('The asset was purged; create it anew first.');
    return operatorJob(context, unheld(await insertJob(context, tx, draftOf(asset, request), now, by)));
  });
}

/** @throws Problem 422 when the inputs break JOB-TYPES */
function draftOf(
  asset: Pick<AssetRow, 'uuid' | 'source_path'>,
  wanted: Pick<z.output<typeof CreateJobRequest>, 'job_type' | 'inputs' | 'priority'>,
): JobDraft {
  const contract = CONTRACT_OF[wanted.job_type];
  const document: JobDocument = {
    asset_uuid: asset.uuid,
    required_capabilities: [CAPABILITY_OF[wanted.job_type]],
    inputs: { ...wanted.inputs, asset_uuid: asset.uuid, source_path: asset.source_path },
    expected_outputs: contract.expectedOutputs,
    invariants: contract.invariants,
  };
  refuseInvalid(wanted.job_type, document);
  return { jobType: wanted.job_type, document, priority: wanted.priority ?? 0 };
}

/**
 * Makes an asset of each source path and its jobs, in one transaction: all or nothing, and once for each
 * Idempotency-Key, so that whoever imports thousands of files can be cut off anywhere. @throws Problem 422
 */
export async function importFiles(
  context: Context,
  { files, priority, batch }: z.output<typeof ImportRequest>,
  identity: RequestIdentity,
  by: string,
): Promise<ImportAnswer> {
  return writeTransaction(context, (tx, now) =>
    once(tx, identity, now, async () => {
      let made = 0;
      for (const file of files) made += (await addFile(context, tx, { ...file, priority, batch }, now, by, 'all')).jobs;
      return { jobs: made };
    }),
  );
}

/** A source path and the jobs that are wished for it. */
interface FileWish {
  readonly source_path: string;
  readonly jobs: readonly Pick<z.output<typeof CreateJobRequest>, 'job_type' | 'inputs'>[];
  readonly priority?: number | undefined;
  readonly batch?: string | undefined;
}

/** `missing`: those that are not made yet; `anew`: of a file that became another. */
type Making = 'all' | 'missing' | 'anew';
/** Jobs of the same type and inputs that make a new one needless. What waits is going to read the file as it is then. */
const STANDING: Readonly<Record<Exclude<Making, 'all'>, readonly JobStatus[]>> = {
  missing: ['pending', 'claimed', 'completed'],
  anew: ['pending'],
};

/** Makes the asset of a source path, where there is none, and its jobs. @throws Problem 422 */
export async function addFile(
  context: Context,
  tx: Tx,
  { source_path, jobs, priority, batch }: FileWish,
  now: number,
  by: string,
  making: Making,
): Promise<{ readonly assetUuid: string; readonly jobs: number }> {
  const asset = await assetOfPath(tx, { source_path }, now, by);
  const wished = jobs.map((job) => draftOf(asset, { ...job, priority }));
  const drafts = making === 'all' ? wished : await withoutStanding(tx, asset.uuid, wished, STANDING[making]);
  const known = { assetUuid: asset.uuid, isValid: true, batch };
  const made = drafts.map((draft) => ({ ...draft, ...known, jobId: context.uuid() }));
  if (made.length > 0) await insertJobs(context, tx, made, now, by);
  return { assetUuid: asset.uuid, jobs: made.length };
}

async function withoutStanding(
  tx: Tx,
  assetUuid: string,
  drafts: readonly JobDraft[],
  statuses: readonly JobStatus[],
): Promise<readonly JobDraft[]> {
  const standing = await tx
    .selectFrom('job')
    .select(['job_type', 'document_json'])
    .where('asset_uuid', '=', assetUuid)
    .where('status', 'in', statuses)
    .execute();
  const isStanding = ({ jobType, document }: JobDraft): boolean => {
    const text = JSON.stringify(document);
    return standing.some((job) => job.job_type === jobType && job.document_json === text);
  };
  return drafts.filter((draft) => !isStanding(draft));
}

/** Refuses inputs that no job of this type could have. @throws Problem 422 */
export function refuseInputs(jobType: JobType, inputs: Readonly<Record<string, unknown>>): void {
  draftOf({ uuid: randomUUID(), source_path: 'ROOT/file' }, { job_type: jobType, inputs: { ...inputs }, priority: 0 });
}

/** What is wrong with the inputs of a new job is said at once, not by the first agent that claims it. */
function refuseInvalid(jobType: string, document: JobDocument): void {
  const parsed = parseJob(wireOf(randomUUID(), jobType, document));
  if (parsed.kind !== 'invalid') return;
  throw validationFailed([{ field: parsed.failure.detail?.subject ?? 'inputs', message: parsed.failure.message }]);
}

export interface JobDraft {
  readonly jobType: string;
  readonly document: JobDocument;
  readonly jobId?: string;
  readonly priority?: number;
  readonly maxAttempts?: number;
  readonly batch?: string | undefined;
}

/**
 * Puts a job into the queue exactly as given, valid or not: what another producer of jobs might do. Not reachable
 * over HTTP.
 */
export async function insertRawJob(context: Context, draft: JobDraft): Promise<OperatorJob> {
  return writeTransaction(context, async (tx, now) =>
    operatorJob(context, unheld(await insertJob(context, tx, draft, now, null))),
  );
}

async function insertJob(context: Context, tx: Tx, draft: JobDraft, now: number, by: string | null): Promise<JobRow> {
  const assetUuid = assetOf(draft);
  const asset = assetUuid === null ? undefined : await findAsset(tx, assetUuid);
  const jobId = draft.jobId ?? context.uuid();
  const isValid = parseJob(wireOf(jobId, draft.jobType, draft.document)).kind !== 'invalid';
  const job = { ...draft, jobId, assetUuid: asset?.uuid ?? null, isValid };
  const [row] = await insertJobs(context, tx, [job], now, by);
  if (row === undefined) throw new Error('the database returned no row for a new job');
  return row;
}

function assetOf({ document }: JobDraft): string | null {
  return typeof document.asset_uuid === 'string' ? document.asset_uuid : null;
}

/** A draft about which everything is known. */
interface NewJob extends JobDraft {
  readonly jobId: string;
  /** Of an asset that exists. */
  readonly assetUuid: string | null;
  readonly isValid: boolean;
}

/** Writes several jobs with one statement a table: of thousands, each statement counts. */
async function insertJobs(
  context: Context,
  tx: Tx,
  jobs: readonly NewJob[],
  now: number,
  by: string | null,
): Promise<JobRow[]> {
  const rows = await tx
    .insertInto('job')
    .values(jobs.map((job) => newRow(context, job, now)))
    .returningAll()
    .execute();
  const capabilities = jobs.flatMap(({ jobId, document }) =>
    requiredCapabilities(document).map((capability) => ({ job_id: jobId, capability })),
  );
  if (capabilities.length > 0) await tx.insertInto('job_capability').values(capabilities).execute();
  const entries = jobs.map((job) => ({
    at: now,
    event: 'jobCreated' as const,
    jobId: job.jobId,
    operator: by,
    detail: { job_type: job.jobType, asset_uuid: assetOf(job) },
  }));
  await record(tx, ...entries);
  return rows;
}

function newRow(context: Context, { jobId, jobType, document, ...job }: NewJob, now: number): NewJobRow {
  return {
    job_id: jobId,
    job_type: jobType,
    asset_uuid: job.assetUuid,
    document_json: JSON.stringify(document),
    invalid: job.isValid ? 0 : 1,
    needs: JSON.stringify(job.isValid ? requiredCapabilities(document) : []),
    priority: job.priority ?? 0,
    status: 'pending',
    attempts: 0,
    max_attempts: job.maxAttempts ?? context.settings.maxAttempts,
    not_before: null,
    held: 0,
    batch: job.batch ?? null,
    claimed_by: null,
    ...NO_FAILURE,
    last_lock_hash: null,
    last_report_hash: null,
    created_at: now,
    updated_at: now,
  };
}

function requiredCapabilities(document: JobDocument): readonly string[] {
  const listed = document.required_capabilities;
  if (!Array.isArray(listed)) return [];
  return [...new Set(listed.filter((each): each is string => typeof each === 'string'))].sort();
}

function wireOf(jobId: string, jobType: string, document: JobDocument): Parameters<typeof parseJob>[0] {
  const { asset_uuid, required_capabilities, inputs, expected_outputs, invariants } = document;
  return {
    job_id: jobId,
    job_type: jobType,
    status: 'pending',
    asset_uuid,
    required_capabilities,
    inputs,
    expected_outputs,
    invariants,
    priority: undefined,
    claimed_by: undefined,
    lock_token: undefined,
    locked_until: undefined,
  };
}
