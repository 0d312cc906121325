import { sql } from 'kysely';
import type { z } from 'zod';
import type { Rule, RuleChange, RuleList, RuleRequest } from '../../shared/wire-rules.ts';
import { iso, type Context } from '../context.ts';
import type { RuleRow, Tx } from '../database/schema.ts';
import { refuseInputs } from '../jobs/create-job.ts';
import { record } from '../ledger/ledger.ts';
import { notFound, stateConflict, validationFailed } from '../problem.ts';
import { writeTransaction } from '../write-transaction.ts';
import { columnsOf, inputsFor, inputsOfRule, jobTypesOf, kindsOf, rootOf } from './rule.ts';

/** Every rule with how it is. */
export async function listRules(context: Context): Promise<RuleList> {
  const rows = await context.database
    .selectFrom('watch_rule')
    .selectAll()
    .orderBy('created_at')
    .orderBy('rule_id')
    .execute();
  const items: Rule[] = [];
  for (const row of rows) items.push(await wireRule(context, row));
  return { items, roots: context.watch?.roots().map(({ name }) => name) ?? [] };
}

/** @throws Problem 409 where there is one of this name, 422 where the root or the inputs are wrong */
export async function addRule(context: Context, wish: z.output<typeof RuleRequest>, by: string): Promise<Rule> {
  refuseWish(context, wish);
  const row = await writeTransaction(context, async (tx, now) => {
    await refuseTwin(tx, wish.name, null);
    const added = newRow(context, wish, now, by);
    await tx.insertInto('watch_rule').values(added).execute();
    const { name, root, folder, enabled } = wish;
    const detail = { rule_id: added.rule_id, name, root, folder, enabled };
    await record(tx, { at: now, event: 'ruleAdded', operator: by, detail });
    return added;
  });
  context.watch?.changed();
  return wireRule(context, row);
}

function newRow(context: Context, wish: z.output<typeof RuleRequest>, now: number, by: string): RuleRow {
  return {
    rule_id: context.uuid(),
    name: wish.name,
    ...columnsOf(wish),
    enabled: wish.enabled ? 1 : 0,
    created_at: now,
    created_by: by,
    scan_place: null,
    scan_began_at: null,
    scanned_at: null,
    scan_ms: null,
    problem: null,
    taken: 0,
    jobs: 0,
    passed_over: 0,
    held_by: null,
    held_until: null,
  };
}

/** @throws Problem 404, 409 where another one has this name */
export async function changeRule(
  context: Context,
  ruleId: string,
  { enabled, name, priority }: z.output<typeof RuleChange>,
  by: string,
): Promise<Rule> {
  const row = await writeTransaction(context, async (tx, now) => {
    const before = await ruleOr404(tx, ruleId);
    if (name !== undefined) await refuseTwin(tx, name, ruleId);
    const change = {
      name: name ?? before.name,
      priority: priority ?? before.priority,
      enabled: enabled === undefined ? before.enabled : Number(enabled),
    };
    await tx.updateTable('watch_rule').set(change).where('rule_id', '=', ruleId).execute();
    const detail = { rule_id: ruleId, ...change, enabled: change.enabled === 1 };
    await record(tx, { at: now, event: 'ruleChanged', operator: by, detail });
    return { ...before, ...change };
  });
  context.watch?.changed();
  return wireRule(context, row);
}

/** Its files are forgotten; assets and jobs that were made stay. @throws Problem 404 */
export async function removeRule(context: Context, ruleId: string, by: string): Promise<Record<string, never>> {
  await writeTransaction(context, async (tx, now) => {
    const { name } = await ruleOr404(tx, ruleId);
    await tx.deleteFrom('watched_file').where('rule_id', '=', ruleId).execute();
    await tx.deleteFrom('watch_rule').where('rule_id', '=', ruleId).execute();
    await record(tx, { at: now, event: 'ruleRemoved', operator: by, detail: { rule_id: ruleId, name } });
  });
  context.watch?.changed();
  return {};
}

/** @throws Problem 422 */
export function refuseWish({ watch }: Context, wish: z.output<typeof RuleRequest>): void {
  if (rootOf(watch, wish.root) === undefined) {
    const known = watch?.roots().map(({ name }) => name) ?? [];
    const message =
      known.length === 0 ? 'names no media root: this server has none' : `names none of ${known.join(', ')}`;
    throw validationFailed([{ field: 'root', message }]);
  }
  for (const jobType of wish.job_types) refuseInputs(jobType, inputsFor(jobType, wish.inputs));
}

async function refuseTwin(tx: Tx, name: string, except: string | null): Promise<void> {
  const twin = await tx.selectFrom('watch_rule').select('rule_id').where('name', '=', name).executeTakeFirst();
  if (twin !== undefined && twin.rule_id !== except) throw stateConflict(`There is a rule “${name}” already.`);
}

async function ruleOr404(tx: Tx, ruleId: string): Promise<RuleRow> {
  const row = await tx.selectFrom('watch_rule').selectAll().where('rule_id', '=', ruleId).executeTakeFirst();
  if (row === undefined) throw notFound('There is no such rule.');
  return row;
}

async function wireRule(context: Context, row: RuleRow): Promise<Rule> {
  const { growing } = await context.database
    .selectFrom('watched_file')
    .select((file) => file.fn.countAll<number>().as('growing'))
    .where('rule_id', '=', row.rule_id)
    .where('state', '=', sql.lit('growing' as const))
    .where('gone_at', 'is', null)
    .executeTakeFirstOrThrow();
  return {
    rule_id: row.rule_id,
    name: row.name,
    root: row.root,
    folder: row.folder,
    ...(row.pattern === null ? {} : { pattern: row.pattern }),
    kinds: kindsOf(row),
    job_types: jobTypesOf(row),
    inputs: inputsOfRule(row),
    priority: row.priority,
    settle_seconds: Math.round(row.settle_ms / 1_000),
    enabled: row.enabled === 1,
    created_at: iso(row.created_at),
    created_by: row.created_by,
    state: stateOf(context, row),
    taken: row.taken,
    jobs: row.jobs,
    growing,
    passed_over: row.passed_over,
    ...(row.scanned_at === null ? {} : { scanned_at: iso(row.scanned_at) }),
    ...(row.scan_ms === null ? {} : { scan_seconds: row.scan_ms / 1_000 }),
  };
}

function stateOf({ watch, clock }: Context, row: RuleRow): Rule['state'] {
  if (row.enabled === 0) return 'off';
  // Another server may have the root, and look after it.
  if (rootOf(watch, row.root) === undefined && (row.held_until ?? 0) < clock()) return 'elsewhere';
  if (row.problem !== null) return 'unreachable';
  return row.scanned_at === null ? 'looking' : 'watching';
}
