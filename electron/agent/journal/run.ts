import type { JobType, ParsedJob } from '../../../shared/job.ts';
import { defined } from '../../../shared/objects.ts';
import type { ExecutionOutcome } from '../../work/execution.ts';

/** A job this agent claimed, or is about to claim, and has not yet reported (reliability.md, "A job's life"). */
export interface Run {
  readonly runId: string;
  readonly jobId: string;
  readonly assetUuid: string;
  readonly jobType: JobType;
  readonly sourcePath: string;
  /** `claiming`: intent written, no answer yet. `executed`: outcome known, report owed. `kept`: the lease went before delivery. */
  readonly phase: 'claiming' | 'claimed' | 'executed' | 'kept';
  readonly claimKey: string;
  readonly claimedAt: string;
  /** Its executor had begun and did not end: the agent died with it. */
  readonly executing?: boolean;
  /** Since the claim was answered. */
  readonly job?: ParsedJob;
  readonly lockToken?: string;
  /** Hash of inputs and source identity: kept work is delivered again only if it is the same (protocol.md, Lease). */
  readonly fingerprint?: string;
  readonly outcome?: ExecutionOutcome;
  readonly report?: Report;
  readonly keptAt?: string;
}

/** The report whose bytes are fixed before its first try. */
export interface Report {
  readonly call: 'submit' | 'fail';
  readonly body: string;
  readonly key: string;
}

/** A part that the server holds. */
export interface UploadedPart {
  /** From 1. */
  readonly number: number;
  readonly etag: string;
}

export interface Upload {
  readonly artifact: number;
  readonly generation: number;
  readonly partSize?: number;
  readonly uploadId?: string;
  readonly uploadUrl?: string;
  /** Where the server keeps files, and parts may be put. */
  readonly storeOrigin?: string;
  readonly ref?: string;
}

export function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

/** What a JSON column holds; the journal is ours, so its shape is trusted once SQLite vouches for its integrity. */
export function fromJson<T>(value: unknown): T {
  return JSON.parse(String(value)) as T;
}

function column<T>(row: Record<string, unknown>, name: string): T | undefined {
  const value = text(row[name]);
  return value === undefined ? undefined : fromJson<T>(value);
}

export function readRun(row: Record<string, unknown>): Run {
  return {
    runId: String(row['run_id']),
    jobId: String(row['job_id']),
    assetUuid: String(row['asset_uuid']),
    // Was checked before it was written, as the phase was.
    jobType: String(row['job_type']) as JobType,
    sourcePath: String(row['source_path']),
    phase: String(row['phase']) as Run['phase'],
    claimKey: String(row['claim_key']),
    claimedAt: String(row['claimed_at']),
    ...defined({
      executing: Number(row['executing']) === 1 ? true : undefined,
      job: column<ParsedJob>(row, 'job'),
      lockToken: text(row['lock_token']),
      fingerprint: text(row['fingerprint']),
      outcome: column<ExecutionOutcome>(row, 'outcome'),
      report: column<Report>(row, 'report'),
      keptAt: text(row['kept_at']),
    }),
  };
}

export function readUpload(row: Record<string, unknown>): Upload {
  return {
    artifact: Number(row['artifact']),
    generation: Number(row['generation']),
    ...defined({
      partSize: row['part_size'] === null ? undefined : Number(row['part_size']),
      uploadId: text(row['upload_id']),
      uploadUrl: text(row['upload_url']),
      storeOrigin: text(row['store_origin']),
      ref: text(row['ref']),
    }),
  };
}
