import type { ColumnType, Generated, Insertable, Kysely, Selectable, Transaction } from 'kysely';
import type { DerivedKind } from '../../shared/facts.ts';
import type { JobStatus } from '../../shared/job.ts';
import type { OperatorRole } from '../../shared/operator-roles.ts';
import type { HealthStateTable } from './health-tables.ts';
import type { TellCursorTable, TellGatheredTable, TellOutboxTable } from './tell-tables.ts';
import type { WatchedFileTable, WatchRuleTable } from './rule-tables.ts';

/**
 * The tables, as every dialect has them. Instants are epoch milliseconds, booleans 0 or 1, and columns named
 * `*_json` hold JSON text: all three read the same from SQLite and from PostgreSQL.
 */

export interface AssetTable {
  uuid: string;
  source_path: string;
  /** On PostgreSQL alone: what is searched in (search.ts). */
  source_folded?: ColumnType<never, string, string>;
  media_type: string | null;
  created_at: number;
  /** Set once everything about the asset was removed for good: uploads for it answer 410 PURGED. */
  purged_at: number | null;
}

interface AgentTable {
  agent_id: string;
  installation_id: string;
  agent_name: string;
  agent_version: string;
  platform: string | null;
  max_parallel_jobs: number | null;
  registered_at: number;
  last_seen_at: number;
  /** sha256 of the agent's own bearer, when it enrolled or its token was rotated. */
  token_hash: string | null;
  /** sha256 of the bearer it was given last and has not used yet: until then the one before is good. */
  pending_token_hash: string | null;
  /** An operator wants it to take nothing new: since when, who, why, and until when; all null: nobody does. */
  paused_at: number | null;
  paused_by: string | null;
  pause_note: string | null;
  /** Null with `paused_at`: until somebody ends it. */
  paused_until: number | null;
  /** Set: it is let in no more, until it enrols anew. */
  revoked_at: number | null;
  /** What operators said for it (AgentPolicy); null: nothing. */
  policy_json: string | null;
  /** Who said so, or ended it, and when; null: nobody ever did. */
  policy_by: string | null;
  policy_at: number | null;
  /** What it told with its last poll (AgentStatus); null: nothing. */
  status_json: string | null;
}

interface AgentCapabilityTable {
  agent_id: string;
  capability: string;
}

/** People and tools by name, who have a token each. */
interface OperatorTable {
  name: string;
  role: OperatorRole;
  /** sha256 of the token. */
  token_hash: string;
  /** Null: never. */
  expires_at: number | null;
  /** The token that was rotated last, and until when it is still good beside the new one. */
  previous_hash: string | null;
  previous_until: number | null;
  created_at: number;
  rotated_at: number;
}

interface EnrollmentTable {
  token_hash: string;
  created_at: number;
  expires_at: number;
  used_at: number | null;
  /** The installation_id that used it, the sha256 of its Idempotency-Key, and what its bearer is derived with. */
  used_by: string | null;
  key_hash: string | null;
  bearer_salt: string | null;
}

export interface JobTable {
  /** Order of creation. */
  sequence: Generated<number>;
  job_id: string;
  job_type: string;
  /** Null where an invalid job names no asset that exists. */
  asset_uuid: string | null;
  /** The parts of JOB-TYPES §2 exactly as they go over the wire, wrong ones included. */
  document_json: string;
  /** 1: breaks JOB-TYPES §2; claimable without a capability, only to be failed as INVALID_JOB. */
  invalid: number;
  /** JSON array of the capabilities it requires, sorted; `[]` for an invalid job, which anybody may take. */
  needs: string;
  priority: number;
  status: JobStatus;
  /** Attempts that ended and count: accepted results, counted failures, lapsed leases. */
  attempts: number;
  max_attempts: number;
  /** Of the lease clock. */
  not_before: number | null;
  /** Who holds it, or did it. */
  claimed_by: string | null;
  /** 1: pending, and offered to nobody until a person releases it. */
  held: number;
  /** What a person added at once. */
  batch: string | null;
  failure_json: string | null;
  /** Of a failure that needs somebody: its code and its sentence without names, alike for all that failed so. */
  cause: string | null;
  /** The agent of that failure. */
  failed_by: string | null;
  /** Which report ended the last lease, so that its repeat is recognised without an Idempotency-Key. */
  last_lock_hash: string | null;
  last_report_hash: string | null;
  created_at: number;
  updated_at: number;
}

/**
 * One row for each claimed job, and none for any other: what heartbeats change, apart from the job, which they leave
 * alone.
 */
interface LeaseTable {
  job_id: string;
  agent_id: string;
  lock_token: string;
  /** Of the lease clock. */
  locked_until: number;
  /** 1: the lease lives on because the server was away, and its holder was not heard of since. */
  in_grace: number;
  /** 1: its holder is told by its next heartbeat. */
  cancel_requested: number;
  progress: number | null;
  stage: string | null;
  /** When its holder was heard of last. */
  heard_at: number;
}

/** What was submitted for a completed job. */
interface JobResultTable {
  job_id: string;
  submitted_json: string;
}

/** How many jobs there are, kept by the database with every change of one. */
interface JobCountTable {
  status: JobStatus;
  needs: string;
  jobs: number;
}

/** Jobs of one file: within one batch, within none ('') or in all ('*'). */
interface FileCountTable {
  batch: string;
  asset_uuid: string;
  pending: number;
  /** Of the pending ones. */
  held: number;
  claimed: number;
  failed: number;
  jobs: number;
  /** When the first of them came, ms since 1970. */
  added_at: number;
}

/** Files of one batch, of none or of all. */
interface BatchCountTable {
  batch: string;
  files: number;
  /** Something of them is pending or claimed. */
  open_files: number;
  pending_files: number;
  held_files: number;
  /** Nothing of them is left to do, and something failed. */
  failed_files: number;
  jobs: number;
  added_at: number;
}

/** Of the counters: all jobs together, and those that were not added with others. */
export const ALL_BATCHES = '*';
export const NO_BATCH = '';

interface PendingCountTable {
  batch: string;
  job_type: string;
  held: number;
  jobs: number;
}

interface JobCapabilityTable {
  job_id: string;
  capability: string;
}

type UploadStatus = 'open' | 'completed' | 'expired';

interface UploadTable {
  upload_id: string;
  asset_uuid: string;
  job_id: string;
  agent_id: string;
  lock_hash: string;
  kind: DerivedKind;
  content_type: string;
  size_bytes: number;
  sha256: string;
  part_size: number;
  status: UploadStatus;
  ref: string | null;
  /** What the store calls it while it is under way there; null where parts are files of their own. */
  store_upload: string | null;
  created_at: number;
  /** Last time a part arrived, by the lease clock; an upload nobody touches expires. */
  touched_at: number;
}

interface UploadPartTable {
  upload_id: string;
  part_number: number;
  /** sha256 of the part; it is also the etag. */
  etag: string;
  size_bytes: number;
  file_name: string;
}

/** `uploaded`: not yet named by an accepted result. `accepted`: listed. `superseded`, `purged`: the file is gone. */
type DerivedStatus = 'uploaded' | 'accepted' | 'superseded' | 'purged';

interface DerivedTable {
  ref: string;
  asset_uuid: string;
  job_id: string;
  kind: DerivedKind;
  content_type: string;
  size_bytes: number;
  sha256: string;
  status: DerivedStatus;
  /** Place in the accepted manifest. */
  position: number;
  created_at: number;
  updated_at: number;
}

interface IdempotencyTable {
  agent_id: string;
  idempotency_key: string;
  request_hash: string;
  answer_json: string;
  created_at: number;
}

interface LedgerTable {
  sequence: Generated<number>;
  at: number;
  event: string;
  agent_id: string | null;
  job_id: string | null;
  lock_hash: string | null;
  /** Name of the operator who asked for it. */
  operator: string | null;
  detail_json: string;
}

/** One row: see shared/retention-clock.ts. */
interface RetentionClockTable {
  id: number;
  /** Epoch ms. */
  age: number;
}

/** One row: which store has the files (derived/settle.ts). */
interface DerivedPlaceTable {
  id: number;
  place: string;
  /** An id of the catalogue, by which its files know it. */
  catalogue: string;
}

/** One row: lines of the ledger from before this instant may go. */
interface LedgerRetentionTable {
  id: number;
  before: number;
}

/** Jobs that the agent of which they failed leaves to others (jobs/elsewhere.ts). */
interface LeftToOthersTable {
  /** Of the job. */
  sequence: number;
  agent_id: string;
  /** Of the lease clock. */
  until: number;
}

export interface Tables {
  asset: AssetTable;
  agent: AgentTable;
  agent_capability: AgentCapabilityTable;
  enrollment: EnrollmentTable;
  operator: OperatorTable;
  job: JobTable;
  lease: LeaseTable;
  job_capability: JobCapabilityTable;
  job_result: JobResultTable;
  job_count: JobCountTable;
  file_count: FileCountTable;
  batch_count: BatchCountTable;
  pending_count: PendingCountTable;
  upload: UploadTable;
  upload_part: UploadPartTable;
  derived: DerivedTable;
  idempotency: IdempotencyTable;
  ledger: LedgerTable;
  ledger_retention: LedgerRetentionTable;
  retention_clock: RetentionClockTable;
  derived_place: DerivedPlaceTable;
  watch_rule: WatchRuleTable;
  watched_file: WatchedFileTable;
  health_state: HealthStateTable;
  left_to_others: LeftToOthersTable;
  tell_cursor: TellCursorTable;
  tell_gathered: TellGatheredTable;
  tell_outbox: TellOutboxTable;
}

export type Database = Kysely<Tables>;
export type Tx = Transaction<Tables>;
/** Reads take either; writes take a `Tx`. Inside a transaction only the `Tx` may be used: SQLite has one connection. */
export type Queries = Database | Tx;

export type JobRow = Selectable<JobTable>;
export type LeaseRow = Selectable<LeaseTable>;
export type NewJobRow = Insertable<JobTable>;
export type OperatorRow = Selectable<OperatorTable>;
export type AgentRow = Selectable<AgentTable>;
export type UploadRow = Selectable<UploadTable>;
export type UploadPartRow = Selectable<UploadPartTable>;
export type DerivedRow = Selectable<DerivedTable>;
export type LedgerRow = Selectable<LedgerTable>;
export type RuleRow = Selectable<WatchRuleTable>;
export type WatchedRow = Selectable<WatchedFileTable>;
export type HealthRow = Selectable<HealthStateTable>;
