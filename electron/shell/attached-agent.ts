import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import type { CommandInput } from '../../shared/commands.ts';
import type { Snapshot } from '../../shared/snapshot.ts';
import { applyUpdate, type Update } from '../../shared/update.ts';
import { findRunningAgent, type RunningAgent } from '../agent/control/ask-control.ts';
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

/** Exists while the machine's service runs (build/linux/rushcatalog-agent.service, RuntimeDirectory). */
const SERVICE_MARK = '/run/rushcatalog-agent';

/**
 * The agent of the first of these work folders that has one: one machine has one agent. Null when none runs. Throws
 * StartError when the service of another account does: it cannot be shown, and a second agent must not start.
 */
export async function attachToRunning(
  workFolders: readonly string[],
  log: GatewayLog,
  serviceMark: string = SERVICE_MARK,
): Promise<Attached | null> {
  for (const workFolder of workFolders) {
    const running = await findRunningAgent(workFolder);
    if (running !== null) return follow(running, workFolder, log);
  }
  if (process.platform === 'linux' && existsSync(serviceMark)) throw new StartError(SERVICE_RUNS);
  return null;
}

async function follow(running: RunningAgent, workFolder: string, log: GatewayLog): Promise<Attached> {
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
      for (const event of update.events) for (const hear of listeners) hear(event, snapshot);
    // What was missed in between is in the settings' event: it makes every watcher look at the whole.
    if (update.kind === 'snapshot') {
      for (const hear of listeners) hear({ type: 'settingsChanged', settings: snapshot.settings }, snapshot);
    }
  };
  const listen = async (): Promise<void> => {
    while (!detached.signal.aborted) {
      try {
        for await (const line of createInterface({ input: stream })) if (line !== '') take(JSON.parse(line) as Update);
        stream = await running.watch();
      } catch {
        break;
      }
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
    // The control socket carries no files; the page shows that a picture is not there.
    openDerived: async () => null,
    detach() {
      detached.abort();
      stream.destroy();
    },
  };
}

const SERVICE_RUNS = {
  code: 'SERVICE_RUNNING',
  message: 'The agent runs as a service of this machine, under an account of its own.',
  nextStep: 'Whoever manages this machine sees it with “rushcatalog-agent status”; this window starts no second agent.',
};
