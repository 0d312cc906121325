import type { AgentPolicy } from '../../shared/wire-agent-policy.ts';
import { type Context, iso } from '../context.ts';
import type { AgentRow, Tx } from '../database/schema.ts';
import { record } from '../ledger/ledger.ts';
import { notFound, stateConflict, validationFailed } from '../problem.ts';
import { writeTransaction } from '../write-transaction.ts';

/** What operators want of an agent. */

/** Whether nothing new is offered to it at `now` of the wall clock. */
export function isPaused(
  { paused_at, paused_until }: Pick<AgentRow, 'paused_at' | 'paused_until'>,
  now: number,
): boolean {
  return paused_at !== null && (paused_until === null || paused_until > now);
}

/**
 * The agent is offered nothing and may claim nothing, until `until` or until somebody ends it; what it has it finishes.
 * Pausing it again changes note and end. @throws Problem 404, 409 for a revoked one, 422 for an end that is over
 */
export async function pauseAgent(
  context: Context,
  agentId: string,
  { note, until }: { readonly note: string; readonly until?: string | undefined },
  by: string,
): Promise<Record<string, never>> {
  return writeTransaction(context, async (tx, now) => {
    const end = until === undefined ? null : Date.parse(until);
    if (end !== null && end <= now) throw validationFailed([{ field: 'until', message: 'is over' }]);
    if ((await agentOr404(tx, agentId)).revoked_at !== null) throw stateConflict('The agent is let in no more.');
    await tx
      .updateTable('agent')
      .set({ paused_at: now, paused_by: by, pause_note: note, paused_until: end })
      .where('agent_id', '=', agentId)
      .execute();
    const detail = { note, ...(end === null ? {} : { until: iso(end) }) };
    await record(tx, { at: now, event: 'agentPaused', agentId, operator: by, detail });
    return {};
  });
}

/** It is offered work again. @throws Problem 404, 409 where it is not paused */
export async function resumeAgent(context: Context, agentId: string, by: string): Promise<Record<string, never>> {
  return writeTransaction(context, async (tx, now) => {
    if (!isPaused(await agentOr404(tx, agentId), now)) throw stateConflict('The agent is not paused.');
    await tx
      .updateTable('agent')
      .set({ paused_at: null, paused_by: null, pause_note: null, paused_until: null })
      .where('agent_id', '=', agentId)
      .execute();
    await record(tx, { at: now, event: 'agentResumed', agentId, operator: by });
    return {};
  });
}

/**
 * Lets an agent in no more, by its own token or by the shared one, until it enrols anew. Answers the jobs that it holds;
 * they are to be taken back. @throws Problem 404, 409 where it is so already
 */
export async function revokeAgent(context: Context, agentId: string, by: string): Promise<readonly string[]> {
  return writeTransaction(context, async (tx, now) => {
    if ((await agentOr404(tx, agentId)).revoked_at !== null)
      throw stateConflict('The agent is let in no more already.');
    await tx
      .updateTable('agent')
      .set({ revoked_at: now, token_hash: null, pending_token_hash: null })
      .where('agent_id', '=', agentId)
      .execute();
    await tx.deleteFrom('agent_capability').where('agent_id', '=', agentId).execute();
    await record(tx, { at: now, event: 'agentRevoked', agentId, operator: by });
    const held = await tx.selectFrom('lease').select('job_id').where('agent_id', '=', agentId).execute();
    return held.map(({ job_id }) => job_id);
  });
}

/**
 * Says which work the agent may take, in place of what was said before; an empty policy ends it. What it has it
 * finishes. @throws Problem 404, 409 for a revoked one
 */
export async function setAgentPolicy(
  context: Context,
  agentId: string,
  policy: AgentPolicy,
  by: string,
): Promise<Record<string, never>> {
  return writeTransaction(context, async (tx, now) => {
    if ((await agentOr404(tx, agentId)).revoked_at !== null) throw stateConflict('The agent is let in no more.');
    const policy_json = Object.keys(policy).length === 0 ? null : JSON.stringify(policy);
    await tx
      .updateTable('agent')
      .set({ policy_json, policy_by: by, policy_at: now })
      .where('agent_id', '=', agentId)
      .execute();
    await record(tx, { at: now, event: 'agentPolicySet', agentId, operator: by, detail: { ...policy } });
    return {};
  });
}

async function agentOr404(tx: Tx, agentId: string): Promise<AgentRow> {
  const agent = await tx.selectFrom('agent').selectAll().where('agent_id', '=', agentId).executeTakeFirst();
  if (agent === undefined) throw notFound('No agent with this id is registered here.');
  return agent;
}
