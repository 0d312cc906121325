import { join } from 'node:path';
import { USUAL_RESERVE_BYTES } from '../../server/options.ts';
import { createServer } from '../../server/server.ts';
import { createAgent, type Agent } from '../agent/agent.ts';
import type { AgentDeps } from '../agent/assembly.ts';
import type { TokenKeeper } from '../agent/commands/server-access.ts';
import type { Log } from '../agent/diagnostics/log.ts';
import type { NetworkFacts } from '../agent/server/network-fetch.ts';
import type { SettingsStore } from '../agent/settings/settings-store.ts';
import type { Surroundings } from '../agent/yield/surroundings.ts';
import { fixedToken, type TokenSource } from '../agent/server/token-source.ts';
import { allExecutors } from './executors.ts';
import { createOutsideFetch } from './network/outside-fetch.ts';
import { createOperatorClient } from './operator-client.ts';
import { createWorkPort } from './work/work-port.ts';

/** Which server the agent works for. */
export type ServerChoice =
  { readonly kind: 'embedded' } | { readonly kind: 'remote'; readonly serverUrl: string; readonly token: TokenSource };

export interface StationOptions {
  /** Data folder; the agent's work folder is `agent` in it, the embedded server's `server`. */
  readonly data: string;
  readonly settings: SettingsStore;
  readonly server: ServerChoice;
  /** Where the token of a server is kept that a person pairs with. */
  readonly keeper?: TokenKeeper;
  /** What the shell knows better about the machine and whoever sits in front of it. */
  readonly surroundings?: Partial<Surroundings>;
  /** How a remote server is reached; default: straight. */
  readonly network?: NetworkFacts;
  /** How everything else is reached; default: by the settings and the proxy variables. */
  readonly outside?: typeof fetch;
  readonly log: Log;
}

/** One machine's agent and, where it has one, the embedded server it works for over loopback HTTP. */
export interface Station {
  readonly agent: Agent;
  /** After `agent.stop`: the agent's last words need the server. */
  closeServer(): Promise<void>;
}

/** Makes both; nothing is claimed before `agent.start()`. Throws StartError or ServerStartError. */
export async function openStation(options: StationOptions): Promise<Station> {
  const { data, settings, server, keeper, network, surroundings, log } = options;
  const outside = options.outside ?? createOutsideFetch(settings);
  const make = (deps: Pick<AgentDeps, 'serverUrl' | 'token' | 'operator' | 'work'>): Agent =>
    createAgent({
      ...deps,
      ...(keeper === undefined ? {} : { keeper }),
      ...(surroundings === undefined ? {} : { surroundings }),
      ...(network === undefined || server.kind === 'embedded' ? {} : { network }),
      outside,
      settings,
      workFolder: join(data, 'agent'),
      logFolder: join(data, 'logs'),
      executors: allExecutors(),
      log,
    });
  if (server.kind === 'remote') {
    return { agent: make({ serverUrl: server.serverUrl, token: server.token }), closeServer: async () => undefined };
  }
  const embedded = await createServer({
    dataDir: join(data, 'server'),
    reserveBytes: USUAL_RESERVE_BYTES,
    log,
  });
  const client = createOperatorClient(embedded.url, embedded.operatorToken);
  try {
    const agent = make({
      serverUrl: embedded.url,
      token: fixedToken(embedded.agentToken),
      operator: client,
      work: createWorkPort(client, data),
    });
    return { agent, closeServer: () => embedded.close() };
  } catch (error) {
    await embedded.close();
    throw error;
  }
}
