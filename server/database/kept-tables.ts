import type { Tables } from './schema.ts';

/** What is kept of a table when a catalogue is moved, and in which order. */
interface KeptTable {
  readonly name: keyof Tables;
  /** Its primary key: rows are read, written and hashed in this order, which both databases have alike. */
  readonly key: readonly string[];
  /** Most rows that are read at once: where one may have megabytes, few. */
  readonly page: number;
  /** The database draws this column’s numbers, and has to go on behind what is written. */
  readonly drawn?: string;
}

/**
 * Every table with rows of its own, each behind those that it refers to. What the database counts by itself
 * (`COUNTED`) is made again by its triggers as the rows come in.
 */
const KEPT = {
  asset: { key: ['uuid'], page: 500 },
  agent: { key: ['agent_id'], page: 500 },
  agent_capability: { key: ['agent_id', 'capability'], page: 500 },
  enrollment: { key: ['token_hash'], page: 500 },
  operator: { key: ['name'], page: 500 },
  job: { key: ['sequence'], page: 200, drawn: 'sequence' },
  job_capability: { key: ['job_id', 'capability'], page: 500 },
  job_result: { key: ['job_id'], page: 8 },
  lease: { key: ['job_id'], page: 500 },
  upload: { key: ['upload_id'], page: 500 },
  upload_part: { key: ['upload_id', 'part_number'], page: 500 },
  derived: { key: ['ref'], page: 500 },
  idempotency: { key: ['agent_id', 'idempotency_key'], page: 200 },
  ledger: { key: ['sequence'], page: 500, drawn: 'sequence' },
  ledger_retention: { key: ['id'], page: 1 },
  retention_clock: { key: ['id'], page: 1 },
  derived_place: { key: ['id'], page: 1 },
  watch_rule: { key: ['rule_id'], page: 100 },
  watched_file: { key: ['rule_id', 'folder', 'name'], page: 500 },
  health_state: { key: ['state_id'], page: 500 },
  left_to_others: { key: ['sequence'], page: 500 },
  tell_cursor: { key: ['id'], page: 1 },
  tell_gathered: { key: ['event', 'subject'], page: 100 },
  tell_outbox: { key: ['sequence'], page: 100, drawn: 'sequence' },
} as const satisfies Partial<Record<keyof Tables, Omit<KeptTable, 'name'>>>;

/** Views and tables of counters, which follow from the jobs. */
const COUNTED = ['job_count', 'file_count', 'batch_count', 'pending_count'] as const satisfies (keyof Tables)[];

/** A table that is in neither is a mistake that the compiler tells. */
type Forgotten = Exclude<keyof Tables, keyof typeof KEPT | (typeof COUNTED)[number]>;
const nothingIsForgotten: [Forgotten] extends [never] ? true : Forgotten = true;

/** What a dialect has beside the tables of the schema, and nobody moves: lines of counters, and what servers tell each other. */
export const OWN_OF_DIALECT: readonly string[] = [
  ...COUNTED,
  'job_tally',
  'pending_tally',
  'batch_tally',
  'service',
  'rushcatalog_schema',
];

export const KEPT_TABLES: readonly KeptTable[] = nothingIsForgotten
  ? Object.entries(KEPT).map(([name, table]) => ({
      // The keys of the table above.
      name: name as keyof typeof KEPT,
      ...table,
    }))
  : [];

/** PostgreSQL alone keeps it, and makes it of the path. */
export const SEARCHED_COLUMN = 'source_folded';
