import { randomUUID } from 'node:crypto';
import type { z } from 'zod';
import { CAPABILITY_OF, CONTRACT_OF, parseJob } from '../../shared/job.ts';
import type { CreateJobRequest, OperatorJob } from '../../shared/wire.ts';
import { findAsset } from '../assets/assets.ts';
import type { Context } from '../context.ts';
import type { JobRow, Tx } from '../database/schema.ts';
import { record } from '../ledger/ledger.ts';
import { purged, validationFailed } from '../problem.ts';
import { operatorJob, type JobDocument } from './job-row.ts';
import { writing } from '../writing.ts';

/**
 * Makes a job as JOB-TYPES §3 lays its type down: capability, expected outputs and invariants come from there,
 * `asset_uuid` and `source_path` from the asset. @throws Problem 410 purged asset, 422 unknown asset
 */
export async function createJob(context: Context, request: z.output<typeof CreateJobRequest>): Promise<OperatorJob> {
  return writing(context, async (tx, now) => {
    const asset = await findAsset(tx, request.asset_uuid);
    if (asset === undefined)
      throw validationFailed([{ field: 'asset_uuid', message: 'names no asset of this server' }]);
    if (asset.purged_at !== null) throw purged('The asset was purged; create it anew first.');
    const contract = CONTRACT_OF[request.job_type];
    const document: JobDocument = {
      asset_uuid: asset.uuid,
      required_capabilities: [CAPABILITY_OF[request.job_type]],
      inputs: { ...request.inputs, asset_uuid: asset.uuid, source_path: asset.source_path },
      expected_outputs: contract.expectedOutputs,
      invariants: contract.invariants,
    };
    refuseInvalid(request.job_type, document);
    const draft = { jobType: request.job_type, document, priority: request.priority ?? 0 };
    return operatorJob(context, await insertJob(context, tx, draft, now));
  });
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
}

/**
 * Puts a job into the queue exactly as given, valid or not: what another producer of jobs might do. Not reachable
 * over HTTP.
 */
export async function insertRawJob(context: Context, draft: JobDraft): Promise<OperatorJob> {
  return writing(context, async (tx, now) => operatorJob(context, await insertJob(context, tx, draft, now)));
}

async function insertJob(context: Context, tx: Tx, draft: JobDraft, now: number): Promise<JobRow> {
  const { document, jobType } = draft;
  const jobId = draft.jobId ?? randomUUID();
  const assetUuid = typeof document.asset_uuid === 'string' ? document.asset_uuid : null;
  const asset = assetUuid === null ? undefined : await findAsset(tx, assetUuid);
  const invalid = parseJob(wireOf(jobId, jobType, document)).kind === 'invalid' ? 1 : 0;
  const capabilities = requiredCapabilities(document);
  const row = await tx
    .insertInto('job')
    .values({
      job_id: jobId,
      job_type: jobType,
      asset_uuid: asset?.uuid ?? null,
      document_json: JSON.stringify(document),
      invalid,
      needs: JSON.stringify(invalid === 1 ? [] : capabilities),
      priority: draft.priority ?? 0,
      status: 'pending',
      attempts: 0,
      max_attempts: draft.maxAttempts ?? context.settings.maxAttempts,
      not_before: null,
      claimed_by: null,
      lock_token: null,
      locked_until: null,
      in_grace: 0,
      cancel_requested: 0,
      progress: null,
      stage: null,
      failure_json: null,
      last_lock_hash: null,
      last_report_hash: null,
      created_at: now,
      updated_at: now,
    })
    .returningAll()
    .executeTakeFirstOrThrow();
  const rows = capabilities.map((capability) => ({ job_id: jobId, capability }));
  if (rows.length > 0) await tx.insertInto('job_capability').values(rows).execute();
  await record(tx, { at: now, event: 'jobCreated', jobId, detail: { job_type: jobType, asset_uuid: assetUuid } });
  return row;
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
