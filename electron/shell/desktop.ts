import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  app,
  crashReporter,
  ipcMain,
  Menu,
  powerMonitor,
  protocol,
  session,
  shell,
  type BrowserWindow,
} from 'electron';
import { systemClock } from '../work/clock.ts';
import type { Log } from '../agent/diagnostics/log.ts';
import { createRootGate } from '../work/storage/root-gate.ts';
import { createFileLog } from '../compose/log-file.ts';
import { listStaticFiles } from '../../web/static-files.ts';
import type { GivenArguments } from './arguments.ts';
import { addDesktopIntegration, type DesktopIntegration } from './desktop-integration.ts';
import { showErrorAndExit } from './fatal-error.ts';
import { keepCrashReportsLocal } from './crash-reports.ts';
import { openDesktopAgent, type DesktopAgent } from './desktop-agent.ts';
import { serveIpc } from './ipc.ts';
import { guardNavigation } from './navigation.ts';
import { OWN_SCHEME } from './own-page.ts';
import { createPageHandler } from './page-protocol.ts';
import { guardPermissions } from './permissions.ts';
import { watchPower } from './power.ts';
import { quitAfterStop, type Quit } from './quit.ts';
import { iconFolder } from './tray.ts';
import { createReveal } from './reveal.ts';
import { startUpdates } from './updates/start-updates.ts';
import type { Updates } from './updates/updates.ts';
import { openWindow, showWindow } from './window.ts';

const GRACE_MS = 30_000;
/** Grace, the agent's last words (2 s) and the server's own 10 s; whatever still hangs then is cut off. */
const QUIT_LIMIT_MS = 45_000;
const PAGE_FOLDER = fileURLToPath(new URL('../renderer', import.meta.url));

export interface Desktop {
  readonly show: () => void;
}

/**
 * The same agent as on the command line, with a window in front of it. Resolves when the page is on the screen,
 * whether the agent has finished starting or not.
 */
export async function openDesktop(given: GivenArguments): Promise<Desktop> {
  const data = app.getPath('userData');
  const log = createFileLog(join(data, 'logs'), 'agent');
  keepCrashReportsLocal(crashReporter, app, join(data, 'crashes'));
  app.on('web-contents-created', (_event, contents) => guardNavigation(contents, log));
  app.on('session-created', (made) => guardPermissions(made, log));
  await app.whenReady();
  guardPermissions(session.defaultSession, log);
  Menu.setApplicationMenu(applicationMenu());

  let agent: DesktopAgent | undefined;
  const power = watchPower({
    monitor: powerMonitor,
    after,
    onAwake: () => agent !== undefined && afterSleep(agent, log),
    onShutdown: () => app.quit(),
  });
  agent = await openDesktopAgent(data, given, power.activitySources, log);
  const { port } = agent;
  const files = await listStaticFiles(PAGE_FOLDER);
  protocol.handle(OWN_SCHEME.scheme, createPageHandler({ agent: port, files, log }));
  const reveal = createReveal({
    snapshot: () => port.snapshot(),
    show: (path) => shell.showItemInFolder(path),
    gate: createRootGate(systemClock),
  });
  serveIpc(ipcMain, { agent: port, reveal, log });
  const started = agent.start();
  started.catch((error: unknown) => {
    log.error({ err: error }, 'The agent did not start');
    showErrorAndExit(error);
  });
  const parts: { integration?: DesktopIntegration; updates?: Updates | null } = {};
  const quit = quitOf(agent, log, (seconds) => parts.integration?.countdown(seconds));
  // "Finish, then stop" on the page ends the program like the command line's.
  void agent.over.then(() => quit.begin());

  const window = await openMainWindow(agent, given, quit, parts, log);
  const show = (): void => showOrNothing(window);
  const integration = addDesktopIntegration({
    agent: port,
    own: agent.own,
    window,
    icons: iconFolder(process.resourcesPath),
    show,
    quit: () => quit,
    updates: () => parts.updates ?? null,
    isLocked: power.isLocked,
    log,
  });
  parts.integration = integration;
  if (agent.own) {
    // Failing to look for updates is no reason not to work.
    startUpdates({
      agent: port,
      integration,
      stopThen: (last) => quit.begin(last),
      isInUse: () => !window.isDestroyed() && window.isFocused(),
      log,
    }).then(
      (updates) => (parts.updates = updates),
      (error: unknown) => log.warn({ err: error }, 'Updates are not looked for'),
    );
  }
  app.on('will-quit', () => integration.close());
  app.on('activate', show);
  return { show };
}

const after = (ms: number, run: () => void): void => void setTimeout(run, ms);

function quitOf(agent: DesktopAgent, log: Log, onCountdown: (seconds: number) => void): Quit {
  return quitAfterStop({
    app,
    stop: (hurry) => agent.stop(GRACE_MS, hurry),
    limitMs: QUIT_LIMIT_MS,
    onTrouble: (error) => log.error({ err: error }, 'The agent could not be stopped in order'),
    after,
    onCountdown,
  });
}

function openMainWindow(
  agent: DesktopAgent,
  given: GivenArguments,
  quit: Quit,
  parts: { readonly integration?: DesktopIntegration },
  log: Log,
): Promise<BrowserWindow> {
  return openWindow({
    isPackaged: app.isPackaged,
    hidden: given.hidden,
    onClose: (window) => {
      if (quit.isOver()) return 'close';
      const { closeToTray } = agent.port.snapshot().settings.values;
      if (!quit.hasBegun() && closeToTray && parts.integration?.hasTray === true) {
        window.hide();
        return 'keep';
      }
      quit.begin();
      return quit.isOver() ? 'close' : 'keep';
    },
    onGone: (reason) => log.error({ reason }, 'The page’s process ended'),
  });
}

/**
 * The leases notice by their clocks that the machine slept, and ask before anything is written. What they cannot see: a
 * GPU that did not come back. So the encoder is proved again before it is offered on.
 */
function afterSleep({ port, own }: DesktopAgent, log: Log): void {
  log.info({}, 'The machine woke up');
  if (!own || port.snapshot().settings.values.encoder === 'software') return;
  void port.execute('testCapability', { capability: 'media.proxies.video@1' });
}

function showOrNothing(window: BrowserWindow): void {
  if (!window.isDestroyed()) showWindow(window);
}

/** macOS keeps copy, paste and quit in its menu; elsewhere a menu of Electron's own commands would only mislead. */
function applicationMenu(): Menu | null {
  if (process.platform !== 'darwin') return null;
  return Menu.buildFromTemplate([{ role: 'appMenu' }, { role: 'editMenu' }, { role: 'windowMenu' }]);
}
