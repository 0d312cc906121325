import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/**
 * Electron's executable, or null where it was not fetched. `require('electron')` would try to download it then;
 * this only looks where that would put it (node_modules/electron/index.js). ELECTRON_OVERRIDE_DIST_PATH is Electron's own.
 */
export function electronBinary(env: Readonly<Record<string, string | undefined>> = process.env): string | null {
  const folder = packageFolder();
  if (folder === null) return null;
  const note = join(folder, 'path.txt');
  const name = existsSync(note) ? readFileSync(note, 'utf8').trim() : defaultName();
  const binary = join(env['ELECTRON_OVERRIDE_DIST_PATH'] ?? join(folder, 'dist'), name);
  return existsSync(binary) ? binary : null;
}

/** True where a window can be shown at all. */
export function hasDisplay(env: Readonly<Record<string, string | undefined>> = process.env): boolean {
  return process.platform !== 'linux' || Boolean(env['DISPLAY'] ?? env['WAYLAND_DISPLAY']);
}

function packageFolder(): string | null {
  try {
    return dirname(createRequire(import.meta.url).resolve('electron/package.json'));
  } catch {
    return null;
  }
}

function defaultName(): string {
  if (process.platform === 'darwin') return 'Electron.app/Contents/MacOS/Electron';
  return process.platform === 'win32' ? 'electron.exe' : 'electron';
}
