import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { sql } from 'kysely';
import type { Database } from '../../../server/database/schema.ts';
import { sha256 } from '../../../server/hash.ts';
import type { Memory } from './agent.ts';

/** What the tables say after a run; every list is empty where all is well. */
export interface Audit {
  /** Claims of a job that was held. */
  readonly doubleClaims: readonly string[];
  /** Writes under another token than the one that held the job, or under none. */
  readonly staleWrites: readonly string[];
  /** Jobs, leases, results, files or counters that do not agree with each other or with what agents were answered. */
  readonly unaccounted: readonly string[];
  readonly jobs: Readonly<Record<string, number>>;
  /** Leases that lapsed although their holders had not fallen silent on purpose. */
  readonly lapsedInUse: number;
}

/** Ends the lease it is written under, or found over. */
const ENDS = ['jobSubmitted', 'jobFailed', 'jobGivenBack', 'jobCancelled', 'leaseExpired'];
/** Written after the end of the lease, in the same transaction. */
const AFTERWARDS = ['jobFailed', 'jobCancelled', 'derivedAccepted', 'derivedSuperseded'];

interface Line {
  readonly job_id: string;
  readonly event: string;
  readonly lock_hash: string | null;
}

/** Goes through the ledger, line by line, and holds the other tables against it. `dataDir`: where the files are. */
export async function audit(database: Database, memory: Memory, dataDir: string, filled: number): Promise<Audit> {
  const found = { doubleClaims: [] as string[], staleWrites: [] as string[], unaccounted: [] as string[] };
  const { rows } = await sql<Line>`SELECT job_id, event, lock_hash FROM ledger
    WHERE job_id IS NOT NULL AND event <> 'jobCreated' ORDER BY job_id, sequence`.execute(database);
  const walk = walkLedger(rows, found);
  const abandoned = new Set([...memory.abandoned].map(sha256));
  await holdJobs(database, walk, memory, filled, found.unaccounted);
  await holdFiles(database, dataDir, found.unaccounted);
  const jobs = await sql<{ status: string; jobs: number }>`
    SELECT status, count(*) AS jobs FROM job GROUP BY status ORDER BY status`.execute(database);
  return {
    ...found,
    jobs: Object.fromEntries(jobs.rows.map((row) => [row.status, row.jobs])),
    lapsedInUse: rows.filter(({ event, lock_hash }) => event === 'leaseExpired' && !abandoned.has(lock_hash ?? ''))
      .length,
  };
}

interface Walk {
  /** Job → the lease that holds it at the end. */
  readonly held: ReadonlyMap<string, string>;
  readonly completed: ReadonlySet<string>;
}

function walkLedger(lines: readonly Line[], found: { doubleClaims: string[]; staleWrites: string[] }): Walk {
  const held = new Map<string, string>();
  const ended = new Map<string, string>();
  const completed = new Set<string>();
  for (const { job_id: job, event, lock_hash: lock } of lines) {
    if (event === 'jobClaimed') {
      if (held.has(job) || completed.has(job)) found.doubleClaims.push(job);
      held.set(job, lock ?? '');
      continue;
    }
    if (lock === null) continue;
    const isHeld = held.get(job) === lock;
    if (!isHeld && !(AFTERWARDS.includes(event) && ended.get(job) === lock)) {
      found.staleWrites.push(`${job} ${event}`);
    }
    if (!isHeld || !ENDS.includes(event)) continue;
    held.delete(job);
    ended.set(job, lock);
    if (event === 'jobSubmitted') completed.add(job);
  }
  return { held, completed };
}

async function holdJobs(
  database: Database,
  { held, completed }: Walk,
  memory: Memory,
  filled: number,
  found: string[],
): Promise<void> {
  const moved = await sql<{ job_id: string; status: string; lock_token: string | null; has_result: number }>`
    SELECT job.job_id, job.status, lease.lock_token,
      CASE WHEN job_result.job_id IS NULL THEN 0 ELSE 1 END AS has_result
    FROM job LEFT JOIN lease ON lease.job_id = job.job_id LEFT JOIN job_result ON job_result.job_id = job.job_id
    WHERE job.status <> 'pending' OR lease.job_id IS NOT NULL OR job_result.job_id IS NOT NULL`.execute(database);
  const seen = new Set<string>();
  for (const { job_id: job, status, lock_token: token, has_result } of moved.rows) {
    seen.add(job);
    const lease = token === null ? undefined : sha256(token);
    if (lease !== held.get(job)) found.push(`${job}: its lease is not the one of the ledger`);
    if ((status === 'claimed') !== (token !== null)) found.push(`${job}: ${status}, and its lease says otherwise`);
    if ((status === 'completed') !== completed.has(job)) found.push(`${job}: ${status}, and the ledger says otherwise`);
    if ((status === 'completed') !== (has_result === 1)) found.push(`${job}: ${status}, and its result says otherwise`);
  }
  for (const job of [...held.keys(), ...completed, ...memory.submitted.keys()]) {
    if (!seen.has(job)) found.push(`${job}: it was worked on, and waits as if it had not been`);
  }
  for (const [job, times] of memory.submitted) {
    if (times !== 1) found.push(`${job}: ${times} results were accepted`);
    if (!completed.has(job)) found.push(`${job}: its result was accepted, and is lost`);
  }
  const { rows } = await sql<{ status: string; kept: number; counted: number }>`
    SELECT status, sum(kept) AS kept, sum(counted) AS counted FROM (
      SELECT status, jobs AS kept, 0 AS counted FROM job_count
      UNION ALL SELECT status, 0, count(*) FROM job GROUP BY status
    ) AS both_ways GROUP BY status`.execute(database);
  for (const { status, kept, counted } of rows) {
    if (Number(kept) !== Number(counted)) found.push(`${status}: ${counted} jobs, of which the counter knows ${kept}`);
  }
  const all = rows.reduce((sum, { counted }) => sum + Number(counted), 0);
  if (all !== filled) found.push(`${all} jobs of ${filled}`);
}

async function holdFiles(database: Database, dataDir: string, found: string[]): Promise<void> {
  const files = await sql<{ ref: string; sha256: string }>`
    SELECT ref, sha256 FROM derived WHERE status = 'accepted'`.execute(database);
  for (const { ref, sha256: hash } of files.rows) {
    try {
      const bytes = readFileSync(join(dataDir, 'derived', ref.slice(0, 2), ref));
      if (createHash('sha256').update(bytes).digest('hex') !== hash) found.push(`${ref}: other bytes`);
    } catch {
      found.push(`${ref}: its file is not there`);
    }
  }
}
