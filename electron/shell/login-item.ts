import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { App } from 'electron';

/** Started by the session instead of by a person: then no window comes up. */
const HIDDEN_SWITCH = '--hidden';

type LoginApp = Pick<App, 'setLoginItemSettings' | 'getPath' | 'isPackaged'>;

/**
 * Start at login as the setting says. Windows and macOS have a list of their own; on Linux it is a file of the desktop
 * (XDG autostart). Only a packaged app is entered: a checkout would be gone tomorrow.
 */
export function applyLoginItem(app: LoginApp, wanted: boolean, platform: NodeJS.Platform = process.platform): void {
  if (!app.isPackaged) return;
  if (platform === 'linux')
    return applyAutostart(join(app.getPath('appData'), 'autostart'), app.getPath('exe'), wanted);
  app.setLoginItemSettings({ openAtLogin: wanted, ...(platform === 'win32' ? { args: [HIDDEN_SWITCH] } : {}) });
}

/** Writes or removes the desktop file; leaves it alone when it already says the same. */
export function applyAutostart(folder: string, executable: string, wanted: boolean): void {
  const file = join(folder, 'rushcatalog-agent.desktop');
  if (!wanted) return rmSync(file, { force: true });
  const quoted = `"${executable.replaceAll(/["\\$`]/g, String.raw`\$&`)}"`;
  const text = [
    '[Desktop Entry]',
    'Type=Application',
    'Name=RushCatalog Agent',
    `Exec=${quoted} ${HIDDEN_SWITCH}`,
    'X-GNOME-Autostart-enabled=true',
    '',
  ].join('\n');
  if (readOrNull(file) === text) return;
  mkdirSync(folder, { recursive: true });
  writeFileSync(file, text, { mode: 0o644 });
}

function readOrNull(file: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return null;
  }
}
