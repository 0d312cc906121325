import { sql, type Transaction } from 'kysely';
import type { Tables } from '../schema.ts';
import { addLedgerRetention } from './ledger-retention.ts';
import { addLeftToOthers } from './left-to-others.ts';
import { count, key, maybeCount, maybeText, text, type Draft } from './columns.ts';

/** One step of the schema. Numbers are consecutive, and a step that was released is never changed again. */
interface Migration {
  readonly version: number;
  readonly name: string;
  up(tx: Transaction<Tables>): Promise<void>;
}

export const MIGRATIONS: readonly Migration[] = [
  { version: 1, name: 'first schema', up: firstSchema },
  { version: 2, name: 'leases in grace', up: addGrace },
  { version: 3, name: 'enrolment that can be repeated', up: addPendingBearers },
  { version: 4, name: 'offers by what they need, counters, results apart', up: addNeedsAndCounts },
  { version: 5, name: 'looks that pass over nothing, a clock of retention', up: addLooks },
  { version: 6, name: 'jobs on hold, and what was added at once', up: addHoldAndBatch },
  { version: 7, name: 'counters of files', up: addFileCounts },
  { version: 8, name: 'leases apart from jobs', up: addLeases },
  { version: 9, name: 'operators by name', up: addOperators },
  { version: 10, name: 'causes of failures, orders to agents', up: addCausesAndOrders },
  { version: 11, name: 'where derived files are', up: addDerivedPlace },
  { version: 12, name: 'watched folders', up: addWatchRules },
  { version: 13, name: 'states of health', up: addHealthStates },
  { version: 14, name: 'rules of agents', up: addAgentPolicies },
  { version: 15, name: 'telling', up: addTelling },
  { version: 16, name: 'jobs that are left to others', up: addLeftToOthers },
  { version: 17, name: 'how long the ledger is kept', up: addLedgerRetention },
];

async function addTelling(tx: Transaction<Tables>): Promise<void> {
  const cursor = tx.schema.createTable('tell_cursor').addColumn('id', 'integer', (column) => column.primaryKey());
  await count(cursor, 'sequence').execute();
  const gathered = text(tx.schema.createTable('tell_gathered'), 'event', 'subject', 'detail_json');
  await maybeCount(count(gathered, 'covered'), 'due_at')
    .addPrimaryKeyConstraint('tell_gathered_key', ['event', 'subject'])
    .execute();
  const outbox: Draft = tx.schema
    .createTable('tell_outbox')
    .addColumn('sequence', 'integer', (column) => column.primaryKey().autoIncrement());
  await maybeCount(
    count(text(outbox, 'message_id', 'target', 'body_json'), 'created_at', 'tries', 'due_at'),
    'held_until',
  ).execute();
  await tx.schema.createIndex('tell_outbox_of_target').on('tell_outbox').columns(['target', 'sequence']).execute();
}

async function addHealthStates(tx: Transaction<Tables>): Promise<void> {
  let state: Draft = text(key(tx.schema.createTable('health_state'), 'state_id'), 'code', 'subject', 'detail_json');
  state = count(state, 'began_at', 'hidden');
  await maybeCount(state, 'shown_at', 'over_at').execute();
  await sql`CREATE UNIQUE INDEX health_state_now ON health_state (code, subject) WHERE over_at IS NULL`.execute(tx);
  await sql`CREATE INDEX health_state_over ON health_state (over_at) WHERE over_at IS NOT NULL`.execute(tx);
}

async function addAgentPolicies(tx: Transaction<Tables>): Promise<void> {
  for (const name of ['policy_json', 'policy_by'])
    await tx.schema.alterTable('agent').addColumn(name, 'text').execute();
  await tx.schema.alterTable('agent').addColumn('policy_at', 'bigint').execute();
}

/** Watched folders, and what is known of the files below them. */
async function addWatchRules(tx: Transaction<Tables>): Promise<void> {
  let rule: Draft = key(tx.schema.createTable('watch_rule'), 'rule_id');
  rule = maybeText(text(rule, 'name', 'root', 'folder'), 'pattern');
  rule = text(rule, 'kinds_json', 'job_types_json', 'inputs_json');
  rule = text(count(rule, 'priority', 'settle_ms', 'enabled', 'created_at'), 'created_by');
  rule = maybeText(rule, 'scan_place', 'problem', 'held_by');
  rule = maybeCount(rule, 'scan_began_at', 'scanned_at', 'scan_ms', 'held_until');
  await count(rule, 'taken', 'jobs', 'passed_over').execute();

  let file: Draft = text(tx.schema.createTable('watched_file'), 'rule_id', 'folder', 'name');
  file = text(count(file, 'size_bytes', 'modified_ms', 'due_at', 'same_since'), 'state');
  await maybeCount(maybeText(file, 'quick_hash', 'asset_uuid', 'card', 'part_json'), 'gone_at')
    .addPrimaryKeyConstraint('watched_file_key', ['rule_id', 'folder', 'name'])
    .addForeignKeyConstraint('watched_file_rule', ['rule_id'], 'watch_rule', ['rule_id'])
    .addForeignKeyConstraint('watched_file_asset', ['asset_uuid'], 'asset', ['uuid'])
    .execute();
  for (const index of [
    sql`CREATE INDEX watched_file_due ON watched_file (rule_id, due_at) WHERE state = 'growing'`,
    sql`CREATE INDEX watched_file_of_card ON watched_file (rule_id, card) WHERE card IS NOT NULL`,
    sql`CREATE INDEX watched_file_of_asset ON watched_file (asset_uuid) WHERE part_json IS NOT NULL`,
    sql`CREATE INDEX watched_file_like ON watched_file (rule_id, quick_hash) WHERE quick_hash IS NOT NULL`,
  ]) {
    await index.execute(tx);
  }
}

/** Which store has the files, and what it calls an upload that is under way there. */
async function addDerivedPlace(tx: Transaction<Tables>): Promise<void> {
  const place = tx.schema.createTable('derived_place').addColumn('id', 'integer', (column) => column.primaryKey());
  await text(place, 'place', 'catalogue').execute();
  await tx.schema.alterTable('upload').addColumn('store_upload', 'text').execute();
}

/** What failed before has its code alone for a cause. */
async function addCausesAndOrders(tx: Transaction<Tables>): Promise<void> {
  for (const name of ['cause', 'failed_by']) await tx.schema.alterTable('job').addColumn(name, 'text').execute();
  await sql`UPDATE job SET cause = json_extract(failure_json, '$.error_code')
    WHERE status = 'failed' AND json_extract(failure_json, '$.error_code') <> 'CANCELLED'`.execute(tx);
  await sql`CREATE INDEX job_failed ON job (cause, updated_at, sequence, failed_by)
    WHERE status = 'failed' AND cause IS NOT NULL`.execute(tx);
  await sql`INSERT INTO sqlite_stat1 VALUES ('job', 'job_failed', '1000 100 1 1 1')`.execute(tx);
  await sql`ANALYZE sqlite_schema`.execute(tx);
  for (const name of ['paused_at', 'paused_until', 'revoked_at'])
    await tx.schema.alterTable('agent').addColumn(name, 'bigint').execute();
  for (const name of ['paused_by', 'pause_note', 'status_json'])
    await tx.schema.alterTable('agent').addColumn(name, 'text').execute();
}

async function addOperators(tx: Transaction<Tables>): Promise<void> {
  let operator: Draft = text(key(tx.schema.createTable('operator'), 'name'), 'role');
  operator = operator.addColumn('token_hash', 'text', (column) => column.notNull().unique());
  operator = operator.addColumn('previous_hash', 'text', (column) => column.unique());
  await count(maybeCount(operator, 'expires_at', 'previous_until'), 'created_at', 'rotated_at').execute();
  await tx.schema.alterTable('ledger').addColumn('operator', 'text').execute();
}

/** What a heartbeat changes is a narrow row of its own; the wide one of the job is written when its state changes. */
async function addLeases(tx: Transaction<Tables>): Promise<void> {
  let lease: Draft = text(key(tx.schema.createTable('lease'), 'job_id'), 'agent_id', 'lock_token');
  lease = count(lease, 'locked_until', 'in_grace', 'cancel_requested', 'heard_at').addColumn('progress', 'real');
  await maybeText(lease, 'stage').addForeignKeyConstraint('lease_job', ['job_id'], 'job', ['job_id']).execute();
  await tx.schema.createIndex('lease_of_agent').on('lease').column('agent_id').execute();
  await tx.schema.createIndex('lease_end').on('lease').column('locked_until').execute();
  await sql`INSERT INTO lease
      (job_id, agent_id, lock_token, locked_until, in_grace, cancel_requested, heard_at, progress, stage)
    SELECT job_id, claimed_by, lock_token, locked_until, in_grace, cancel_requested, updated_at, progress, stage
    FROM job WHERE status = 'claimed'`.execute(tx);
  for (const index of ['job_lease', 'job_held']) await tx.schema.dropIndex(index).execute();
  await sql`DELETE FROM sqlite_stat1 WHERE idx IN ('job_lease', 'job_held')`.execute(tx);
  for (const name of ['lock_token', 'locked_until', 'in_grace', 'cancel_requested', 'progress', 'stage']) {
    await tx.schema.alterTable('job').dropColumn(name).execute();
  }
}

async function addFileCounts(tx: Transaction<Tables>): Promise<void> {
  await count(
    text(tx.schema.createTable('file_count'), 'batch', 'asset_uuid'),
    ...['pending', 'held', 'claimed', 'failed', 'jobs', 'added_at'],
  )
    .addPrimaryKeyConstraint('file_count_key', ['batch', 'asset_uuid'])
    .execute();
  await count(
    key(tx.schema.createTable('batch_count'), 'batch'),
    ...['files', 'open_files', 'pending_files', 'held_files', 'failed_files', 'jobs', 'added_at'],
  ).execute();
  await sql`CREATE INDEX batch_open ON batch_count (added_at) WHERE open_files > 0`.execute(tx);
  await count(text(tx.schema.createTable('pending_count'), 'batch', 'job_type'), 'held', 'jobs')
    .addPrimaryKeyConstraint('pending_count_key', ['batch', 'job_type', 'held'])
    .execute();
  await tx.schema.dropIndex('job_open').execute();
  await tx.schema.dropIndex('job_of_batch').execute();
}

async function addHoldAndBatch(tx: Transaction<Tables>): Promise<void> {
  await tx.schema
    .alterTable('job')
    .addColumn('held', 'bigint', (column) => column.notNull().defaultTo(0))
    .execute();
  await tx.schema.alterTable('job').addColumn('batch', 'text').execute();
  await tx.schema.dropIndex('job_due').execute();
  for (const look of [
    sql`job_due ON job (needs, priority DESC, sequence) WHERE status = 'pending' AND not_before IS NULL AND held = 0`,
    sql`job_open ON job (batch, asset_uuid) WHERE status IN ('pending', 'claimed')`,
    sql`job_of_batch ON job (batch, asset_uuid, status, created_at)`,
  ]) {
    await sql`CREATE INDEX ${look}`.execute(tx);
  }
}

/**
 * An index for every regular look, which begins where the answer does: jobs that are held off are not among the due
 * ones, what grows old is found by its age, and the ledger by whom and what.
 */
async function addLooks(tx: Transaction<Tables>): Promise<void> {
  await tx.schema.dropIndex('job_pending').execute();
  const looks = [
    sql`job_due ON job (needs, priority DESC, sequence) WHERE status = 'pending' AND not_before IS NULL`,
    sql`job_held_off ON job (not_before) WHERE status = 'pending' AND not_before IS NOT NULL`,
    sql`job_ended ON job (updated_at) WHERE status IN ('completed', 'failed')`,
    sql`upload_open ON upload (touched_at) WHERE status = 'open'`,
    sql`upload_over ON upload (touched_at) WHERE status != 'open'`,
    sql`derived_unnamed ON derived (updated_at) WHERE status = 'uploaded'`,
    sql`derived_accepted ON derived (updated_at) WHERE status = 'accepted'`,
    sql`ledger_of_event ON ledger (event, sequence)`,
    sql`ledger_of_agent ON ledger (agent_id, sequence)`,
  ];
  for (const look of looks) await sql`CREATE INDEX ${look}`.execute(tx);
  await count(
    tx.schema.createTable('retention_clock').addColumn('id', 'integer', (column) => column.primaryKey()),
    'age',
  ).execute();
}

/**
 * An index that begins with what a job needs: however many jobs wait that nobody can do, an agent's look never passes
 * them. Counters instead of counting. Results, which may have megabytes, in a table of their own: SQLite would walk
 * through every page of one to reach the columns behind it.
 */
async function addNeedsAndCounts(tx: Transaction<Tables>): Promise<void> {
  await tx.schema
    .alterTable('job')
    .addColumn('needs', 'text', (column) => column.notNull().defaultTo('[]'))
    .execute();
  await sql`UPDATE job SET needs = (SELECT json_group_array(capability) FROM
    (SELECT capability FROM job_capability WHERE job_capability.job_id = job.job_id ORDER BY capability))
    WHERE invalid = 0`.execute(tx);
  await key(tx.schema.createTable('job_result'), 'job_id')
    .addColumn('submitted_json', 'text', (column) => column.notNull())
    .addForeignKeyConstraint('job_result_job', ['job_id'], 'job', ['job_id'])
    .execute();
  await sql`INSERT INTO job_result SELECT job_id, submitted_json FROM job WHERE submitted_json IS NOT NULL`.execute(tx);
  await tx.schema.alterTable('job').dropColumn('submitted_json').execute();

  await tx.schema.dropIndex('job_offer').execute();
  await sql`CREATE INDEX job_pending ON job (needs, priority DESC, sequence) WHERE status = 'pending'`.execute(tx);
  await sql`CREATE INDEX job_held ON job (claimed_by) WHERE status = 'claimed'`.execute(tx);
  await tx.schema.createIndex('job_by_status').on('job').columns(['status', 'sequence']).execute();
  await tx.schema.createIndex('job_by_type').on('job').columns(['job_type', 'sequence']).execute();

  await count(text(tx.schema.createTable('job_count'), 'status', 'needs'), 'jobs')
    .addPrimaryKeyConstraint('job_count_key', ['status', 'needs'])
    .execute();
  await sql`INSERT INTO job_count SELECT status, needs, count(*) FROM job GROUP BY status, needs`.execute(tx);
  await tx.schema.createIndex('agent_seen').on('agent').columns(['last_seen_at', 'agent_id']).execute();
  await tx.schema.createIndex('asset_age').on('asset').columns(['created_at', 'uuid']).execute();
}

async function addPendingBearers(tx: Transaction<Tables>): Promise<void> {
  await tx.schema.alterTable('agent').addColumn('pending_token_hash', 'text').execute();
  await tx.schema.createIndex('agent_pending_token').on('agent').column('pending_token_hash').unique().execute();
  for (const name of ['used_by', 'key_hash', 'bearer_salt']) {
    await tx.schema.alterTable('enrollment').addColumn(name, 'text').execute();
  }
}

async function addGrace(tx: Transaction<Tables>): Promise<void> {
  await tx.schema
    .alterTable('job')
    .addColumn('in_grace', 'bigint', (column) => column.notNull().defaultTo(0))
    .execute();
}

async function firstSchema(tx: Transaction<Tables>): Promise<void> {
  await createAssetsAndAgents(tx);
  await createJobs(tx);
  await createUploads(tx);
  await createRecords(tx);
}

async function createAssetsAndAgents(tx: Transaction<Tables>): Promise<void> {
  let asset: Draft = key(tx.schema.createTable('asset'), 'uuid');
  asset = asset.addColumn('source_path', 'text', (column) => column.notNull().unique());
  await maybeCount(count(maybeText(asset, 'media_type'), 'created_at'), 'purged_at').execute();

  let agent: Draft = key(tx.schema.createTable('agent'), 'agent_id');
  agent = agent.addColumn('installation_id', 'text', (column) => column.notNull().unique());
  agent = maybeText(text(agent, 'agent_name', 'agent_version'), 'platform');
  agent = count(maybeCount(agent, 'max_parallel_jobs'), 'registered_at', 'last_seen_at');
  await agent.addColumn('token_hash', 'text', (column) => column.unique()).execute();

  await text(tx.schema.createTable('agent_capability'), 'agent_id', 'capability')
    .addPrimaryKeyConstraint('agent_capability_key', ['agent_id', 'capability'])
    .addForeignKeyConstraint('agent_capability_agent', ['agent_id'], 'agent', ['agent_id'])
    .execute();

  await maybeCount(
    count(key(tx.schema.createTable('enrollment'), 'token_hash'), 'created_at', 'expires_at'),
    'used_at',
  ).execute();
}

async function createJobs(tx: Transaction<Tables>): Promise<void> {
  let job: Draft = tx.schema
    .createTable('job')
    .addColumn('sequence', 'integer', (column) => column.primaryKey().autoIncrement());
  job = job.addColumn('job_id', 'text', (column) => column.notNull().unique());
  job = count(maybeText(text(job, 'job_type'), 'asset_uuid'), 'invalid', 'priority');
  job = count(text(job, 'document_json', 'status'), 'attempts', 'max_attempts', 'cancel_requested');
  job = maybeCount(job, 'not_before', 'locked_until');
  job = maybeText(job, 'claimed_by', 'lock_token', 'stage', 'submitted_json', 'failure_json');
  job = maybeText(job, 'last_lock_hash', 'last_report_hash').addColumn('progress', 'real');
  await count(job, 'created_at', 'updated_at')
    .addForeignKeyConstraint('job_asset', ['asset_uuid'], 'asset', ['uuid'])
    .addForeignKeyConstraint('job_agent', ['claimed_by'], 'agent', ['agent_id'])
    .execute();
  await tx.schema.createIndex('job_offer').on('job').columns(['status', 'priority', 'sequence']).execute();
  await tx.schema.createIndex('job_lease').on('job').columns(['status', 'locked_until']).execute();
  await tx.schema.createIndex('job_of_asset').on('job').column('asset_uuid').execute();

  await text(tx.schema.createTable('job_capability'), 'job_id', 'capability')
    .addPrimaryKeyConstraint('job_capability_key', ['job_id', 'capability'])
    .addForeignKeyConstraint('job_capability_job', ['job_id'], 'job', ['job_id'])
    .execute();
}

async function createUploads(tx: Transaction<Tables>): Promise<void> {
  let upload: Draft = key(tx.schema.createTable('upload'), 'upload_id');
  upload = text(upload, 'asset_uuid', 'job_id', 'agent_id', 'lock_hash', 'kind', 'content_type', 'sha256', 'status');
  upload = maybeText(count(upload, 'size_bytes', 'part_size', 'created_at', 'touched_at'), 'ref');
  await upload.addForeignKeyConstraint('upload_job', ['job_id'], 'job', ['job_id']).execute();
  await tx.schema.createIndex('upload_of_job').on('upload').columns(['job_id', 'status']).execute();

  await count(text(tx.schema.createTable('upload_part'), 'upload_id', 'etag', 'file_name'), 'part_number', 'size_bytes')
    .addPrimaryKeyConstraint('upload_part_key', ['upload_id', 'part_number'])
    .addForeignKeyConstraint('upload_part_upload', ['upload_id'], 'upload', ['upload_id'])
    .execute();

  let derived: Draft = key(tx.schema.createTable('derived'), 'ref');
  derived = text(derived, 'asset_uuid', 'job_id', 'kind', 'content_type', 'sha256', 'status');
  derived = count(derived, 'size_bytes', 'position', 'created_at', 'updated_at');
  await derived.addForeignKeyConstraint('derived_job', ['job_id'], 'job', ['job_id']).execute();
  await tx.schema.createIndex('derived_of_asset').on('derived').columns(['asset_uuid', 'status']).execute();
  await tx.schema.createIndex('derived_of_job').on('derived').columns(['job_id', 'status']).execute();
}

async function createRecords(tx: Transaction<Tables>): Promise<void> {
  const idempotency = text(
    tx.schema.createTable('idempotency'),
    'agent_id',
    'idempotency_key',
    'request_hash',
    'answer_json',
  );
  await count(idempotency, 'created_at')
    .addPrimaryKeyConstraint('idempotency_key_of_agent', ['agent_id', 'idempotency_key'])
    .execute();
  await tx.schema.createIndex('idempotency_age').on('idempotency').column('created_at').execute();

  const ledger: Draft = tx.schema
    .createTable('ledger')
    .addColumn('sequence', 'integer', (column) => column.primaryKey().autoIncrement());
  await maybeText(text(count(ledger, 'at'), 'event', 'detail_json'), 'agent_id', 'job_id', 'lock_hash').execute();
  await tx.schema.createIndex('ledger_of_job').on('ledger').columns(['job_id', 'sequence']).execute();
}
