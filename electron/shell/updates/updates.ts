import type { AppUpdater, UpdateInfo } from 'electron-updater';
import type { Refusal } from '../../../shared/failure.ts';
import type { Settings } from '../../../shared/settings.ts';
import { whyNotInstall, type Feed } from './verify-update.ts';

type UpdateSettings = Pick<Settings, 'updates' | 'updateChannel' | 'updateUrl'>;

/** The part of electron-updater that is used. */
export type Updater = Pick<
  AppUpdater,
  | 'autoDownload'
  | 'autoInstallOnAppQuit'
  | 'allowDowngrade'
  | 'allowPrerelease'
  | 'channel'
  | 'setFeedURL'
  | 'checkForUpdates'
  | 'downloadUpdate'
  | 'quitAndInstall'
>;

export interface UpdatesDeps {
  readonly updater: Updater;
  readonly installed: string;
  readonly publicKey: string;
  readonly platform: NodeJS.Platform;
  readonly settings: () => UpdateSettings;
  /** A job runs or is being delivered: nothing is installed now. */
  readonly isBusy: () => boolean;
  /** Takes no new job, waits for what was claimed meanwhile, and runs this last, in place of quitting. */
  readonly stopThen: (last: () => void) => void;
  readonly onReady: (version: string) => void;
  readonly onRefused: (refusal: Refusal) => void;
  readonly log: { warn(fields: object, message: string): void; info(fields: object, message: string): void };
}

type UpdateOutcome =
  | { readonly kind: 'off' | 'none' | 'waits-for-roll-out' }
  | { readonly kind: 'ready'; readonly version: string }
  | { readonly kind: 'refused'; readonly refusal: Refusal };

export interface Updates {
  /** One look. Downloads what is signed and newer; whether this machine's turn has come, electron-updater decides. */
  check(): Promise<UpdateOutcome>;
  /** Stops, installs what is ready and restarts; refused while a job runs, or once IT switched updates off. */
  install(): Refusal | null;
  /** The same unasked, where the settings say so; silent when it is not the moment. */
  installUnasked(): void;
  readonly ready: () => string | null;
}

/**
 * Updates in three steps, each of which can say no: our signature over version and hashes before anything is fetched,
 * the hash of what was fetched (electron-updater), and the operating system's own code signing at its installation.
 */
export function createUpdates(deps: UpdatesDeps): Updates {
  const { updater } = deps;
  let ready: { readonly version: string; readonly channel: Feed['channel'] } | null = null;
  updater.autoDownload = false;
  // Installing is our decision: an agent that quits must not be held up, nor a job cut off.
  updater.autoInstallOnAppQuit = false;
  updater.allowDowngrade = false;
  const install = (): Refusal | null => {
    // One that was fetched from another channel before is not what this machine asks for any more.
    if (ready?.channel !== deps.settings().updateChannel) return NONE;
    if (deps.settings().updates === 'off') return SWITCHED_OFF;
    if (deps.isBusy()) return BUSY;
    deps.stopThen(() => updater.quitAndInstall(true, true));
    return null;
  };
  return {
    ready: () => ready?.version ?? null,
    install,
    installUnasked: () => void (deps.settings().updates === 'automatic' && install()),
    async check() {
      const { updates, updateChannel, updateUrl } = deps.settings();
      if (updates === 'off') return { kind: 'off' };
      if (updateUrl !== undefined) updater.setFeedURL({ provider: 'generic', url: updateUrl, channel: updateChannel });
      updater.channel = updateChannel;
      // Setting a channel lets electron-updater downgrade to it: that is taken back.
      updater.allowDowngrade = false;
      updater.allowPrerelease = updateChannel === 'beta';
      const outcome = await look(deps, { channel: updateChannel, platform: deps.platform });
      if (outcome.kind === 'ready') {
        const isNews = ready?.version !== outcome.version;
        ready = { version: outcome.version, channel: updateChannel };
        if (isNews) deps.onReady(outcome.version);
      }
      if (outcome.kind === 'refused') deps.onRefused(outcome.refusal);
      return outcome;
    },
  };
}

async function look({ updater, installed, publicKey, log }: UpdatesDeps, feed: Feed): Promise<UpdateOutcome> {
  try {
    const result = await updater.checkForUpdates();
    if (result === null) return { kind: 'off' };
    // electron-updater passes on what the feed says, our own fields too; whyNotInstall looks at each.
    const refusal = whyNotInstall(result.updateInfo as UpdateInfo, { version: installed, feed, publicKey });
    if (!result.isUpdateAvailable) {
      // The same version every day is no news; an older or unsigned one is.
      const same = result.updateInfo.version === installed;
      if (refusal === null) return { kind: 'waits-for-roll-out' };
      return same && refusal.code === 'UPDATE_DOWNGRADE' ? { kind: 'none' } : { kind: 'refused', refusal };
    }
    if (refusal !== null) return { kind: 'refused', refusal };
    await updater.downloadUpdate();
    log.info({ version: result.updateInfo.version }, 'An update is ready');
    return { kind: 'ready', version: result.updateInfo.version };
  } catch (error) {
    log.warn({ err: error }, 'Looking for an update failed');
    return { kind: 'refused', refusal: failed(error) };
  }
}

function failed(error: unknown): Refusal {
  const message = error instanceof Error ? error.message : String(error);
  if (/sha512|checksum mismatch/i.test(message)) {
    return {
      code: 'UPDATE_TAMPERED',
      message: 'The update that was fetched is not the one that was signed, so it was thrown away.',
      nextStep: 'Tell whoever manages the update server; this version goes on working.',
    };
  }
  return {
    code: 'UPDATE_UNREACHABLE',
    message: `The update server cannot be used (${message.split('\n')[0]?.slice(0, 200) ?? ''}).`,
    nextStep: 'Nothing has to be done; the agent looks again later.',
  };
}

const NONE: Refusal = { code: 'NO_UPDATE', message: 'No update is ready to be installed.' };

const BUSY: Refusal = {
  code: 'UPDATE_WAITS',
  message: 'A job runs; the update is not installed before it is done.',
  nextStep: 'Use “Finish, then pause” and install then.',
};

const SWITCHED_OFF: Refusal = {
  code: 'UPDATES_OFF',
  message: 'Updates are switched off for this machine, so this one is not installed.',
  nextStep: 'Whoever manages this machine decides about its version.',
};
