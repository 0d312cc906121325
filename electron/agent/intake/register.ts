import type { AgentServices } from '../jobs/services.ts';
import type { Registration } from '../server/dialect.ts';
import { reactionTo, type Reaction } from '../server/reactions.ts';
import type { ReplyHead } from '../server/outcome.ts';

export const META_AGENT_ID = 'agent_id';

/** Says who we are and what we can do; learns the agent id and the policy. Returns the reaction and the reply. */
export async function register(
  services: AgentServices,
  identity: { readonly installationId: string; readonly setAgentId: (agentId: string) => void },
  capabilities: readonly string[],
  signal?: AbortSignal,
): Promise<{ readonly reaction: Reaction; readonly reply: ReplyHead }> {
  const settings = services.settings();
  const own: Registration = {
    installationId: identity.installationId,
    agentName: settings.agentName,
    agentVersion: services.version,
    platform: `${process.platform}-${process.arch}`,
    capabilities,
    maxParallelJobs: settings.maxParallelJobs,
  };
  const reply = await services.client.register(own, signal);
  // A call that we broke off ourselves says nothing about the server.
  if (signal?.aborted !== true) services.connection.note(reply);
  if (reply.answer === 'ok') {
    const { agentId, policy } = reply.body;
    identity.setAgentId(agentId);
    services.journal.setMeta(META_AGENT_ID, agentId);
    services.store.emit({ type: 'registered', agentId, ...(policy === undefined ? {} : { policy }) });
  }
  return { reaction: reactionTo('register', reply.answer, reply.error?.code), reply };
}
