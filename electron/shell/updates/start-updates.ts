import { app } from 'electron';
import type { AgentPort } from '../../gateway/agent-port.ts';
import type { Notifier } from '../notifications.ts';
import { UPDATE_KEY } from './update-key.ts';
import { createUpdates, type Updater, type Updates, type UpdatesDeps } from './updates.ts';

const FIRST_LOOK_MS = 60_000;
const LOOK_EVERY_MS = 6 * 3_600_000;

/**
 * Looks for updates a minute after the start and then every six hours. Null where there is nothing to update: a
 * checkout, or a package whose system updates it (no app-update.yml beside it).
 */
export async function startUpdates(deps: {
  readonly agent: Pick<AgentPort, 'snapshot'>;
  readonly notifier: Pick<Notifier, 'problem' | 'say'>;
  readonly log: UpdatesDeps['log'];
}): Promise<Updates | null> {
  if (!app.isPackaged || UPDATE_KEY === '') return null;
  const { agent, notifier, log } = deps;
  const updates = createUpdates({
    updater: await loadUpdater(),
    installed: app.getVersion(),
    publicKey: UPDATE_KEY,
    settings: () => agent.snapshot().settings.values,
    isBusy: () => agent.snapshot().running.length > 0,
    onReady: (version) => notifier.say(`update-${version}`, { title: version, body: '' }),
    onRefused: (refusal) => {
      log.warn({ code: refusal.code }, refusal.message);
      // A server that is away mends itself; an update that is not ours is somebody's business.
      if (refusal.code !== 'UPDATE_UNREACHABLE') notifier.problem(refusal);
    },
    log,
  });
  const look = async (): Promise<void> => {
    const outcome = await updates.check();
    const { updates: wish } = agent.snapshot().settings.values;
    if (outcome.kind === 'ready' && wish === 'automatic' && agent.snapshot().running.length === 0) updates.install();
  };
  setTimeout(() => void look(), FIRST_LOOK_MS).unref();
  setInterval(() => void look(), LOOK_EVERY_MS).unref();
  return updates;
}

/** Loaded only where it is used: its first use asks Electron for the app. */
async function loadUpdater(): Promise<Updater> {
  const { autoUpdater } = await import('electron-updater');
  return autoUpdater;
}
