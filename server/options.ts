import { JOB_TYPES } from '../shared/job.ts';
import { type ServerPolicy } from '../shared/wire.ts';
import type { PostgresOptions } from './database/open.ts';
import type { S3Options } from './derived/s3/address.ts';
import type { WatchOptions } from './rules/watch.ts';
import type { TellOptions } from './tell/tell.ts';
import type { TlsFiles } from './tls.ts';

/** The part of a pino logger that the server uses. */
export interface ServerLog {
  info(fields: Readonly<Record<string, unknown>>, message: string): void;
  warn(fields: Readonly<Record<string, unknown>>, message: string): void;
  error(fields: Readonly<Record<string, unknown>>, message: string): void;
}

interface PolicyOptions {
  readonly allowed_job_types?: readonly string[];
  readonly quiet_hours?: { readonly start: string; readonly end: string; readonly timezone?: string };
  readonly max_parallel_jobs_allowed?: number;
}

export interface ServerOptions {
  /** Everything the server keeps: database, derived files, uploads, tokens. Made when missing. */
  readonly dataDir: string;
  /** In place of the SQLite file in the data folder; several servers may share it and the folder. */
  readonly postgres?: PostgresOptions;
  /** In place of the folder for derived files; then several servers need not share the data folder. */
  readonly derived?: S3Options;
  /** Address to listen on; loopback unless said otherwise. */
  readonly host?: string;
  /** Folder of the built page for operators, which `/` then shows; absent: none is served. */
  readonly pageDir?: string;
  /** 0 or absent: any free port. */
  readonly port?: number;
  /** Serves HTTPS with these; renewed files are taken while it runs. */
  readonly tls?: TlsFiles;
  /** A proxy in front of it has the TLS: plain HTTP may be listened to beyond loopback, and nobody is taken for local. */
  readonly behindProxy?: boolean;
  /** Length of a lease in seconds, default 60. */
  readonly leaseSeconds?: number;
  /** Attempts that count before a job is failed, default 3. */
  readonly maxAttempts?: number;
  /** Wait in seconds before a failed job is offered again; `attempts` counts from 1. Default 10 s × 2ⁿ⁻¹, at most 600 s. */
  readonly backoff?: (attempts: number) => number;
  readonly minPollIntervalSeconds?: number;
  /** Default 8 MiB. */
  readonly maxPartSizeBytes?: number;
  /** Largest derived file, default 64 GiB; beyond it init answers 413. */
  readonly maxUploadSizeBytes?: number;
  /** An upload that no part reached for this long expires, default 24 h. */
  readonly uploadTtlSeconds?: number;
  /** Idempotency keys, ended uploads and files no result named are kept this long, default 14 days. */
  readonly retentionDays?: number;
  /** Derived files are purged this long after they were accepted; absent: kept for good. */
  readonly derivedRetentionDays?: number;
  /** Ended jobs without listed files are forgotten after this long; absent: kept for good. */
  readonly jobRetentionDays?: number;
  /** Lines of the ledger are kept this long; absent: for good. */
  readonly ledgerRetentionDays?: number;
  /** Calls that one agent may make in a minute, beside those for its leases and results; absent: any number. */
  readonly agentCallsPerMinute?: number;
  /** Bytes that one agent may have announced and not completed, for jobs that it holds; absent: any number. */
  readonly openUploadBytes?: number;
  /** Kept free on the disk for leases and results, in bytes; default 0: none. */
  readonly reserveBytes?: number;
  /** How often the sweeper looks, default 5 s; 0: only when `sweep()` is called. */
  readonly sweepIntervalSeconds?: number;
  /** An agent not heard of for this long no longer counts as there (missing capabilities), default 120 s. */
  readonly agentSeenSeconds?: number;
  /** False: only agents that enrolled are let in; the shared agent token is good for nothing. Default true. */
  readonly sharedAgentToken?: boolean;
  /** False: only operators by name are let in. Default true: whoever may read the token in the data folder is an admin. */
  readonly sharedOperatorToken?: boolean;
  /** Replaces the token kept in the data folder. */
  readonly agentToken?: string;
  readonly operatorToken?: string;
  /** The wall clock, epoch ms. */
  readonly clock?: () => number;
  /** The clock that nobody sets, ms from any beginning; default: `clock` where that is given. */
  readonly monotonic?: () => number;
  readonly log?: ServerLog;
  /** Absent: it follows no rules that watch folders. */
  readonly watch?: WatchOptions | undefined;
  /** Absent: it tells nobody. */
  readonly tell?: TellOptions | undefined;
  /** Absent: there is no `/metrics`. `token`: lets whoever has it read them, and nothing else. */
  readonly metrics?: { readonly token?: string | undefined };
  /** A line in the log for each call. */
  readonly accessLog?: boolean;
  readonly policy?: PolicyOptions;
  /** How long close() waits for requests in flight, in ms, default 10,000. */
  readonly closeGraceMs?: number;
}

/** Options with every default filled in; times in ms. */
export interface ServerSettings {
  readonly leaseMs: number;
  readonly maxAttempts: number;
  readonly backoffMs: (attempts: number) => number;
  readonly maxPartSizeBytes: number;
  readonly maxUploadSizeBytes: number;
  readonly uploadTtlMs: number;
  readonly retentionMs: number;
  readonly derivedRetentionMs: number | undefined;
  readonly jobRetentionMs: number | undefined;
  readonly ledgerRetentionMs: number | undefined;
  readonly agentSeenMs: number;
  readonly agentCallsPerMinute: number | undefined;
  readonly openUploadBytes: number | undefined;
  readonly policy: Policy;
}

/** As the register call answers it; also what claim enforces. */
export interface Policy {
  readonly min_poll_interval_seconds: number;
  readonly max_parallel_jobs_allowed: number;
  readonly allowed_job_types: readonly string[];
  readonly quiet_hours?: NonNullable<ServerPolicy['quiet_hours']>;
}

/** What a server that runs for long keeps free: 4 MiB of write-ahead log, and as much again three times. */
export const USUAL_RESERVE_BYTES = 16 * 1024 * 1024;

/** A hundred calls a second: many times what sixteen jobs of an agent need. */
export const USUAL_AGENT_CALLS = 6_000;
/** Four times the largest file. */
export const USUAL_OPEN_UPLOAD_BYTES = 256 * 1024 ** 3;

const DAY_MS = 86_400_000;

export function settingsOf(options: ServerOptions): ServerSettings {
  const backoffSeconds = options.backoff ?? defaultBackoffSeconds;
  const days = (count: number | undefined) => (count === undefined ? undefined : count * DAY_MS);
  return {
    leaseMs: (options.leaseSeconds ?? 60) * 1_000,
    maxAttempts: options.maxAttempts ?? 3,
    backoffMs: (attempts) => Math.max(0, backoffSeconds(attempts)) * 1_000,
    maxPartSizeBytes: options.maxPartSizeBytes ?? 8 * 1024 * 1024,
    maxUploadSizeBytes: options.maxUploadSizeBytes ?? 64 * 1024 ** 3,
    uploadTtlMs: (options.uploadTtlSeconds ?? 86_400) * 1_000,
    retentionMs: (options.retentionDays ?? 14) * DAY_MS,
    derivedRetentionMs: days(options.derivedRetentionDays),
    jobRetentionMs: days(options.jobRetentionDays),
    ledgerRetentionMs: days(options.ledgerRetentionDays),
    agentCallsPerMinute: options.agentCallsPerMinute,
    openUploadBytes: options.openUploadBytes,
    agentSeenMs: (options.agentSeenSeconds ?? 120) * 1_000,
    policy: policyOf(options),
  };
}

/** 10 s, 20 s, 40 s … 600 s. */
function defaultBackoffSeconds(attempts: number): number {
  return Math.min(600, 10 * 2 ** Math.max(0, attempts - 1));
}

function policyOf(options: ServerOptions): Policy {
  const { allowed_job_types, max_parallel_jobs_allowed, quiet_hours } = options.policy ?? {};
  return {
    min_poll_interval_seconds: options.minPollIntervalSeconds ?? 5,
    max_parallel_jobs_allowed: max_parallel_jobs_allowed ?? 16,
    allowed_job_types: allowed_job_types ?? JOB_TYPES,
    ...(quiet_hours === undefined ? {} : { quiet_hours: { timezone: undefined, ...quiet_hours } }),
  };
}
