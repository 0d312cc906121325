import { createHmac, randomUUID } from 'node:crypto';
import type { z } from 'zod';
import type { EnrollRequest } from '../../shared/wire.ts';
import { iso, type Context } from '../context.ts';
import type { AgentRow, Queries, Tx } from '../database/schema.ts';
import { newToken, sha256 } from '../hash.ts';
import { record } from '../ledger/ledger.ts';
import { notFound, unauthorized } from '../problem.ts';
import { writeTransaction } from '../write-transaction.ts';

/** How long a one-time token can be used: long enough to walk over to the workstation. */
const ENROLLMENT_MS = 24 * 3_600_000;

const UNUSED = { used_at: null, used_by: null, key_hash: null, bearer_salt: null } as const;

/** Makes a one-time token; only its hash is kept. */
export async function createEnrollment(context: Context, by: string): Promise<{ token: string; expires_at: string }> {
  const token = newToken();
  const expiresAt = await writeTransaction(context, async (tx, now) => {
    await tx
      .insertInto('enrollment')
      .values({ token_hash: sha256(token), created_at: now, expires_at: now + ENROLLMENT_MS, ...UNUSED })
      .execute();
    await record(tx, { at: now, event: 'enrollmentCreated', operator: by });
    return now + ENROLLMENT_MS;
  });
  return { token, expires_at: iso(expiresAt) };
}

/**
 * Exchanges a one-time token for the bearer of one installation. The bearer it had stays good until the new one is
 * used (`agentOfBearer`). The same token with the same Idempotency-Key for the same installation is answered the same
 * bearer again, so that a lost answer burns nothing; without a key a token is good for one answer.
 * @throws Problem 401 when the token is unknown, used or out of date
 */
export async function enroll(
  context: Context,
  request: z.output<typeof EnrollRequest>,
  key: string | null,
): Promise<string> {
  const tokenHash = sha256(request.token);
  return writeTransaction(context, async (tx, now) => {
    const salt = newToken();
    const used = await tx
      .updateTable('enrollment')
      .set({ used_at: now, used_by: request.installation_id, key_hash: hashOrNull(key), bearer_salt: salt })
      .where('token_hash', '=', tokenHash)
      .where('used_at', 'is', null)
      .where('expires_at', '>', now)
      .executeTakeFirst();
    if (used.numUpdatedRows === 0n) return bearerAgain(tx, request, key);
    const bearer = bearerOf(salt, request.token, key);
    const agentId = await agentOfInstallation(tx, request.installation_id, now);
    await tx
      .updateTable('agent')
      .set({ pending_token_hash: sha256(bearer), revoked_at: null })
      .where('agent_id', '=', agentId)
      .execute();
    await record(tx, { at: now, event: 'agentEnrolled', agentId });
    return bearer;
  });
}

/** The answer to a repeat, as long as the bearer it names is worth something. @throws Problem 401 */
async function bearerAgain(tx: Tx, request: z.output<typeof EnrollRequest>, key: string | null): Promise<string> {
  const spent = await tx
    .selectFrom('enrollment')
    .select(['bearer_salt', 'key_hash'])
    .where('token_hash', '=', sha256(request.token))
    .where('used_by', '=', request.installation_id)
    .executeTakeFirst();
  const salt = spent?.bearer_salt ?? null;
  if (key !== null && salt !== null && spent?.key_hash === sha256(key)) {
    const bearer = bearerOf(salt, request.token, key);
    if ((await findByBearer(tx, sha256(bearer))) !== undefined) return bearer;
  }
  throw unauthorized('The enrolment token is unknown, used or out of date; ask for a new one.');
}

/**
 * Not kept anywhere, so derived: from a salt that only the database has, the one-time token and the key, which only
 * the client has. None of the three alone, nor the database, gives it away.
 */
function bearerOf(salt: string, oneTimeToken: string, key: string | null): string {
  return createHmac('sha256', salt)
    .update(JSON.stringify([oneTimeToken, key]))
    .digest('base64url');
}

const hashOrNull = (key: string | null): string | null => (key === null ? null : sha256(key));

/**
 * The agent whose bearer this is the sha256 of, or null. The first use of a new bearer shows that it arrived: from then
 * on it is the agent's only one.
 */
export async function agentOfBearer(context: Context, hash: string): Promise<string | null> {
  const agent = await findByBearer(context.database, hash);
  if (agent === undefined) return null;
  if (agent.pending_token_hash === hash) await confirmBearer(context, agent.agent_id, hash);
  return agent.agent_id;
}

async function findByBearer(
  database: Queries,
  hash: string,
): Promise<Pick<AgentRow, 'agent_id' | 'pending_token_hash'> | undefined> {
  return database
    .selectFrom('agent')
    .select(['agent_id', 'pending_token_hash'])
    .where((where) => where.or([where('token_hash', '=', hash), where('pending_token_hash', '=', hash)]))
    .executeTakeFirst();
}

async function confirmBearer(context: Context, agentId: string, hash: string): Promise<void> {
  await writeTransaction(context, async (tx, now) => {
    const { numUpdatedRows } = await tx
      .updateTable('agent')
      .set({ token_hash: hash, pending_token_hash: null })
      .where('agent_id', '=', agentId)
      .where('pending_token_hash', '=', hash)
      .executeTakeFirst();
    if (numUpdatedRows > 0n) await record(tx, { at: now, event: 'agentTokenConfirmed', agentId });
  });
}

/** Gives an agent a new bearer of its own; the one it had is refused from now on. @throws Problem 404 */
export async function rotateToken(context: Context, agentId: string, by: string): Promise<string> {
  const bearer = newToken();
  await writeTransaction(context, async (tx, now) => {
    if (!(await giveBearer(tx, agentId, bearer))) throw notFound('No agent with this id is registered here.');
    await record(tx, { at: now, event: 'agentTokenRotated', agentId, operator: by });
  });
  return bearer;
}

/** At once and whatever it had: somebody rotates because the old one is in wrong hands. */
async function giveBearer(tx: Tx, agentId: string, bearer: string): Promise<boolean> {
  const updated = await tx
    .updateTable('agent')
    .set({ token_hash: sha256(bearer), pending_token_hash: null })
    .where('agent_id', '=', agentId)
    .executeTakeFirst();
  return updated.numUpdatedRows > 0n;
}

async function agentOfInstallation(tx: Tx, installationId: string, now: number): Promise<string> {
  const known = await tx
    .selectFrom('agent')
    .select('agent_id')
    .where('installation_id', '=', installationId)
    .executeTakeFirst();
  if (known !== undefined) return known.agent_id;
  const agentId = randomUUID();
  await tx
    .insertInto('agent')
    .values({
      agent_id: agentId,
      installation_id: installationId,
      // Until its first register says more.
      agent_name: installationId,
      agent_version: 'unknown',
      platform: null,
      max_parallel_jobs: null,
      registered_at: now,
      last_seen_at: now,
      token_hash: null,
      pending_token_hash: null,
    })
    .execute();
  return agentId;
}
