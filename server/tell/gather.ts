import { sql } from 'kysely';
import { iso } from '../context.ts';
import type { Tx } from '../database/schema.ts';
import { lastLine } from '../ledger/ledger.ts';
import { short, type Message } from './message.ts';

/** A job that is over. */
export interface Ended {
  /** Of its line in the ledger. */
  readonly sequence: number;
  readonly batch: string | null;
  readonly jobType: string;
  readonly sourcePath: string;
  /** Null: it did not fail. */
  readonly failure: { readonly code: string; readonly cause: string; readonly message: string } | null;
}

/** Failures of one cause. */
interface Failures {
  readonly error_code: string;
  readonly message: string;
  readonly jobs: number;
  readonly job_types: readonly string[];
  /** The first of them. */
  readonly files: readonly string[];
}

/** Names in one message. */
const NAMES = 10;

/** Adds to what is told at `dueAt`, or to what is gathered already and told before. */
export async function gather(tx: Tx, ends: readonly Ended[], dueAt: number): Promise<void> {
  for (const [cause, failed] of Map.groupBy(ends, ({ failure }) => failure?.cause ?? '')) {
    if (cause !== '') await gatherFailures(tx, cause, failed, dueAt);
  }
  for (const [batch, ended] of Map.groupBy(ends, (each) => each.batch ?? '')) {
    if (batch !== '') await gatherBatch(tx, batch, Math.max(...ended.map(({ sequence }) => sequence)), dueAt);
  }
}

async function gatherFailures(tx: Tx, cause: string, ends: readonly Ended[], dueAt: number): Promise<void> {
  const key = { event: 'jobFailed', subject: cause } as const;
  const row = await rowOf(tx, key);
  // Written here alone.
  const before = row === undefined ? null : (JSON.parse(row.detail_json) as Failures);
  const [first] = ends;
  const detail: Failures = {
    error_code: before?.error_code ?? first?.failure?.code ?? '',
    message: before?.message ?? short(first?.failure?.message ?? ''),
    jobs: (before?.jobs ?? 0) + ends.length,
    job_types: [...new Set([...(before?.job_types ?? []), ...ends.map(({ jobType }) => jobType)])],
    files: [...new Set([...(before?.files ?? []), ...ends.map(({ sourcePath }) => short(sourcePath))])].slice(0, NAMES),
  };
  const detail_json = JSON.stringify(detail);
  if (row === undefined)
    await tx
      .insertInto('tell_gathered')
      .values({ ...key, detail_json, due_at: dueAt, covered: 0 })
      .execute();
  else
    await tx
      .updateTable('tell_gathered')
      .set({ detail_json })
      .where('event', '=', key.event)
      .where('subject', '=', cause)
      .execute();
}

/** Whether the batch is done is looked at when it is due: from then on nothing of it ended for so long. */
async function gatherBatch(tx: Tx, batch: string, sequence: number, dueAt: number): Promise<void> {
  const key = { event: 'batchDone', subject: batch } as const;
  const row = await rowOf(tx, key);
  if (row !== undefined && sequence <= row.covered) return;
  if (row === undefined)
    await tx
      .insertInto('tell_gathered')
      .values({ ...key, detail_json: '{}', due_at: dueAt, covered: 0 })
      .execute();
  else await putOff(tx, batch, dueAt);
}

async function putOff(tx: Tx, batch: string, due_at: number | null, covered?: number): Promise<void> {
  await tx
    .updateTable('tell_gathered')
    .set({ due_at, ...(covered === undefined ? {} : { covered }) })
    .where('event', '=', 'batchDone')
    .where('subject', '=', batch)
    .execute();
}

async function rowOf(tx: Tx, key: { readonly event: string; readonly subject: string }) {
  return tx
    .selectFrom('tell_gathered')
    .selectAll()
    .where('event', '=', key.event)
    .where('subject', '=', key.subject)
    .executeTakeFirst();
}

/** What is due now. `cursor`: every line of the ledger up to it was gathered. */
export async function tellGathered(tx: Tx, cursor: number, now: number, gatherMs: number): Promise<readonly Message[]> {
  await tx.deleteFrom('tell_gathered').where('due_at', 'is', null).where('covered', '<=', cursor).execute();
  const due = await tx.selectFrom('tell_gathered').selectAll().where('due_at', '<=', now).orderBy('due_at').execute();
  const messages: Message[] = [];
  for (const { event, subject, detail_json } of due) {
    if (event === 'jobFailed') {
      // As gatherFailures wrote it.
      messages.push(failedMessage(JSON.parse(detail_json) as Failures, now));
      await forget(tx, event, subject);
    } else {
      const message = await batchMessage(tx, subject, now, gatherMs);
      if (message !== null) messages.push(message);
    }
  }
  return messages;
}

async function forget(tx: Tx, event: string, subject: string): Promise<void> {
  await tx.deleteFrom('tell_gathered').where('event', '=', event).where('subject', '=', subject).execute();
}

function failedMessage(failures: Failures, now: number): Message {
  const { jobs, files, message } = failures;
  const title = jobs === 1 ? `${files[0] ?? 'A job'} failed: ${message}` : `${jobs} jobs failed: ${message}`;
  return { type: 'jobFailed', timestamp: iso(now), data: { title, ...failures } };
}

/** Null: something of it is left to do. Its rows are counted by the database with every change of a job. */
async function batchMessage(tx: Tx, batch: string, now: number, gatherMs: number): Promise<Message | null> {
  const counts = await tx.selectFrom('batch_count').selectAll().where('batch', '=', batch).executeTakeFirst();
  if (counts === undefined || Number(counts.open_files) > 0) {
    // The end of what is left brings it back.
    await forget(tx, 'batchDone', batch);
    return null;
  }
  const rule = await tx
    .selectFrom('watch_rule')
    .select(['rule_id', 'name', 'root', 'folder', 'scanned_at', 'enabled'])
    .where('rule_id', '=', batch)
    .executeTakeFirst();
  if (rule?.enabled === 1 && (rule.scanned_at === null || (await isGrowing(tx, batch)))) {
    await putOff(tx, batch, now + gatherMs);
    return null;
  }
  // Read after the counts: whatever ended up to here is in them.
  await putOff(tx, batch, null, await lastLine(tx));
  const [files, failed] = [Number(counts.files), Number(counts.failed_files)];
  const name = rule === undefined ? `What was added at ${iso(Number(counts.added_at))}` : `Folder “${rule.name}”`;
  const some = failed === 0 ? '' : `, ${failed} of them failed or cancelled`;
  const title = `${name} is ready: ${files === 1 ? '1 file' : `${files} files`}${some}`;
  const folder =
    rule === undefined
      ? {}
      : { rule: { rule_id: rule.rule_id, name: rule.name, root: rule.root, folder: rule.folder } };
  const data = {
    title,
    batch,
    added_at: iso(Number(counts.added_at)),
    files,
    files_failed: failed,
    jobs: Number(counts.jobs),
    ...folder,
  };
  return { type: 'batchDone', timestamp: iso(now), data };
}

/** Files that are still being written, or that parts of their clip are awaited for. */
async function isGrowing(tx: Tx, ruleId: string): Promise<boolean> {
  const file = await tx
    .selectFrom('watched_file')
    .select('name')
    .where('rule_id', '=', ruleId)
    .where('state', '=', sql.lit('growing' as const))
    .where('gone_at', 'is', null)
    .limit(1)
    .executeTakeFirst();
  return file !== undefined;
}
