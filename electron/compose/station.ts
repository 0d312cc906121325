import { join } from 'node:path';
import { createServer } from '../../server/server.ts';
import { createAgent, type Agent } from '../agent/agent.ts';
import type { AgentDeps } from '../agent/assembly.ts';
import type { Log } from '../agent/log.ts';
import type { SettingsStore } from '../agent/settings-store.ts';
import { fixedToken, type TokenSource } from '../agent/token-source.ts';
import { allExecutors } from './executors.ts';
import { createOperatorClient } from './operator-client.ts';

/** Which server the agent works for. */
export type ServerChoice =
  { readonly kind: 'embedded' } | { readonly kind: 'remote'; readonly serverUrl: string; readonly token: TokenSource };

export interface StationOptions {
  /** Data folder; the agent's work folder is `agent` in it, the embedded server's `server`. */
  readonly data: string;
  readonly settings: SettingsStore;
  readonly server: ServerChoice;
  readonly log: Log;
}

/** One machine's agent and, where it has one, the embedded server it works for over loopback HTTP. */
export interface Station {
  readonly agent: Agent;
  /** After `agent.stop`: the agent's last words need the server. */
  closeServer(): Promise<void>;
}

/** Makes both; nothing is claimed before `agent.start()`. Throws StartError or ServerStartError. */
export async function openStation({ data, settings, server, log }: StationOptions): Promise<Station> {
  const make = (deps: Pick<AgentDeps, 'serverUrl' | 'token' | 'operator'>): Agent =>
    createAgent({
      ...deps,
      settings,
      workFolder: join(data, 'agent'),
      logFolder: join(data, 'logs'),
      executors: allExecutors(),
      log,
    });
  if (server.kind === 'remote') {
    return { agent: make({ serverUrl: server.serverUrl, token: server.token }), closeServer: async () => undefined };
  }
  const embedded = await createServer({ dataDir: join(data, 'server'), log });
  const client = createOperatorClient(embedded.url, embedded.operatorToken);
  try {
    const agent = make({
      serverUrl: embedded.url,
      token: fixedToken(embedded.agentToken),
      operator: { retry: (jobId) => client.retry(jobId) },
    });
    // Derived files are read in the operator's scope (protocol.md, Calls of people and tools), not with an agent's token.
    const openDerived = client.openDerived;
    return { agent: { ...agent, openDerived }, closeServer: () => embedded.close() };
  } catch (error) {
    await embedded.close();
    throw error;
  }
}
