import { join } from 'node:path';
import { createServer, type RunningServer } from '../../../server/server.ts';
import type { Settings } from '../../../shared/settings.ts';
import { createAgent, type Agent } from '../../agent/agent.ts';
import { createSettingsStore } from '../../agent/settings/settings-store.ts';
import { fixedToken } from '../../agent/server/token-source.ts';
import { allExecutors } from '../../compose/executors.ts';
import { createFileStore } from '../file-store.ts';
import { cacheFolder, modelsFolder } from '../folders.ts';
import { createFileLog } from '../../compose/log-file.ts';
import { createOperatorClient, type OperatorClient } from '../../compose/operator-client.ts';

/** Server and agent of one machine, in this process, over loopback HTTP like any other pair. */
export interface Embedded {
  readonly server: RunningServer;
  readonly agent: Agent;
  readonly client: OperatorClient;
}

/** Attempts and waiting are short here: a person sits in front of it. */
const ATTEMPTS = 2;
const BACKOFF_SECONDS = 0.5;

/** Who asks for results now gets them now, whatever else is open on this machine. */
const UNYIELDING = {
  workWhen: 'always',
  watchedPrograms: [],
  yieldToLoad: false,
  pauseOnBattery: false,
  minFreeMemoryMb: 0,
} satisfies Partial<Settings>;

/** Starts both in `folder`, with settings that are arguments of this run. */
export async function startEmbedded(folder: string, values: Partial<Settings>): Promise<Embedded> {
  const server = await createServer({
    dataDir: join(folder, 'server'),
    maxAttempts: ATTEMPTS,
    backoff: () => BACKOFF_SECONDS,
    log: createFileLog(join(folder, 'logs'), 'server'),
  });
  const client = createOperatorClient(server.url, server.operatorToken);
  const agent = createAgent({
    serverUrl: server.url,
    token: fixedToken(server.agentToken),
    // Somebody waits for this command as for any other.
    nice: 0,
    settings: createSettingsStore(null, { origin: 'argument', values: { ...UNYIELDING, ...values } }),
    workFolder: join(folder, 'agent'),
    // What was downloaded once serves every run.
    modelsFolder: modelsFolder(),
    executors: allExecutors(),
    proofs: createFileStore(join(cacheFolder(), 'proofs.json')),
    operator: client,
    log: createFileLog(join(folder, 'logs'), 'agent'),
  });
  return { server, agent, client };
}
