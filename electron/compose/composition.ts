import { join } from 'node:path';
import { USUAL_RESERVE_BYTES, type ServerOptions } from '../../server/options.ts';
import { createServer, type RunningServer } from '../../server/server.ts';
import { createAgent, type Agent } from '../agent/agent.ts';
import type { AgentDeps } from '../agent/assembly.ts';
import { fixedToken, type TokenSource } from '../agent/server/token-source.ts';
import { createSandboxPort } from '../work/process/sandbox-port.ts';
import { allExecutors } from '../work/executors/registry.ts';
import { createOutsideFetch } from './network/outside-fetch.ts';
import { createOperatorClient, type OperatorClient } from './operator/operator-client.ts';
import { createRulesClient } from './operator/rules-client.ts';
import { operatorPart } from './operator/operator-part.ts';
import { watchOptions } from './work/watch-options.ts';
import { createWorkPort } from './work/work-port.ts';

export interface EmbeddedServer {
  readonly kind: 'embedded';
  readonly options: Pick<ServerOptions, 'dataDir' | 'maxAttempts' | 'backoff' | 'reserveBytes' | 'log'>;
  readonly samplesFolder: string;
}

/** Which server the agent works for. */
export type ServerChoice =
  EmbeddedServer | { readonly kind: 'remote'; readonly serverUrl: string; readonly token: TokenSource };

/** What callers say; everything else of an agent is composed here. */
interface CompositionOptions extends Pick<
  AgentDeps,
  | 'settings'
  | 'workFolder'
  | 'logFolder'
  | 'log'
  | 'tokenStore'
  | 'activitySources'
  | 'network'
  | 'outside'
  | 'nice'
  | 'modelsFolder'
  | 'triesUnusedCards'
  | 'proofs'
> {
  readonly server: ServerChoice;
}

/** One machine's agent and, where it has one, the embedded server it works for over loopback HTTP. */
interface Composition {
  readonly agent: Agent;
  readonly embedded: { readonly server: RunningServer; readonly client: OperatorClient } | null;
  /** After `agent.stop`: the agent's last words need the server. */
  closeServer(): Promise<void>;
}

/** The one place where agents are composed. Nothing is claimed before `agent.start()`. Throws StartError or ServerStartError. */
export async function openComposition({ server: choice, ...own }: CompositionOptions): Promise<Composition> {
  const { settings } = own;
  const sandbox = createSandboxPort({ policy: () => settings.view().values.sandbox, env: process.env });
  const make = (deps: Pick<AgentDeps, 'serverUrl' | 'token' | 'operator'>): Agent =>
    createAgent({ outside: createOutsideFetch(settings), ...own, ...deps, sandbox, executors: allExecutors() });
  if (choice.kind === 'remote') {
    const { serverUrl, token } = choice;
    return { agent: make({ serverUrl, token }), embedded: null, closeServer: async () => undefined };
  }
  const workTools = { settings: () => settings.view().values, sandbox };
  const server = await createServer({
    reserveBytes: USUAL_RESERVE_BYTES,
    watch: watchOptions(() => settings.view().values.mediaRoots, workTools),
    ...choice.options,
  });
  const client = createOperatorClient(server.url, server.operatorToken);
  const work = createWorkPort(client, choice.samplesFolder, workTools);
  try {
    const agent = make({
      serverUrl: server.url,
      token: fixedToken(server.agentToken),
      operator: operatorPart(client, createRulesClient(fetch, server.url, server.operatorToken), work),
    });
    return { agent, embedded: { server, client }, closeServer: () => server.close() };
  } catch (error) {
    await server.close();
    throw error;
  }
}

/** The folders of a data folder: the agent's, its logs, and those of the embedded server. */
export function compositionFolders(data: string): Pick<CompositionOptions, 'workFolder' | 'logFolder'> {
  return { workFolder: join(data, 'agent'), logFolder: join(data, 'logs') };
}

export function embeddedIn(data: string, log: ServerOptions['log']): EmbeddedServer {
  const options = { dataDir: join(data, 'server'), ...(log === undefined ? {} : { log }) };
  return { kind: 'embedded', options, samplesFolder: join(data, 'samples') };
}
