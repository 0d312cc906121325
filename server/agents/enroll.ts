import { randomUUID } from 'node:crypto';
import { newToken } from '../auth/token-files.ts';
import { iso, type Context } from '../context.ts';
import type { Tx } from '../database/schema.ts';
import { sha256 } from '../hash.ts';
import { record } from '../ledger/ledger.ts';
import { notFound, unauthorized } from '../problem.ts';
import { writing } from '../writing.ts';

/** How long a one-time token can be used: long enough to walk over to the workstation. */
const ENROLLMENT_MS = 24 * 3_600_000;

/** Makes a one-time token; only its hash is kept. */
export async function createEnrollment(context: Context): Promise<{ token: string; expires_at: string }> {
  const token = newToken();
  const expiresAt = await writing(context, async (tx, now) => {
    await tx
      .insertInto('enrollment')
      .values({ token_hash: sha256(token), created_at: now, expires_at: now + ENROLLMENT_MS, used_at: null })
      .execute();
    return now + ENROLLMENT_MS;
  });
  return { token, expires_at: iso(expiresAt) };
}

/**
 * Exchanges a one-time token for the bearer of one installation; an earlier bearer of it stops being valid.
 * @throws Problem 401 when the token is unknown, used or out of date
 */
export async function enroll(context: Context, oneTimeToken: string, installationId: string): Promise<string> {
  const bearer = newToken();
  await writing(context, async (tx, now) => {
    const used = await tx
      .updateTable('enrollment')
      .set({ used_at: now })
      .where('token_hash', '=', sha256(oneTimeToken))
      .where('used_at', 'is', null)
      .where('expires_at', '>', now)
      .executeTakeFirst();
    if (used.numUpdatedRows === 0n) {
      throw unauthorized('The enrolment token is unknown, used or out of date; ask for a new one.');
    }
    const agentId = await agentOfInstallation(tx, installationId, now);
    await giveBearer(tx, agentId, bearer);
    await record(tx, { at: now, event: 'agentEnrolled', agentId });
  });
  return bearer;
}

/** Gives an agent a new bearer of its own; the one it had is refused from now on. @throws Problem 404 */
export async function rotateToken(context: Context, agentId: string): Promise<string> {
  const bearer = newToken();
  await writing(context, async (tx, now) => {
    if (!(await giveBearer(tx, agentId, bearer))) throw notFound('No agent with this id is registered here.');
    await record(tx, { at: now, event: 'agentTokenRotated', agentId });
  });
  return bearer;
}

async function giveBearer(tx: Tx, agentId: string, bearer: string): Promise<boolean> {
  const updated = await tx
    .updateTable('agent')
    .set({ token_hash: sha256(bearer) })
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
    })
    .execute();
  return agentId;
}
