import { fileURLToPath } from 'node:url';
import { BrowserWindow, type BrowserWindowConstructorOptions } from 'electron';
import { PAGE_URL } from './own-page.ts';

/** The preload's build beside ours: out/main → out/preload. */
const PRELOAD = fileURLToPath(new URL('../preload/preload.cjs', import.meta.url));

/**
 * Written out although most are defaults: what protects the person is said here, not left to a version of Electron.
 */
function windowOptions(isPackaged: boolean): BrowserWindowConstructorOptions {
  return {
    title: 'RushCatalog Agent',
    width: 1280,
    height: 820,
    minWidth: 480,
    minHeight: 400,
    show: false,
    webPreferences: {
      preload: PRELOAD,
      contextIsolation: true,
      sandbox: true,
      nodeIntegration: false,
      nodeIntegrationInWorker: false,
      nodeIntegrationInSubFrames: false,
      webviewTag: false,
      webSecurity: true,
      allowRunningInsecureContent: false,
      experimentalFeatures: false,
      navigateOnDragDrop: false,
      plugins: false,
      spellcheck: false,
      disableDialogs: true,
      devTools: !isPackaged,
    },
  };
}

/** The one window. `onClose` decides when a person closes it. */
export async function openWindow(deps: {
  readonly isPackaged: boolean;
  /** Started with the session: it comes up when somebody asks for it. */
  readonly hidden: boolean;
  readonly onClose: (window: BrowserWindow) => 'close' | 'keep';
  readonly onGone: (reason: string) => void;
}): Promise<BrowserWindow> {
  const window = new BrowserWindow(windowOptions(deps.isPackaged));
  window.once('ready-to-show', () => {
    if (!deps.hidden) window.show();
  });
  window.on('close', (event) => {
    if (deps.onClose(window) === 'keep') event.preventDefault();
  });
  window.webContents.on('render-process-gone', (_event, { reason }) => {
    deps.onGone(reason);
    // The agent lives in this process and goes on; the page begins anew with a snapshot.
    if (reason !== 'clean-exit' && !window.isDestroyed()) window.reload();
  });
  await window.loadURL(PAGE_URL);
  return window;
}

/** Brings the window to the front, wherever it was. */
export function showWindow(window: Pick<BrowserWindow, 'isMinimized' | 'restore' | 'show' | 'focus'>): void {
  if (window.isMinimized()) window.restore();
  window.show();
  window.focus();
}
