import { app } from './app.ts';
import { BrowserWindow } from './browser-window.ts';
import { obeyTests } from './control.ts';
import { crashReporter, Menu, nativeImage, Notification, powerMonitor, shell, Tray } from './desktop-parts.ts';
import { ipcMain } from './ipc.ts';
import { safeStorage } from './keystore.ts';
import { protocol } from './scheme.ts';
import { session } from './session.ts';
import { strict } from './strict.ts';

/**
 * Stands in for the `electron` module where its binary cannot be had: the built main script runs on plain Node, its
 * windows are pages of a real Chromium. It is strict: what electron.d.ts does not have, or what is not known here,
 * throws. What it cannot show: process isolation, fuses, the OS's own parts. An import that is missing below does not link.
 */
const dialog = strict('Dialog', {
  showErrorBox: (title: string, content: string): void => {
    process.stderr.write(`[${title}] ${content}\n`);
  },
});

const electron = {
  app,
  BrowserWindow,
  crashReporter,
  dialog,
  ipcMain,
  Menu,
  nativeImage,
  Notification,
  powerMonitor,
  protocol,
  safeStorage,
  session,
  shell,
  Tray,
};

export {
  app,
  BrowserWindow,
  crashReporter,
  dialog,
  ipcMain,
  Menu,
  nativeImage,
  Notification,
  powerMonitor,
  protocol,
  safeStorage,
  session,
  shell,
  Tray,
};

obeyTests(electron);
