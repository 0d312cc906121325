import type { RegisterAnswer, RegisterRequest } from '../../shared/wire.ts';
import type { Caller } from './caller.ts';
import type { Context } from '../context.ts';
import type { AgentRow, Tx } from '../database/schema.ts';
import { record } from '../ledger/ledger.ts';
import { forbidden } from '../problem.ts';
import { serverPolicy } from './policy.ts';
import { refuseRevoked, refuseSharedToken } from './known-agents.ts';
import { writeTransaction } from '../write-transaction.ts';

/**
 * Makes an agent known, or brings what is known of it up to date: one installation_id always has the same agent_id.
 * `capabilities: []` signs it off.
 */
export async function register(context: Context, caller: Caller, request: RegisterRequest): Promise<RegisterAnswer> {
  const agent = await writeTransaction(context, async (tx, now) => {
    const known = await tx
      .selectFrom('agent')
      .selectAll()
      .where('installation_id', '=', request.installation_id)
      .executeTakeFirst();
    if (caller.scope === 'agent' && caller.boundAgentId !== null && caller.boundAgentId !== known?.agent_id) {
      throw forbidden('This token belongs to another installation; enrol this one to get its own.');
    }
    if (known !== undefined) {
      refuseRevoked(known);
      refuseSharedToken(caller, known);
    }
    const id = known?.agent_id ?? context.uuid();
    if (known === undefined) await insertAgent(tx, id, request, now);
    else await updateAgent(tx, known, request, now);
    await declareCapabilities(tx, id, request.capabilities);
    await record(tx, {
      at: now,
      event: 'agentRegistered',
      agentId: id,
      detail: { agent_name: request.agent_name, capabilities: request.capabilities },
    });
    return { id, policy_json: known?.policy_json ?? null, policy_at: known?.policy_at ?? null };
  });
  return { agent_id: agent.id, server_policy: serverPolicy(context.settings.policy, agent) };
}

async function insertAgent(tx: Tx, agentId: string, request: RegisterRequest, now: number): Promise<void> {
  await tx
    .insertInto('agent')
    .values({
      agent_id: agentId,
      installation_id: request.installation_id,
      agent_name: request.agent_name,
      agent_version: request.agent_version,
      platform: request.platform ?? null,
      max_parallel_jobs: request.max_parallel_jobs ?? null,
      registered_at: now,
      last_seen_at: now,
      token_hash: null,
      pending_token_hash: null,
    })
    .execute();
}

async function updateAgent(tx: Tx, known: AgentRow, request: RegisterRequest, now: number): Promise<void> {
  await tx
    .updateTable('agent')
    .set({
      agent_name: request.agent_name,
      agent_version: request.agent_version,
      platform: request.platform ?? null,
      max_parallel_jobs: request.max_parallel_jobs ?? null,
      last_seen_at: now,
    })
    .where('agent_id', '=', known.agent_id)
    .execute();
}

async function declareCapabilities(tx: Tx, agentId: string, capabilities: readonly string[]): Promise<void> {
  await tx.deleteFrom('agent_capability').where('agent_id', '=', agentId).execute();
  const rows = [...new Set(capabilities)].map((capability) => ({ agent_id: agentId, capability }));
  if (rows.length > 0) await tx.insertInto('agent_capability').values(rows).execute();
}
