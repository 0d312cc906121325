import type { Insertable } from 'kysely';
import type { Context } from '../context.ts';
import type { Tables, Tx, WatchedRow } from '../database/schema.ts';
import { writeTransaction } from '../write-transaction.ts';
import { behind } from './folder-key.ts';
import { isMissing, listFolder, seenFile, type SeenFile } from './list-folder.ts';
import { partOf, pathOf, type FollowedRule } from './rule.ts';

type NewFile = Insertable<Tables['watched_file']>;

/** Rows that are looked through at once where files are missing. */
const PAGE = 1_000;
/** Others write in between. */
const WRITTEN_AT_ONCE = 200;

/**
 * Compares a folder with what is known of it: new and changed files grow from now on, missing ones are gone. Answers the
 * names of the folders in it. Rejects where it cannot be read; of a folder that is not there nothing is known any more.
 */
export async function lookAtFolder(context: Context, rule: FollowedRule, key: string): Promise<string[]> {
  let known = 0;
  try {
    const folders = await listFolder(pathOf(rule, key), rule.rootPath, rule.takes, async (files) => {
      known += await compare(context, rule, key, files);
    });
    if ((await liveFiles(context, rule, key)) > known) await findGone(context, rule, key);
    return folders;
  } catch (error) {
    if (key === '' || !isMissing(error)) throw error;
    await forgetFolders(context, rule, { from: key, before: behind(key) });
    return [];
  }
}

/** Answers how many of these files are known and there afterwards. */
async function compare(context: Context, rule: FollowedRule, key: string, files: readonly SeenFile[]): Promise<number> {
  const names = files.map(({ name }) => name);
  const rows = await context.database
    .selectFrom('watched_file')
    .selectAll()
    .where('rule_id', '=', rule.id)
    .where('folder', '=', key)
    .where('name', 'in', names)
    .execute();
  const before = new Map(rows.map((row) => [row.name, row]));
  const now = context.clock();
  const differing = files.flatMap((file) => {
    const row = before.get(file.name);
    if (row !== undefined && isSame(row, file) && row.gone_at === null) return [];
    return [row === undefined ? newFile(rule, key, file, now) : changed(rule, row, file, now)];
  });
  for (let at = 0; at < differing.length; at += WRITTEN_AT_ONCE) {
    const rows = differing.slice(at, at + WRITTEN_AT_ONCE);
    await writeTransaction(context, async (tx) => {
      await put(tx, rows);
      await count(tx, rule, before, rows);
    });
  }
  return files.length;
}

export const isSame = (row: Pick<WatchedRow, 'size_bytes' | 'modified_ms'>, file: SeenFile): boolean =>
  row.size_bytes === file.sizeBytes && row.modified_ms === file.modifiedMs;

function newFile(rule: FollowedRule, key: string, file: SeenFile, now: number): NewFile {
  const part = partOf(key, file.name);
  return {
    rule_id: rule.id,
    folder: key,
    name: file.name,
    size_bytes: file.sizeBytes,
    modified_ms: file.modifiedMs,
    state: part?.role === 'copy' ? 'passed' : 'growing',
    due_at: now + settleOf(rule, part !== null),
    same_since: now,
    quick_hash: null,
    asset_uuid: null,
    gone_at: null,
    card: part === null ? null : part.card,
    part_json: part === null ? null : JSON.stringify(part),
  };
}

/** Parts of a clip come one after the other, with pauses between them. */
export const settleOf = (rule: FollowedRule, isPart: boolean): number => rule.settleMs * (isPart ? 3 : 1);

/** What comes back as it was, after its disk was away, is what it was. */
function changed(rule: FollowedRule, row: WatchedRow, file: SeenFile, now: number): NewFile {
  if (isSame(row, file)) return { ...row, gone_at: null };
  return {
    ...row,
    size_bytes: file.sizeBytes,
    modified_ms: file.modifiedMs,
    gone_at: null,
    same_since: now,
    due_at: now + settleOf(rule, row.part_json !== null),
    state: row.state === 'passed' ? 'passed' : 'growing',
  };
}

const CHANGING = [
  'size_bytes',
  'modified_ms',
  'state',
  'due_at',
  'same_since',
  'gone_at',
] as const satisfies readonly (keyof NewFile)[];

async function put(tx: Tx, rows: readonly NewFile[]): Promise<void> {
  await tx
    .insertInto('watched_file')
    .values(rows)
    .onConflict((conflict) =>
      conflict
        .columns(['rule_id', 'folder', 'name'])
        .doUpdateSet((row) => Object.fromEntries(CHANGING.map((column) => [column, row.ref(`excluded.${column}`)]))),
    )
    .execute();
}

async function count(
  tx: Tx,
  rule: FollowedRule,
  before: ReadonlyMap<string, WatchedRow>,
  after: readonly NewFile[],
): Promise<void> {
  const passed = after.filter((row) => row.state === 'passed' && !before.has(row.name)).length;
  const untaken = after.filter((row) => row.state === 'growing' && before.get(row.name)?.state === 'taken').length;
  if (passed === 0 && untaken === 0) return;
  await tx
    .updateTable('watch_rule')
    .set((was) => ({ passed_over: was('passed_over', '+', passed), taken: was('taken', '-', untaken) }))
    .where('rule_id', '=', rule.id)
    .execute();
}

async function liveFiles({ database }: Context, rule: FollowedRule, key: string): Promise<number> {
  const { files } = await database
    .selectFrom('watched_file')
    .select((row) => row.fn.countAll<number>().as('files'))
    .where('rule_id', '=', rule.id)
    .where('folder', '=', key)
    .where('gone_at', 'is', null)
    .executeTakeFirstOrThrow();
  return files;
}

/** There are more rows than files: which of them are not there any more? */
async function findGone(context: Context, rule: FollowedRule, key: string): Promise<void> {
  let after = '';
  for (;;) {
    const rows = await context.database
      .selectFrom('watched_file')
      .select(['name'])
      .where('rule_id', '=', rule.id)
      .where('folder', '=', key)
      .where('gone_at', 'is', null)
      .where('name', '>', after)
      .orderBy('name')
      .limit(PAGE)
      .execute();
    const gone: string[] = [];
    for (const { name } of rows) if ((await seenFile(pathOf(rule, key, name))) === null) gone.push(name);
    await forgetFiles(context, rule, key, gone);
    const last = rows.at(-1);
    if (last === undefined || rows.length < PAGE) return;
    after = last.name;
  }
}

/** What never was taken is forgotten; what was may come back, here or elsewhere. */
export async function forgetFiles(
  context: Context,
  rule: FollowedRule,
  key: string,
  names: readonly string[],
): Promise<void> {
  if (names.length === 0) return;
  await writeTransaction(context, async (tx, now) => {
    await tx
      .deleteFrom('watched_file')
      .where('rule_id', '=', rule.id)
      .where('folder', '=', key)
      .where('name', 'in', names)
      .where('state', '=', 'growing')
      .where('asset_uuid', 'is', null)
      .execute();
    await tx
      .updateTable('watched_file')
      .set({ gone_at: now })
      .where('rule_id', '=', rule.id)
      .where('folder', '=', key)
      .where('name', 'in', names)
      .where('gone_at', 'is', null)
      .execute();
  });
}

interface Bounds {
  /** With it. */
  readonly from?: string;
  /** Without it. */
  readonly after?: string;
  /** Without it; null: to the end. */
  readonly before: string | null;
}

/** Everything in the folders between is not there any more. */
async function forgetFolders(context: Context, rule: FollowedRule, { from, after, before }: Bounds): Promise<void> {
  for (;;) {
    let rows = context.database
      .selectFrom('watched_file')
      .select(['folder', 'name'])
      .where('rule_id', '=', rule.id)
      .where('gone_at', 'is', null);
    if (from !== undefined) rows = rows.where('folder', '>=', from);
    if (after !== undefined) rows = rows.where('folder', '>', after);
    if (before !== null) rows = rows.where('folder', '<', before);
    const page = await rows.orderBy('folder').orderBy('name').limit(PAGE).execute();
    for (const [folder, files] of Map.groupBy(page, (row) => row.folder)) {
      const names = files.map(({ name }) => name);
      await forgetFiles(context, rule, folder, names);
    }
    if (page.length < PAGE) return;
  }
}

/** A walk came from one folder to the next one (null: its end): folders that are known in between are not there. */
export async function forgetBetween(
  context: Context,
  rule: FollowedRule,
  last: string,
  next: string | null,
): Promise<void> {
  await forgetFolders(context, rule, { after: last, before: next });
}
