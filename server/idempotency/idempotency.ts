import type { Tx } from '../database/schema.ts';
import { sha256 } from '../hash.ts';
import { Problem, validationFailed } from '../problem.ts';

/** Longest key a client may send (protocol.md). */
const MAX_KEY_LENGTH = 64;

/** Who sent which request; `key` is null when the header was absent. */
export interface RequestIdentity {
  readonly agentId: string;
  readonly key: string | null;
  /** Of method, path and body. */
  readonly requestHash: string;
}

export function requestHash(method: string, path: string, body: unknown): string {
  return sha256(`${method} ${path}\n${JSON.stringify(body ?? null)}`);
}

/** Reads the `Idempotency-Key` header. @throws Problem 422 when it is empty, too long or sent twice */
export function idempotencyKey(header: string | readonly string[] | undefined): string | null {
  if (header === undefined) return null;
  if (typeof header === 'string' && header.length >= 1 && header.length <= MAX_KEY_LENGTH) return header;
  throw validationFailed([{ field: 'Idempotency-Key', message: `one key of 1 to ${MAX_KEY_LENGTH} characters` }]);
}

/** What was answered before. */
export interface Kept {
  readonly answer: unknown;
}

/**
 * The answer this agent already got for this key, or null when the key is new.
 * @throws Problem 422 when the key was used for another request
 */
export async function earlierAnswer(tx: Tx, identity: RequestIdentity): Promise<Kept | null> {
  if (identity.key === null) return null;
  const row = await rowOf(tx, identity).select(['request_hash', 'answer_json']).executeTakeFirst();
  return row === undefined ? null : answerIn(row.answer_json, row.request_hash, identity);
}

const rowOf = (tx: Tx, { agentId, key }: RequestIdentity) =>
  tx.selectFrom('idempotency').where('agent_id', '=', agentId).where('idempotency_key', '=', key);

/** The same as columns of a query that asks for more. */
export function keptOf(tx: Tx, identity: RequestIdentity) {
  return [
    rowOf(tx, identity).select('request_hash').as('kept_hash'),
    rowOf(tx, identity).select('answer_json').as('kept_answer'),
  ] as const;
}

/** What these columns say. @throws Problem 422 when the key was used for another request */
export function keptAnswer(
  row: { readonly kept_hash: string | null; readonly kept_answer: string | null },
  identity: RequestIdentity,
): Kept | null {
  const { kept_hash: hash, kept_answer: answer } = row;
  return hash === null || answer === null ? null : answerIn(answer, hash, identity);
}

function answerIn(answer: string, hash: string, identity: RequestIdentity): Kept {
  if (hash !== identity.requestHash) {
    throw new Problem(422, 'VALIDATION_FAILED', 'This Idempotency-Key was already used for another request.', [
      { field: 'Idempotency-Key', message: 'was used with another call or body' },
    ]);
  }
  return { answer: JSON.parse(answer) as unknown };
}

/**
 * Takes a key for this request, or answers what was answered for it before. Of two that come at once one takes it; the
 * other waits here until that one has ended, and reads its answer. Taken back with the transaction: a refusal is not
 * kept, and a repeat of it is judged anew. @throws Problem 422 when the key was used for another request
 */
export async function takeKey(tx: Tx, identity: RequestIdentity, now: number): Promise<Kept | null> {
  if (identity.key === null) return null;
  const taken = await tx
    .insertInto('idempotency')
    .values({
      agent_id: identity.agentId,
      idempotency_key: identity.key,
      request_hash: identity.requestHash,
      answer_json: NOT_YET,
      created_at: now,
    })
    .onConflict((conflict) => conflict.columns(['agent_id', 'idempotency_key']).doNothing())
    .returning('agent_id')
    .executeTakeFirst();
  return taken === undefined ? earlierAnswer(tx, identity) : null;
}

/** Nobody reads it: it is replaced in the transaction that writes it. */
const NOT_YET = 'null';

/** Keeps the accepted answer for a key that was taken, in the transaction that made it true. */
export async function keepAnswer(tx: Tx, identity: RequestIdentity, answer: unknown): Promise<void> {
  if (identity.key === null) return;
  await tx
    .updateTable('idempotency')
    .set({ answer_json: JSON.stringify(answer) })
    .where('agent_id', '=', identity.agentId)
    .where('idempotency_key', '=', identity.key)
    .execute();
}

/**
 * A key with the accepted answer, as statements that are still to be run (none where no key was sent): for whoever has
 * seen to it in another way that of two requests with one key the second one waits.
 */
export function newKey(tx: Tx, { agentId, key, requestHash: hash }: RequestIdentity, now: number, answer: unknown) {
  if (key === null) return [];
  const row = { agent_id: agentId, idempotency_key: key, request_hash: hash };
  return [tx.insertInto('idempotency').values({ ...row, answer_json: JSON.stringify(answer), created_at: now })];
}

/** Does `work` once for this key; a repeat gets the kept answer, whatever has happened to the job since. */
export async function once<T>(tx: Tx, identity: RequestIdentity, now: number, work: () => Promise<T>): Promise<T> {
  const earlier = await takeKey(tx, identity, now);
  // The key's hash names the call: what it answered then is of the same type.
  if (earlier !== null) return earlier.answer as T;
  const answer = await work();
  await keepAnswer(tx, identity, answer);
  return answer;
}
