import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { app, ipcMain, Menu, protocol, safeStorage, session, type BrowserWindow } from 'electron';
import type { Settings } from '../../shared/settings.ts';
import type { Log } from '../agent/log.ts';
import { createSettingsStore } from '../agent/settings-store.ts';
import { createFileLog } from '../compose/log-file.ts';
import { openStation, type Station } from '../compose/station.ts';
import { listStaticFiles } from '../gateway/static-files.ts';
import type { GivenArguments } from './arguments.ts';
import { complainAndExit } from './complain.ts';
import { serveIpc } from './ipc.ts';
import { guardNavigation } from './navigation.ts';
import { OWN_SCHEME } from './own-page.ts';
import { createPageHandler } from './page-protocol.ts';
import { guardPermissions } from './permissions.ts';
import { quitAfterStop } from './quit.ts';
import { createSecretStore } from './secrets.ts';
import { chooseServer } from './server-choice.ts';
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
  app.on('web-contents-created', (_event, contents) => guardNavigation(contents, log));
  app.on('session-created', (made) => guardPermissions(made, log));
  await app.whenReady();
  guardPermissions(session.defaultSession, log);
  Menu.setApplicationMenu(applicationMenu());

  const station = await open(data, given, log);
  const { agent } = station;
  const files = await listStaticFiles(PAGE_FOLDER);
  protocol.handle(OWN_SCHEME.scheme, createPageHandler({ agent, files, log }));
  serveIpc(ipcMain, agent, log);
  const started = agent.start();
  started.catch((error: unknown) => {
    log.error({ err: error }, 'The agent did not start');
    complainAndExit(error);
  });
  const quit = quitAfterStop({
    app,
    stop: async (hurry) => {
      // An agent that is still finding its tools is stopped after that, not in the middle of it.
      await started.catch(() => undefined);
      await agent.stop(GRACE_MS, hurry);
      await station.closeServer();
    },
    limitMs: QUIT_LIMIT_MS,
    onTrouble: (error) => log.error({ err: error }, 'The agent could not be stopped in order'),
    after: (ms, run) => void setTimeout(run, ms),
  });
  // "Finish, then stop" on the page ends the program like the command line's.
  void agent.drained.then(() => quit.begin());

  const window = await openWindow({
    isPackaged: app.isPackaged,
    mayClose: () => {
      if (!quit.isOver()) quit.begin();
      return quit.isOver();
    },
    onGone: (reason) => log.error({ reason }, 'The page’s process ended'),
  });
  const show = (): void => showOrNothing(window);
  app.on('activate', show);
  return { show };
}

async function open(data: string, { mediaRoots }: GivenArguments, log: Log): Promise<Station> {
  const values: Partial<Settings> = mediaRoots.length === 0 ? {} : { mediaRoots: [...mediaRoots] };
  const settings = createSettingsStore(join(data, 'settings.json'), { origin: 'argument', values });
  const secret = createSecretStore(join(data, 'server-token'), safeStorage);
  const server = await chooseServer(settings.view().values, data, secret);
  return openStation({ data, settings, server, log });
}

function showOrNothing(window: BrowserWindow): void {
  if (!window.isDestroyed()) showWindow(window);
}

/** macOS keeps copy, paste and quit in its menu; elsewhere a menu of Electron's own commands would only mislead. */
function applicationMenu(): Menu | null {
  if (process.platform !== 'darwin') return null;
  return Menu.buildFromTemplate([{ role: 'appMenu' }, { role: 'editMenu' }, { role: 'windowMenu' }]);
}
