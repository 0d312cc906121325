import { app } from 'electron';
import type { AgentPort } from '../../gateway/agent-port.ts';
import type { DesktopIntegration } from '../desktop-integration.ts';
import { UPDATE_KEY } from './update-key.ts';
import { createUpdates, type Updater, type Updates, type UpdatesDeps } from './updates.ts';

const FIRST_LOOK_MS = 60_000;
const LOOK_EVERY_MS = 6 * 3_600_000;
/** Between two jobs there is a moment without one; a minute catches one soon enough. */
const TRY_EVERY_MS = 60_000;

interface StartUpdatesDeps {
  readonly agent: Pick<AgentPort, 'snapshot' | 'subscribe'>;
  readonly integration: Pick<DesktopIntegration, 'notifier' | 'tellUpdate'>;
  readonly stopThen: UpdatesDeps['stopThen'];
  /** Somebody looks at the window: it does not go away under their hands. */
  readonly isInUse: () => boolean;
  readonly log: UpdatesDeps['log'];
}

/**
 * Looks for updates a minute after the start and then every six hours; what is ready is installed once no job runs.
 * Null where there is nothing to update: a checkout, or a build without a key to check updates by.
 */
export async function startUpdates(deps: StartUpdatesDeps): Promise<Updates | null> {
  if (!app.isPackaged || UPDATE_KEY === '') return null;
  const { agent, integration, stopThen, isInUse, log } = deps;
  const updates = createUpdates({
    updater: await loadUpdater(),
    installed: app.getVersion(),
    publicKey: UPDATE_KEY,
    platform: process.platform,
    settings: () => agent.snapshot().settings.values,
    isBusy: () => agent.snapshot().running.length > 0,
    stopThen,
    onReady: (version) => integration.tellUpdate(version),
    onRefused: (refusal) => {
      log.warn({ code: refusal.code }, refusal.message);
      // A server that is away mends itself; an update that is not ours is somebody's business.
      if (refusal.code !== 'UPDATE_UNREACHABLE') integration.notifier.problem(refusal);
    },
    log,
  });
  const installUnasked = (): void => {
    if (!isInUse()) updates.installUnasked();
  };
  const look = async (): Promise<void> => {
    await updates.check();
    installUnasked();
  };
  setTimeout(() => void look(), FIRST_LOOK_MS).unref();
  setInterval(() => void look(), LOOK_EVERY_MS).unref();
  setInterval(installUnasked, TRY_EVERY_MS).unref();
  return updates;
}

/** Loaded only where it is used: its first use asks Electron for the app. */
async function loadUpdater(): Promise<Updater> {
  const { autoUpdater } = await import('electron-updater');
  return autoUpdater;
}
