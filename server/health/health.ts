import {
  HEALTH_STATES,
  SERVER_HEALTH_CODES,
  healthNext,
  healthTitle,
  isHidden,
  WARMING_UP_SECONDS,
  type HealthDetail,
} from '../../shared/health-states.ts';
import type { HealthState, HealthStates } from '../../shared/wire-health.ts';
import { iso, type Context } from '../context.ts';
import type { HealthRow, Tx } from '../database/schema.ts';
import { record } from '../ledger/ledger.ts';
import { writeTransaction } from '../write-transaction.ts';
import { findStates, type Finding } from './findings.ts';

/** With a million jobs a look takes up to 70 ms, in which SQLite answers nobody. */
const EVERY_MS = 15_000;

interface Looks {
  /** Of the lease clock: when this process looked first, and last. */
  readonly firstAt: number;
  lastAt: number;
}
const looks = new WeakMap<Context, Looks>();

/**
 * Looks how the server is, at most every 15 s, and writes down what began to be told and what is over: in the ledger,
 * too, from which others go on. One process at a time does it: whoever sweeps.
 */
export async function lookAtHealth(context: Context): Promise<void> {
  const now = context.leaseTime();
  const known = looks.get(context);
  if (known !== undefined && now - known.lastAt < EVERY_MS) return;
  looks.set(context, { firstAt: known?.firstAt ?? now, lastAt: now });
  const found = await findStates(context);
  const before = await currentRows(context);
  if (found.length === 0 && before.length === 0) return;
  const steps = stepsOf(context, found, before);
  if (steps.length > 0)
    await writeTransaction(context, async (tx) =>
      steps.reduce((done, step) => done.then(() => step(tx)), Promise.resolve()),
    );
}

function isWarmingUp(context: Context): boolean {
  const firstAt = looks.get(context)?.firstAt;
  return firstAt === undefined || context.leaseTime() - firstAt < WARMING_UP_SECONDS * 1_000;
}

async function currentRows({ database }: Context): Promise<readonly HealthRow[]> {
  return database.selectFrom('health_state').selectAll().where('over_at', 'is', null).execute();
}

type Step = (tx: Tx) => Promise<void>;
const keyOf = ({ code, subject }: Pick<HealthRow, 'code' | 'subject'>): string => `${code} ${subject}`;

/** What is to be written, only where something changed. */
function stepsOf(context: Context, found: readonly Finding[], before: readonly HealthRow[]): readonly Step[] {
  const now = context.clock();
  const rows = new Map(before.map((row) => [keyOf(row), row]));
  const present = new Map(found.map((finding) => [keyOf(finding), finding]));
  const steps: Step[] = [];
  for (const finding of present.values()) {
    const row = rows.get(keyOf(finding));
    const next = nextRow(context, finding, row, present, now);
    if (row === undefined) steps.push(async (tx) => void (await tx.insertInto('health_state').values(next).execute()));
    else if (changed(row, next)) steps.push((tx) => update(tx, next));
    if (next.shown_at === now && row?.shown_at !== now) steps.push((tx) => tell(tx, 'stateBegan', next, now));
  }
  for (const row of before.filter((each) => !present.has(keyOf(each)))) {
    if (row.shown_at === null) {
      steps.push(
        async (tx) => void (await tx.deleteFrom('health_state').where('state_id', '=', row.state_id).execute()),
      );
      continue;
    }
    const over = { ...row, over_at: now };
    steps.push(
      (tx) => update(tx, over),
      (tx) => tell(tx, 'stateEnded', over, now),
    );
  }
  return steps;
}

function nextRow(
  context: Context,
  finding: Finding,
  row: HealthRow | undefined,
  present: ReadonlyMap<string, Finding>,
  now: number,
): HealthRow {
  const { severity, lastsSeconds } = HEALTH_STATES[finding.code];
  const began_at = row?.began_at ?? now;
  const hidden = isHidden(finding, (code, subject) => present.has(keyOf({ code, subject })));
  const isTold = !hidden && (severity === 'error' || !isWarmingUp(context)) && now - began_at >= lastsSeconds * 1_000;
  return {
    state_id: row?.state_id ?? context.uuid(),
    code: finding.code,
    subject: finding.subject,
    detail_json: JSON.stringify(finding.detail),
    began_at,
    shown_at: row?.shown_at ?? (isTold ? now : null),
    hidden: hidden ? 1 : 0,
    over_at: null,
  };
}

const changed = (one: HealthRow, other: HealthRow): boolean =>
  one.detail_json !== other.detail_json || one.shown_at !== other.shown_at || one.hidden !== other.hidden;

async function update(tx: Tx, { state_id, detail_json, shown_at, hidden, over_at }: HealthRow): Promise<void> {
  await tx
    .updateTable('health_state')
    .set({ detail_json, shown_at, hidden, over_at })
    .where('state_id', '=', state_id)
    .execute();
}

async function tell(tx: Tx, event: 'stateBegan' | 'stateEnded', row: HealthRow, at: number): Promise<void> {
  const { code, subject, began_at, state_id } = row;
  await record(tx, { at, event, detail: { state_id, code, subject, since: iso(began_at), of: detailOf(row) } });
}

/** Past states that are told with the others. */
const PAST = 50;

/** What is told now, and what was told and is over. */
export async function healthStates(context: Context): Promise<HealthStates> {
  const past = await context.database
    .selectFrom('health_state')
    .selectAll()
    .where('over_at', 'is not', null)
    .orderBy('over_at', 'desc')
    .limit(PAST)
    .execute();
  const rank = ({ code }: HealthState): number => SERVER_HEALTH_CODES.indexOf(code);
  return {
    at: iso(context.clock()),
    warming_up: isWarmingUp(context),
    items: (await currentRows(context))
      .filter(({ shown_at, hidden }) => shown_at !== null && hidden === 0)
      .flatMap(wireState)
      .sort((one, other) => rank(one) - rank(other) || one.since.localeCompare(other.since)),
    past: past.flatMap(wireState),
  };
}

/** Of a code that another version wrote nothing is known. */
function wireState(row: HealthRow): HealthState[] {
  const { state_id, subject, began_at, over_at } = row;
  const code = SERVER_HEALTH_CODES.find((each) => each === row.code);
  if (code === undefined) return [];
  const detail = detailOf(row);
  return [
    {
      state_id,
      code,
      severity: HEALTH_STATES[code].severity,
      subject,
      detail: { ...detail },
      title: healthTitle(code, detail),
      next: healthNext(code, detail),
      since: iso(began_at),
      ...(over_at === null ? {} : { over_at: iso(over_at) }),
    },
  ];
}

// Written by this room alone.
const detailOf = ({ detail_json }: HealthRow): HealthDetail => JSON.parse(detail_json) as HealthDetail;

/** Those that are over, and older than what else is forgotten. */
export async function forgetPastStates(tx: Tx, before: number): Promise<void> {
  await tx.deleteFrom('health_state').where('over_at', '<=', before).execute();
}
