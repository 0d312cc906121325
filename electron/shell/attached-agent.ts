import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import type { CommandInput } from '../../shared/commands.ts';
import type { Snapshot } from '../../shared/snapshot.ts';
import { applyUpdate, type Update } from '../../shared/update.ts';
import { findRunningAgent, type RunningAgent } from '../agent/control/ask-control.ts';
import {
  findMachineService,
  SERVICE_OUT_OF_REACH,
  servicePlace,
  type ServicePlace,
} from '../agent/control/machine-service.ts';
import { StartError } from '../agent/journal/database.ts';
import type { AgentPort, GatewayLog } from '../gateway/agent-port.ts';

/** An agent that runs already, shown by this window. */
export interface Attached extends AgentPort {
  readonly workFolder: string;
  /** Resolves when that agent ended or cannot be heard any more. */
  readonly gone: Promise<void>;
  /** Lets go of it; it goes on. */
  detach(): void;
}

/** Upgrades and new policies restart a service; a person's own agent that ended has ended. */
const SERVICE_COMES_BACK_MS = 60_000;
const RETRY_MS = 1_000;

/**
 * The agent of the first of these work folders that has one, else the service of this machine: one machine has one
 * agent. Null when none runs. Throws StartError when the service does not let this person in: a second agent must not
 * start.
 */
export async function attachToRunning(
  workFolders: readonly string[],
  log: GatewayLog,
  place: ServicePlace | null = servicePlace(),
): Promise<Attached | null> {
  for (const workFolder of workFolders) {
    const running = await findRunningAgent(workFolder);
    if (running !== null) return follow(running, { workFolder, comesBackMs: 0 }, log);
  }
  const service = await findMachineService(place);
  if (service === null) return null;
  if (service === 'out-of-reach') throw new StartError(SERVICE_OUT_OF_REACH);
  const { disk } = await service.snapshot();
  return follow(service, { workFolder: disk.workFolder, comesBackMs: SERVICE_COMES_BACK_MS }, log);
}

async function follow(
  running: RunningAgent,
  { workFolder, comesBackMs }: { readonly workFolder: string; readonly comesBackMs: number },
  log: GatewayLog,
): Promise<Attached> {
  let snapshot: Snapshot = await running.snapshot();
  const listeners = new Set<Parameters<AgentPort['subscribe']>[0]>();
  const gone = Promise.withResolvers<void>();
  let stream = await running.watch();
  const detached = new AbortController();
  const take = (update: Update): void => {
    const next = applyUpdate(snapshot, update);
    if (next === 'resync') return void stream.destroy();
    snapshot = next;
    if (update.kind === 'events')
      for (const event of update.events) for (const notify of listeners) notify(event, snapshot);
    // What was missed in between is in the settings' event: it makes every watcher look at the whole.
    if (update.kind === 'snapshot') {
      for (const notify of listeners) notify({ type: 'settingsChanged', settings: snapshot.settings }, snapshot);
    }
  };
  const readOn = async (): Promise<void> => {
    // Both ends are this program.
    for await (const line of createInterface({ input: stream })) if (line !== '') take(JSON.parse(line) as Update);
  };
  const listen = async (): Promise<void> => {
    while (!detached.signal.aborted) {
      // A stream that broke is opened again like one that ended: who listens there decides.
      await readOn().catch(() => undefined);
      const again = await watchAgain(running, comesBackMs, detached.signal).catch(() => null);
      if (again === null) break;
      stream = again;
      if (detached.signal.aborted) stream.destroy();
    }
    if (!detached.signal.aborted) log.info({ workFolder }, 'The agent that this window showed has ended');
    gone.resolve();
  };
  void listen();
  return {
    workFolder,
    gone: gone.promise,
    snapshot: () => snapshot,
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    // Parsed once more at the other end: what was filled in stays as it is.
    execute: (name, input) => running.call(name, input as CommandInput<typeof name>),
    openDerived: (asset, ref, range) => running.derived(asset, ref, range),
    detach() {
      detached.abort();
      stream.destroy();
    },
  };
}

/** The first try is at once; rejects when it is still not back after so long. */
async function watchAgain(running: RunningAgent, comesBackMs: number, signal: AbortSignal) {
  for (let waited = 0; ; waited += RETRY_MS) {
    try {
      return await running.watch();
    } catch (error) {
      if (waited >= comesBackMs || signal.aborted) throw error;
      await delay(RETRY_MS, undefined, { signal });
    }
  }
}
