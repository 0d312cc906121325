import { z } from 'zod';
import type { Failure } from '../../../shared/failure.ts';
import type { ServerPolicy } from '../../../shared/server-policy.ts';
import type { Backlog, QueueOverview as Overview } from '../../../shared/snapshot.ts';
import { parseJob } from '../../../shared/wire-job.ts';
import {
  HeartbeatAnswer,
  JobPage,
  JobsSummary,
  QueueOverview,
  RegisterAnswer,
  AGENT_STATUS_HEADER,
  WireJob,
  type AgentStatus,
  type FailRequest,
  type HeartbeatRequest,
  type RegisterRequest,
} from '../../../shared/wire.ts';
import { defined } from '../../../shared/objects.ts';
import type { ClaimAnswer, Offer } from './offer.ts';

/**
 * The words of a RushCatalog server and ours: everything the agent reads from one or writes to one is translated here, in
 * upload-words.ts and in submit-body.ts, and nowhere else. A server of another kind would be a second file like this one.
 */

/** Who signs on, and what it can do. */
export interface Registration {
  readonly installationId: string;
  readonly agentName: string;
  readonly agentVersion: string;
  readonly platform: string;
  readonly capabilities: readonly string[];
  readonly maxParallelJobs: number;
}

export interface Heartbeat {
  readonly lockToken: string;
  /** 0..1. */
  readonly progress?: number;
  readonly stage?: string;
}

// ── what a server says ──────────────────────────────────────────────────────────────────────────────────────────

/** `held` is told to operators alone. */
export function offerOf(wire: WireJob & { readonly held?: boolean | undefined }): Offer {
  const inputs = wire.inputs as { readonly source_path?: unknown } | null | undefined;
  return {
    jobId: wire.job_id,
    jobType: wire.job_type,
    assetUuid: typeof wire.asset_uuid === 'string' ? wire.asset_uuid : '',
    sourcePath: typeof inputs?.source_path === 'string' ? inputs.source_path : '',
    priority: wire.priority ?? 0,
    isHeld: wire.held === true,
    isPending: (wire.status ?? 'pending') === 'pending',
    job: parseJob(wire),
  };
}

function policyOf(wire: NonNullable<RegisterAnswer['server_policy']>): ServerPolicy {
  return {
    minPollIntervalSeconds: wire.min_poll_interval_seconds,
    maxParallelJobs: wire.max_parallel_jobs_allowed,
    allowedJobTypes: wire.allowed_job_types,
    quietHours: wire.quiet_hours,
    workHours: wire.work_hours,
    allowedRoots: wire.allowed_roots,
    maxSourceBytes: wire.max_source_bytes,
    revision: wire.revision,
  };
}

export const Registered = RegisterAnswer.transform(({ agent_id, server_policy }) => ({
  agentId: agent_id,
  policy: server_policy === undefined ? undefined : policyOf(server_policy),
}));

export const OfferPage = JobPage.transform(({ items, unreadable, next_cursor, policy_revision }) => ({
  offers: items.map(offerOf),
  unreadable,
  nextCursor: next_cursor,
  policyRevision: policy_revision,
}));

export const BacklogAnswer = JobsSummary.transform(({ by_status, by_missing_capability }): Backlog => ({
  byStatus: by_status,
  byMissingCapability: by_missing_capability,
}));

export const QueueAnswer = QueueOverview.transform(({ files, held_jobs, held_files, pending, batches }): Overview => ({
  files,
  heldJobs: held_jobs,
  heldFiles: held_files,
  pending,
  batches: batches.map(({ added_at, files_ended, files_failed, ...rest }) => ({
    ...rest,
    addedAt: added_at,
    filesEnded: files_ended,
    filesFailed: files_failed,
  })),
}));

export const Claimed = WireJob.transform((wire): ClaimAnswer => ({
  offer: offerOf(wire),
  lockToken: wire.lock_token,
  lockedUntil: wire.locked_until,
}));

export const Extended = HeartbeatAnswer.transform(({ locked_until, cancel_requested }) => ({
  lockedUntil: locked_until,
  cancelRequested: cancel_requested ?? false,
}));

// ── what we say ─────────────────────────────────────────────────────────────────────────────────────────────────

/** What an agent tells of itself with a poll. */
export interface PollStatus {
  /** Of all roots that are set up: whether each can be read. */
  readonly roots: readonly { readonly name: string; readonly readable: boolean }[];
  /** Why it takes nothing; undefined: it works. */
  readonly standsBy: string | undefined;
}

/** As a header, which a server that does not know it passes over; none as long as no root was looked at. */
export function statusHeaders({ roots, standsBy }: PollStatus): Record<string, string> {
  if (roots.length === 0) return {};
  const readable = roots.filter((root) => root.readable).map(({ name }) => name);
  const told: AgentStatus = {
    roots: readable.slice(0, MOST_ROOTS),
    // A path without a known name is then relative to it (work/storage/source-path.ts).
    any_root: roots.length === 1 && readable.length === 1,
    ...defined({ stands_by: standsBy }),
  };
  return { [AGENT_STATUS_HEADER]: encodeURIComponent(JSON.stringify(told)) };
}

/** As the server takes. */
const MOST_ROOTS = 64;

export function registerBody(own: Registration): string {
  const body: RegisterRequest = {
    installation_id: own.installationId,
    agent_name: own.agentName,
    agent_version: own.agentVersion,
    platform: own.platform,
    capabilities: [...own.capabilities],
    max_parallel_jobs: own.maxParallelJobs,
  };
  return JSON.stringify(body);
}

export function heartbeatBody({ lockToken, progress, stage }: Heartbeat): string {
  const body: HeartbeatRequest = {
    lock_token: lockToken,
    ...defined({ progress, stage }),
  };
  return JSON.stringify(body);
}

export function failBody(lockToken: string, failure: Failure): string {
  const body: FailRequest = {
    lock_token: lockToken,
    error_code: failure.code,
    message: failure.message.slice(0, 10_000),
    retryable: failure.retryable,
  };
  return JSON.stringify(body);
}

const AnyReport = z.record(z.string(), z.unknown());

/** A report as a page may see it: a lock token is a secret even when its lease is over. */
export function withoutToken(report: string): unknown {
  const { lock_token: _secret, ...rest } = AnyReport.parse(JSON.parse(report));
  return rest;
}
