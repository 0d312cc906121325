import { sql } from 'kysely';
import { isPostgres } from '../database/dialect.ts';
import type { LedgerRow, Queries, Tx } from '../database/schema.ts';
import { sha256 } from '../hash.ts';

const LEDGER_EVENTS = [
  'assetCreated',
  'assetPurged',
  'agentRegistered',
  'agentEnrolled',
  'agentTokenConfirmed',
  'agentTokenRotated',
  'agentPaused',
  'agentResumed',
  'agentRevoked',
  'agentPolicySet',
  'enrollmentCreated',
  'operatorAdded',
  'operatorRotated',
  'operatorRemoved',
  'jobCreated',
  'jobClaimed',
  'leaseExpired',
  'jobSubmitted',
  'jobFailed',
  'jobGivenBack',
  'cancelRequested',
  'jobTakenBack',
  'jobCancelled',
  'jobRetried',
  'priorityChanged',
  'jobHeld',
  'jobReleased',
  'uploadBegun',
  'partStored',
  'uploadCompleted',
  'uploadExpired',
  'derivedAccepted',
  'derivedSuperseded',
  'derivedPurged',
  'derivedLost',
  'assetMoved',
  'ruleAdded',
  'ruleChanged',
  'ruleRemoved',
  'stateBegan',
  'stateEnded',
] as const;
export type LedgerEvent = (typeof LEDGER_EVENTS)[number];

export interface LedgerEntry {
  readonly sequence: number;
  /** Epoch milliseconds. */
  readonly at: number;
  readonly event: string;
  readonly agentId: string | null;
  readonly jobId: string | null;
  /** sha256 of the lock token: proves which lease wrote, without being usable as one. */
  readonly lockHash: string | null;
  /** Name of the person or tool who asked for it; null: an agent, or the server by itself. */
  readonly operator: string | null;
  readonly detail: Readonly<Record<string, unknown>>;
}

interface NewEntry {
  readonly at: number;
  readonly event: LedgerEvent;
  readonly agentId?: string | null;
  readonly jobId?: string | null;
  readonly lockToken?: string | null;
  readonly operator?: string | null;
  readonly detail?: Readonly<Record<string, unknown>>;
}

/** Adds accepted writes to the ledger, in the transaction that writes them. Rows are never changed or removed. */
export async function record(tx: Tx, ...entries: readonly NewEntry[]): Promise<void> {
  await newLines(tx, ...entries).execute();
}

/** The same as a statement that is still to be run. */
export function newLines(tx: Tx, ...entries: readonly NewEntry[]) {
  const rows = entries.map((entry) => ({
    at: entry.at,
    event: entry.event,
    agent_id: entry.agentId ?? null,
    job_id: entry.jobId ?? null,
    lock_hash: entry.lockToken === undefined || entry.lockToken === null ? null : sha256(entry.lockToken),
    operator: entry.operator ?? null,
    detail_json: JSON.stringify(entry.detail ?? {}),
  }));
  return tx.insertInto('ledger').values(rows);
}

export interface LedgerFilter {
  readonly jobId?: string | undefined;
  readonly agentId?: string | undefined;
  readonly event?: string | undefined;
  /** Only entries after this sequence number. */
  readonly after?: number | undefined;
  readonly limit?: number | undefined;
}

/** Reads accepted writes, oldest first. What comes later has a higher number than everything that was read. */
export async function readLedger(database: Queries, filter: LedgerFilter = {}): Promise<readonly LedgerEntry[]> {
  let query = database.selectFrom('ledger').selectAll().orderBy('sequence', 'asc');
  if (filter.jobId !== undefined) query = query.where('job_id', '=', filter.jobId);
  if (filter.agentId !== undefined) query = query.where('agent_id', '=', filter.agentId);
  if (filter.event !== undefined) query = query.where('event', '=', filter.event);
  if (filter.after !== undefined) query = query.where('sequence', '>', filter.after);
  if (filter.limit !== undefined) query = query.limit(filter.limit);
  if (isPostgres(database)) query = query.where('sequence', '<=', await settledEnd(database));
  return (await query.execute()).map(entryOf);
}

/** Number of the last line behind which nothing lower can still come. */
export async function endOfLedger(queries: Queries): Promise<number> {
  return isPostgres(queries) ? settledEnd(queries) : lastLine(queries);
}

/** Number of the last line that can be read; on PostgreSQL lower ones may still come. */
export async function lastLine(queries: Queries): Promise<number> {
  const { last } = await queries
    .selectFrom('ledger')
    .select((select) => select.fn.max<number | null>('sequence').as('last'))
    .executeTakeFirstOrThrow();
  return Number(last ?? 0);
}

/** Up to here no transaction that still runs can add anything. Asked before the entries are. */
async function settledEnd(database: Queries): Promise<number> {
  const { rows } = await sql<{ end: number }>`SELECT ledger_end() AS end`.execute(database);
  return rows[0]?.end ?? 0;
}

function entryOf(row: LedgerRow): LedgerEntry {
  return {
    sequence: row.sequence,
    at: row.at,
    event: row.event,
    agentId: row.agent_id,
    jobId: row.job_id,
    lockHash: row.lock_hash,
    operator: row.operator,
    // As `record` wrote it.
    detail: JSON.parse(row.detail_json) as Record<string, unknown>,
  };
}
