import type { z } from 'zod';
import type { OperatorEntry, OperatorRole, OperatorToken } from '../../shared/operator-roles.ts';
import type { AddOperatorRequest, RotateOperatorRequest } from '../../shared/wire-operators.ts';
import type { Caller } from '../agents/caller.ts';
import { iso, type Context } from '../context.ts';
import type { OperatorRow } from '../database/schema.ts';
import { newToken, sha256 } from '../hash.ts';
import { record } from '../ledger/ledger.ts';
import { notFound, stateConflict, unauthorized, validationFailed } from '../problem.ts';
import { writeTransaction } from '../write-transaction.ts';

/** Who holds the token in the data folder: whoever may read that. Nobody else can be called so. */
export const SHARED_OPERATOR = 'operator-token';
/** Tells an operator's token from an agent's before the database is asked, and a scanner for secrets what it found. */
const PREFIX = 'rco_';

export const isOfOperator = (bearer: string): boolean => bearer.startsWith(PREFIX);

const [HOUR_MS, DAY_MS] = [3_600_000, 86_400_000];

/** The operator whose token this is the sha256 of, or null. @throws Problem 401 for one that has expired */
export async function operatorOfToken(context: Context, hash: string): Promise<Caller | null> {
  const row = await context.database
    .selectFrom('operator')
    .selectAll()
    .where((where) => where.or([where('token_hash', '=', hash), where('previous_hash', '=', hash)]))
    .executeTakeFirst();
  if (row === undefined) return null;
  const { name, role } = row;
  if (!goodAt(row, context.clock()).some((token) => token.hash === hash)) {
    throw unauthorized(`The token of ${name} has expired or was rotated; an admin gives a new one.`);
  }
  return { scope: 'operator', name, role };
}

/** A token that opens something now. */
export interface GoodToken {
  /** sha256 of it. */
  readonly hash: string;
  readonly role: OperatorRole;
  /** Epoch ms; null: for ever. */
  readonly until: number | null;
}

/** The tokens by which this operator is let in now: none where there is no such operator. */
export async function goodTokensOf({ database, clock }: Context, name: string): Promise<readonly GoodToken[]> {
  const row = await database.selectFrom('operator').selectAll().where('name', '=', name).executeTakeFirst();
  return row === undefined ? [] : goodAt(row, clock());
}

function goodAt(row: OperatorRow, now: number): readonly GoodToken[] {
  const { role, token_hash, expires_at, previous_hash, previous_until } = row;
  const tokens = [{ hash: token_hash, role, until: expires_at }];
  if (previous_hash !== null)
    tokens.push({ hash: previous_hash, role, until: earliest(previous_until ?? 0, expires_at) });
  return tokens.filter(({ until }) => until === null || until > now);
}

const earliest = (one: number, other: number | null): number => (other === null ? one : Math.min(one, other));

/** Makes an operator; the token is answered once, and only its hash is kept. @throws Problem 409, 422 */
export async function addOperator(
  context: Context,
  { name, role, days }: z.output<typeof AddOperatorRequest>,
  by: string,
): Promise<OperatorToken> {
  if (name === SHARED_OPERATOR) throw validationFailed([{ field: 'name', message: 'is kept for the shared token' }]);
  const token = PREFIX + newToken();
  return writeTransaction(context, async (tx, now) => {
    const made: OperatorRow = {
      name,
      role,
      token_hash: sha256(token),
      expires_at: days === null ? null : now + days * DAY_MS,
      previous_hash: null,
      previous_until: null,
      created_at: now,
      rotated_at: now,
    };
    const { numInsertedOrUpdatedRows } = await tx
      .insertInto('operator')
      .values(made)
      .onConflict((conflict) => conflict.column('name').doNothing())
      .executeTakeFirst();
    if (numInsertedOrUpdatedRows === 0n) throw stateConflict(`There is an operator ${name} already.`);
    await record(tx, { at: now, event: 'operatorAdded', operator: by, detail: { name, role } });
    return { ...entryOf(made), token };
  });
}

/** Gives an operator a new token. The one they had ends at once, or after an overlap. @throws Problem 404 */
export async function rotateOperator(
  context: Context,
  name: string,
  { days, overlap_hours }: z.output<typeof RotateOperatorRequest>,
  by: string,
): Promise<OperatorToken> {
  const token = PREFIX + newToken();
  return writeTransaction(context, async (tx, now) => {
    const row = await tx
      .updateTable('operator')
      .set((before) => ({
        previous_hash: overlap_hours === 0 ? null : before.ref('token_hash'),
        previous_until: overlap_hours === 0 ? null : now + overlap_hours * HOUR_MS,
        token_hash: sha256(token),
        expires_at: days === null ? null : now + days * DAY_MS,
        rotated_at: now,
      }))
      .where('name', '=', name)
      .returningAll()
      .executeTakeFirst();
    if (row === undefined) throw unknownOperator();
    await record(tx, { at: now, event: 'operatorRotated', operator: by, detail: { name, overlap_hours } });
    return { ...entryOf(row), token };
  });
}

/** Ends an operator and their tokens at once; the ledger keeps what they did under their name. @throws Problem 404 */
export async function removeOperator(context: Context, name: string, by: string): Promise<Record<string, never>> {
  return writeTransaction(context, async (tx, now) => {
    const { numDeletedRows } = await tx.deleteFrom('operator').where('name', '=', name).executeTakeFirst();
    if (numDeletedRows === 0n) throw unknownOperator();
    await record(tx, { at: now, event: 'operatorRemoved', operator: by, detail: { name } });
    return {};
  });
}

/** Everybody who has a token of their own, by name. */
export async function listOperators(context: Context): Promise<{ items: OperatorEntry[] }> {
  const rows = await context.database.selectFrom('operator').selectAll().orderBy('name').execute();
  return { items: rows.map(entryOf) };
}

const unknownOperator = () => notFound('No operator of this name has a token here.');

function entryOf({ name, role, created_at, rotated_at, expires_at }: OperatorRow): OperatorEntry {
  return {
    name,
    role,
    created_at: iso(created_at),
    rotated_at: iso(rotated_at),
    ...(expires_at === null ? {} : { expires_at: iso(expires_at) }),
  };
}
