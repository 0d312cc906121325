import { z } from 'zod';
import { DERIVED_KINDS, DerivedRef, Sha256 } from './facts.ts';
import { JOB_TYPES, OPERATIONS } from './job.ts';

/**
 * The protocol's schemas, spelled exactly as on the wire (protocol.md). Requests are strict where we are the
 * sender; answers are loose: other servers may add fields, and an optional field may come as null.
 */

export const API_BASE = '/api/v1';

const Uuid = z.guid();
const Instant = z.iso.datetime({ offset: true });
/** Absent and null are the same thing in an answer. */
const maybe = <T extends z.ZodType>(schema: T) => schema.nullish().transform((value) => value ?? undefined);

export const ErrorBody = z.object({
  code: z.string(),
  message: z.string(),
  details: z.unknown().optional(),
  /** The `x-request-id` of the answer, under which the server's log has it. */
  request_id: z.string().optional(),
});
export type ErrorBody = z.infer<typeof ErrorBody>;

// ── jobs ────────────────────────────────────────────────────────────────────────────────────────────────────────

/** A job as a server sends it. Only `job_id` and `job_type` are certain: job.ts decides whether the rest is valid. */
export const WireJob = z.looseObject({
  job_id: Uuid,
  job_type: z.string(),
  status: maybe(z.string()),
  asset_uuid: z.unknown().optional(),
  required_capabilities: z.unknown().optional(),
  inputs: z.unknown().optional(),
  expected_outputs: z.unknown().optional(),
  invariants: z.unknown().optional(),
  priority: maybe(z.number()),
  claimed_by: maybe(z.string()),
  lock_token: maybe(z.string().min(1)),
  locked_until: maybe(Instant),
});
export type WireJob = z.infer<typeof WireJob>;

/**
 * Offers one by one: one that cannot even be named (no UUID as `job_id`) is counted in `unreadable`, and costs the
 * others of its page nothing.
 */
const Offers = z.array(z.unknown()).transform((entries) => {
  const items = entries.flatMap((entry) => {
    const offer = WireJob.safeParse(entry);
    return offer.success ? [offer.data] : [];
  });
  return { items, unreadable: entries.length - items.length };
});

export const JobPage = z.union([
  Offers.transform((offers) => ({ ...offers, next_cursor: undefined, policy_revision: undefined })),
  z
    .object({ items: Offers, next_cursor: maybe(z.string().min(1)), policy_revision: maybe(z.string().max(100)) })
    .transform(({ items: offers, ...rest }) => ({ ...offers, ...rest })),
]);
export type JobPage = z.infer<typeof JobPage>;

// ── agents ──────────────────────────────────────────────────────────────────────────────────────────────────────

export const RegisterRequest = z.object({
  installation_id: Uuid,
  agent_name: z.string().min(1).max(200),
  agent_version: z.string().min(1).max(100),
  platform: z.string().max(100).optional(),
  capabilities: z.array(z.string().min(1).max(200)).max(200),
  max_parallel_jobs: z.int().min(1).max(64).optional(),
});
export type RegisterRequest = z.infer<typeof RegisterRequest>;

export const ClockTime = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'a time as "HH:MM"');

export const ServerPolicy = z.object({
  min_poll_interval_seconds: maybe(z.number().min(0)),
  max_parallel_jobs_allowed: maybe(z.int().min(0)),
  allowed_job_types: maybe(z.array(z.string())),
  quiet_hours: maybe(z.object({ start: ClockTime, end: ClockTime, timezone: maybe(z.string()) })),
  /** It works within these alone; what an operator said for this agent, as what follows. */
  work_hours: maybe(z.object({ start: ClockTime, end: ClockTime, timezone: maybe(z.string()) })),
  /** First parts of the source paths that it may take. */
  allowed_roots: maybe(z.array(z.string())),
  /** A larger source it passes over. */
  max_source_bytes: maybe(z.number().min(0)),
  /** Changes with what was said; a page of offers with another one says that it is time to register again. */
  revision: maybe(z.string().max(100)),
});
export type ServerPolicy = z.infer<typeof ServerPolicy>;

export const RegisterAnswer = z.object({ agent_id: Uuid, server_policy: maybe(ServerPolicy) });
export type RegisterAnswer = z.infer<typeof RegisterAnswer>;

/** The header of a poll by which an agent tells how it is: its JSON, percent-encoded. Other servers pass over it. */
export const AGENT_STATUS_HEADER = 'x-agent-status';

export const AgentStatus = z.object({
  /** Names of the media roots that it can read. */
  roots: z.array(z.string().max(200)).max(64),
  /** It has a single root, which paths without a known name are relative to: it takes whatever they begin with. */
  any_root: z.boolean().default(false),
  /** Why it takes nothing: `paused`, `draining`, or what its machine is given back for; absent: it works. */
  stands_by: z.string().max(50).optional(),
});
export type AgentStatus = z.infer<typeof AgentStatus>;

// ── lease ───────────────────────────────────────────────────────────────────────────────────────────────────────

export const HeartbeatRequest = z.object({
  lock_token: z.string().min(1),
  progress: z.number().min(0).max(1).optional(),
  stage: z.string().max(100).optional(),
});
export type HeartbeatRequest = z.infer<typeof HeartbeatRequest>;

export const HeartbeatAnswer = z.object({ locked_until: maybe(Instant), cancel_requested: maybe(z.boolean()) });
export type HeartbeatAnswer = z.infer<typeof HeartbeatAnswer>;

export const FailRequest = z.object({
  lock_token: z.string().min(1),
  error_code: z.string().min(1).max(100),
  message: z.string().min(1).max(10_000),
  retryable: z.boolean(),
});
export type FailRequest = z.infer<typeof FailRequest>;

// ── uploads ─────────────────────────────────────────────────────────────────────────────────────────────────────

export const UploadInitRequest = z.object({
  job_id: Uuid,
  lock_token: z.string().min(1),
  kind: z.enum(DERIVED_KINDS),
  content_type: z.string().min(1).max(200),
  size_bytes: z.int().min(1),
  sha256: Sha256,
});
export type UploadInitRequest = z.infer<typeof UploadInitRequest>;

export const UploadInitAnswer = z.object({
  upload_id: z.string().min(1),
  max_part_size_bytes: z.int().min(1),
  upload_url: maybe(z.string().min(1)),
  /** Parts may be put at a store of this origin, under addresses that `part-url` signs. Absent: they come here. */
  part_url_origin: maybe(z.string().min(1)),
});
export type UploadInitAnswer = z.infer<typeof UploadInitAnswer>;

export const PartUrlRequest = z.object({
  upload_id: z.string().min(1),
  lock_token: z.string().min(1),
  part_number: z.int().min(1).max(10_000),
  size_bytes: z.int().min(1),
  sha256: Sha256,
});
export type PartUrlRequest = z.infer<typeof PartUrlRequest>;

/** `PUT` the bytes there with these headers and no others that say who sends them; its `ETag` is the part's etag. */
export const PartUrlAnswer = z.object({
  url: z.url({ protocol: /^https?$/ }),
  headers: z.record(z.string(), z.string()),
  expires_in_seconds: z.int().min(1),
});
export type PartUrlAnswer = z.infer<typeof PartUrlAnswer>;

export const UploadPartAnswer = z
  .object({ etag: maybe(z.string()), part_etag: maybe(z.string()), checksum: maybe(z.string()) })
  .transform((answer, context) => {
    const etag = answer.etag ?? answer.part_etag ?? answer.checksum;
    if (etag !== undefined) return { etag };
    context.addIssue({ code: 'custom', message: 'neither etag, part_etag nor checksum' });
    return z.NEVER;
  });
export type UploadPartAnswer = z.infer<typeof UploadPartAnswer>;

export const UploadedPart = z.object({ part_number: z.int().min(1).max(10_000), etag: z.string().min(1) });
export type UploadedPart = z.infer<typeof UploadedPart>;

export const UploadCompleteRequest = z.object({
  upload_id: z.string().min(1),
  lock_token: z.string().min(1),
  parts: z.array(UploadedPart).min(1).max(10_000),
});
export type UploadCompleteRequest = z.infer<typeof UploadCompleteRequest>;

export const UploadCompleteAnswer = z.object({ ref: z.string().min(1) });
export type UploadCompleteAnswer = z.infer<typeof UploadCompleteAnswer>;

export const UploadStatusAnswer = z.object({ parts: z.array(UploadedPart) });
export type UploadStatusAnswer = z.infer<typeof UploadStatusAnswer>;

// ── operator scope ──────────────────────────────────────────────────────────────────────────────────────────────

export const CreateAssetRequest = z.object({
  source_path: z.string().min(1).max(4096),
  media_type: z.enum(['video', 'audio', 'image']).optional(),
});
export type CreateAssetRequest = z.infer<typeof CreateAssetRequest>;

export const Asset = z.object({
  uuid: Uuid,
  source_path: z.string(),
  media_type: maybe(z.string()),
  created_at: Instant,
});
export type Asset = z.infer<typeof Asset>;

export const CreateJobRequest = z.object({
  asset_uuid: Uuid,
  job_type: z.enum(JOB_TYPES),
  /** Without `asset_uuid` and `source_path`: the server adds those of the asset. */
  inputs: z.record(z.string(), z.unknown()).default({}),
  priority: z.int().min(-100).max(100).optional(),
});
export type CreateJobRequest = z.input<typeof CreateJobRequest>;

/** Files with their jobs, all of them or none. */
export const ImportRequest = z.object({
  /** Names what a person added at once, over all its requests. */
  batch: Uuid.optional(),
  priority: z.int().min(-100).max(100).optional(),
  files: z
    .array(
      z.object({
        source_path: z.string().min(1).max(4096),
        jobs: z
          .array(z.object({ job_type: z.enum(JOB_TYPES), inputs: z.record(z.string(), z.unknown()).default({}) }))
          .min(1)
          .max(16),
      }),
    )
    .min(1)
    .max(100),
});
export type ImportRequest = z.input<typeof ImportRequest>;
export const ImportAnswer = z.object({ jobs: z.int().min(0) });
export type ImportAnswer = z.infer<typeof ImportAnswer>;

/** A job as people and tools see it: with its history and, once it ended, what was submitted or why it failed. */
export const OperatorJob = WireJob.extend({
  attempts: z.int().min(0),
  max_attempts: z.int().min(1),
  not_before: maybe(Instant),
  created_at: Instant,
  updated_at: Instant,
  progress: maybe(z.number()),
  stage: maybe(z.string()),
  cancel_requested: maybe(z.boolean()),
  /** Pending, and offered to nobody until it is released. */
  held: maybe(z.boolean()),
  submitted: z.unknown().optional(),
  failure: maybe(z.object({ error_code: z.string(), message: z.string(), retryable: z.boolean() })),
});
export type OperatorJob = z.infer<typeof OperatorJob>;

export const OperatorJobPage = z.object({
  items: z.array(OperatorJob),
  next_cursor: maybe(z.string()),
  /** Of a search: on all pages. */
  total: maybe(z.int().min(0)),
});
export type OperatorJobPage = z.infer<typeof OperatorJobPage>;

export const DerivedEntry = DerivedRef.extend({ job_id: Uuid });
export type DerivedEntry = z.infer<typeof DerivedEntry>;

export const JobsSummary = z.object({
  by_status: z.record(z.string(), z.int().min(0)),
  /** Pending jobs for which no registered agent declares the capability: capability → count. */
  by_missing_capability: z.record(z.string(), z.int().min(0)),
});
export type JobsSummary = z.infer<typeof JobsSummary>;

/** What still has to be done for files that were added at once. */
export const QueueBatch = z.object({
  batch: Uuid,
  /** Of the watched folder that it came from; absent: somebody added it. */
  name: maybe(z.string()),
  added_at: Instant,
  files: z.int().min(0),
  /** Nothing is pending or claimed for these any more. */
  files_ended: z.int().min(0),
  /** Of `files_ended`: a job failed. */
  files_failed: z.int().min(0),
  jobs: z.int().min(0),
  /** Job type → jobs that are neither held nor claimed. */
  pending: z.record(z.string(), z.int().min(0)),
});
export type QueueBatch = z.infer<typeof QueueBatch>;

export const QueueOverview = z.object({
  /** Files of which a job is pending. */
  files: z.int().min(0),
  held_jobs: z.int().min(0),
  held_files: z.int().min(0),
  pending: z.record(z.string(), z.int().min(0)),
  /** Those with pending or claimed jobs, in the order they came. */
  batches: z.array(QueueBatch),
});
export type QueueOverview = z.infer<typeof QueueOverview>;

export const OperateRequest = z.object({
  operation: z.enum(OPERATIONS),
  job_ids: z.array(Uuid).min(1).max(1000),
  /** With `priority` only. */
  priority: z.int().optional(),
});
export type OperateRequest = z.infer<typeof OperateRequest>;
/** The jobs that were changed, with the priority they had: what it takes to undo it. */
export const OperateAnswer = z.object({ jobs: z.array(z.object({ job_id: Uuid, priority: z.int() })) });
export type OperateAnswer = z.infer<typeof OperateAnswer>;

export const AgentEntry = z.object({
  agent_id: Uuid,
  installation_id: Uuid,
  agent_name: z.string(),
  agent_version: z.string(),
  platform: maybe(z.string()),
  capabilities: z.array(z.string()),
  last_seen_at: Instant,
});
export type AgentEntry = z.infer<typeof AgentEntry>;

export const RetryRequest = z.object({
  /** The agent of which it failed leaves it to the others for ten minutes, where one of them can do it. */
  elsewhere_first: z.boolean().default(false),
});
export type RetryRequest = z.output<typeof RetryRequest>;

export const PriorityRequest = z.object({ priority: z.int().min(-100).max(100) });
export const EnrollRequest = z.object({ token: z.string().min(1), installation_id: Uuid });
export const EnrollAnswer = z.object({ token: z.string().min(1) });
