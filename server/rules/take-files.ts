import { readdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { sql } from 'kysely';
import { atMost } from '../../shared/at-most.ts';
import { spansOf, type CardPart } from '../../shared/camera-cards.ts';
import type { JobType } from '../../shared/job.ts';
import type { Context } from '../context.ts';
import type { Tx, WatchedRow } from '../database/schema.ts';
import { addFile } from '../jobs/create-job.ts';
import { writeTransaction } from '../write-transaction.ts';
import { forgetFiles, isSame, settleOf } from './look-at-folder.ts';
import { seenFile, type SeenFile } from './list-folder.ts';
import { moveAsset, whoMoved, type Moved } from './moved.ts';
import { quickHash } from './quick-hash.ts';
import { inputsFor, pathOf, sourcePathOf, type FollowedRule } from './rule.ts';
import type { Watch } from './watch.ts';

/** Jobs of so many files in one transaction: others write in between. */
const AT_ONCE = 50;
const LOOKS_AT_ONCE = 4;
/** What cannot be read after so long is not going to be: its jobs say why. */
const UNREADABLE_AFTER_MS = 5 * 60_000;
const MOST_PATIENCE_MS = 60_000;

/** What is to be done with a growing file that was the same for long enough. */
type Decision =
  | { readonly kind: 'gone'; readonly row: WatchedRow }
  | { readonly kind: 'later'; readonly row: WatchedRow; readonly file: SeenFile; readonly dueAt: number }
  | { readonly kind: 'touched'; readonly row: WatchedRow; readonly hash: string }
  | {
      readonly kind: 'take';
      readonly row: WatchedRow;
      readonly hash: string;
      readonly jobTypes: readonly JobType[];
      readonly part: CardPart | null;
      readonly moved: Moved | null;
    };

/**
 * Takes files that stopped growing: makes their jobs, once, in the transaction that notes it. Answers whether there may
 * be more that are due.
 */
export async function takeFiles(context: Context, watch: Watch, rule: FollowedRule): Promise<boolean> {
  const rows = await context.database
    .selectFrom('watched_file')
    .selectAll()
    .where('rule_id', '=', rule.id)
    .where('state', '=', sql.lit('growing' as const))
    .where('due_at', '<=', context.clock())
    .where('gone_at', 'is', null)
    .orderBy('due_at')
    .limit(AT_ONCE)
    .execute();
  if (rows.length === 0) return false;
  const decisions = await atMost(LOOKS_AT_ONCE, rows, (row) => decide(context, watch, rule, row));
  const gone = decisions.filter(({ kind }) => kind === 'gone');
  for (const { row } of gone) await forgetFiles(context, rule, row.folder, [row.name]);
  await writeTransaction(context, async (tx, now) => {
    let [taken, jobs, passed] = [0, 0, 0];
    for (const decision of decisions) {
      const made = await carryOut(context, tx, rule, decision, now);
      if (made === null) continue;
      taken += made === 'passed' ? 0 : 1;
      passed += made === 'passed' ? 1 : 0;
      jobs += made === 'passed' ? 0 : made;
    }
    if (taken + passed === 0) return;
    await tx
      .updateTable('watch_rule')
      .set((was) => ({
        taken: was('taken', '+', taken),
        jobs: was('jobs', '+', jobs),
        passed_over: was('passed_over', '+', passed),
      }))
      .where('rule_id', '=', rule.id)
      .execute();
  });
  return rows.length === AT_ONCE;
}

async function decide(context: Context, watch: Watch, rule: FollowedRule, row: WatchedRow): Promise<Decision> {
  const path = pathOf(rule, row.folder, row.name);
  const now = context.clock();
  const file = await seenFile(path);
  if (file === null) return { kind: 'gone', row };
  const settle = settleOf(rule, row.part_json !== null);
  if (!isSame(row, file)) return { kind: 'later', row, file, dueAt: now + settle };
  const sameForMs = now - row.same_since;
  const patience = {
    kind: 'later',
    row,
    file,
    dueAt: now + Math.min(MOST_PATIENCE_MS, Math.max(settle, sameForMs / 2)),
  } as const;
  if (file.sizeBytes === 0) return patience;
  if (row.card !== null && (await isArriving(context, rule, row.card, now - settle))) return patience;
  const looked = await watch.look(path, rule.jobTypes);
  if (!looked.whole && sameForMs < UNREADABLE_AFTER_MS) return patience;
  // While it was looked into it may have changed, or gone.
  const hash = await quickHash(path, file.sizeBytes).catch(() => null);
  const after = await seenFile(path);
  if (hash === null || after === null || !isSame(row, after)) return patience;
  if (row.quick_hash === hash && row.asset_uuid !== null) return { kind: 'touched', row, hash };
  const part = row.part_json === null ? null : await toldPart(row.part_json, path);
  const moved = row.asset_uuid === null ? await whoMoved(context, rule, row, hash) : null;
  return { kind: 'take', row, hash, jobTypes: looked.jobTypes, part, moved };
}

/** Whether something on this card has changed since. */
async function isArriving({ database }: Context, rule: FollowedRule, card: string, since: number): Promise<boolean> {
  const changed = await database
    .selectFrom('watched_file')
    .select('name')
    .where('rule_id', '=', rule.id)
    .where('card', '=', card)
    .where('same_since', '>', since)
    .limit(1)
    .executeTakeFirst();
  return changed !== undefined;
}

/** A stream of an AVCHD card is a chapter where its playlists say so. */
async function toldPart(text: string, path: string): Promise<CardPart> {
  // Written by this room alone.
  const part: CardPart = JSON.parse(text);
  if (part.role !== 'take') return part;
  const folder = join(dirname(dirname(path)), 'PLAYLIST');
  for (const name of (await readdir(folder).catch(() => [])).filter((each) => /\.mpls?$/i.test(each))) {
    const bytes = await readFile(join(folder, name)).catch(() => Buffer.alloc(0));
    const span = spansOf(new DataView(bytes.buffer, bytes.byteOffset, bytes.length)).find((each) =>
      each.includes(part.clip),
    );
    const clip = span?.[0];
    if (span === undefined || clip === undefined || span.length === 1) continue;
    return { ...part, clip, role: 'chapter', number: span.indexOf(part.clip) + 1 };
  }
  return part;
}

/** Answers how many jobs were made of a file that was taken; null: none was. */
async function carryOut(
  context: Context,
  tx: Tx,
  rule: FollowedRule,
  decision: Decision,
  now: number,
): Promise<number | 'passed' | null> {
  if (decision.kind === 'gone') return null;
  const { row } = decision;
  if (decision.kind === 'later') {
    const { file, dueAt } = decision;
    const sameSince = isSame(row, file) ? row.same_since : now;
    await change(tx, row, {
      size_bytes: file.sizeBytes,
      modified_ms: file.modifiedMs,
      same_since: sameSince,
      due_at: dueAt,
    });
    return null;
  }
  if (decision.kind === 'touched') return (await change(tx, row, { state: 'taken' })) ? 0 : null;
  const { hash, jobTypes, part, moved } = decision;
  const part_json = part === null ? null : JSON.stringify(part);
  if (jobTypes.length === 0)
    return (await change(tx, row, { state: 'passed', quick_hash: hash, part_json })) ? 'passed' : null;
  // First: whoever took it meanwhile has made its jobs.
  if (!(await change(tx, row, { state: 'taken', quick_hash: hash, part_json }))) return null;
  const source_path = sourcePathOf(rule, row.folder, row.name);
  const kept = moved === null ? null : await moveAsset(tx, rule, moved, source_path, now);
  if (kept !== null) {
    await nameAsset(tx, row, kept);
    return 0;
  }
  const jobs = jobTypes.map((job_type) => ({ job_type, inputs: inputsFor(job_type, rule.inputs) }));
  const wish = { source_path, jobs, priority: rule.priority, batch: rule.id };
  const added = await addFile(context, tx, wish, now, rule.by, row.asset_uuid === null ? 'missing' : 'anew');
  await nameAsset(tx, row, added.assetUuid);
  return added.jobs;
}

/** False: it is not what was decided about any more. */
async function change(tx: Tx, row: WatchedRow, to: Partial<WatchedRow>): Promise<boolean> {
  const { numUpdatedRows } = await tx
    .updateTable('watched_file')
    .set(to)
    .where('rule_id', '=', row.rule_id)
    .where('folder', '=', row.folder)
    .where('name', '=', row.name)
    .where('state', '=', 'growing')
    .where('size_bytes', '=', row.size_bytes)
    .where('modified_ms', '=', row.modified_ms)
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}

async function nameAsset(tx: Tx, row: WatchedRow, assetUuid: string): Promise<void> {
  await tx
    .updateTable('watched_file')
    .set({ asset_uuid: assetUuid })
    .where('rule_id', '=', row.rule_id)
    .where('folder', '=', row.folder)
    .where('name', '=', row.name)
    .execute();
}
