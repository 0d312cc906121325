import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { RunningServer } from '../../../server/server.ts';
import type { Settings } from '../../../shared/settings.ts';
import type { Agent } from '../../agent/agent.ts';
import { createSettingsStore } from '../../agent/settings/settings-store.ts';
import { createFileStore } from '../file-store.ts';
import { cacheFolder, modelsFolder } from '../folders.ts';
import { createFileLog } from '../../compose/log-file.ts';
import type { OperatorClient } from '../../compose/operator/operator-client.ts';
import { embeddedIn, openComposition, compositionFolders } from '../../compose/composition.ts';

/** Server and agent of one machine, in this process, over loopback HTTP like any other pair. */
export interface Embedded {
  readonly server: RunningServer;
  readonly agent: Agent;
  readonly client: OperatorClient;
  /** Stops both at once, whatever they do, and removes their folder. */
  end(): Promise<void>;
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
  const { options, ...place } = embeddedIn(folder, createFileLog(join(folder, 'logs'), 'server'));
  const { agent, embedded } = await openComposition({
    server: {
      ...place,
      options: { ...options, maxAttempts: ATTEMPTS, backoff: () => BACKOFF_SECONDS, reserveBytes: 0 },
    },
    ...compositionFolders(folder),
    // Somebody waits for this command as for any other.
    nice: 0,
    triesUnusedCards: false,
    settings: createSettingsStore(null, { origin: 'argument', values: { ...UNYIELDING, ...values } }),
    // What was downloaded once serves every run.
    modelsFolder: modelsFolder(),
    proofs: createFileStore(join(cacheFolder(), 'proofs.json')),
    log: createFileLog(join(folder, 'logs'), 'agent'),
  });
  if (embedded === null) throw new Error('an embedded server was asked for');
  return {
    agent,
    ...embedded,
    async end() {
      const now = new AbortController();
      now.abort();
      await agent.stop(0, now.signal);
      await embedded.server.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
