import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Menu, nativeImage, Tray, type MenuItemConstructorOptions } from 'electron';
import type { TrayIcon } from './tray-state.ts';

interface TrayLook {
  readonly icon: TrayIcon;
  readonly line: string;
  readonly menu: MenuItemConstructorOptions[];
}

interface ShownTray {
  show(look: TrayLook): void;
  destroy(): void;
}

/** Where the pictures are: beside the packed app, or in the sources. */
export function iconFolder(resourcesPath: string | undefined): string {
  const packed = resourcesPath === undefined ? undefined : join(resourcesPath, 'tray');
  if (packed !== undefined && existsSync(packed)) return packed;
  return fileURLToPath(new URL('../../build/tray', import.meta.url));
}

/** Null where the desktop has no tray: then closing the window ends the program, or nobody could. */
export function createTray(folder: string, onClick: () => void): ShownTray | null {
  const imageOf = (icon: TrayIcon) =>
    nativeImage.createFromPath(join(folder, process.platform === 'darwin' ? `${icon}Template.png` : `${icon}.png`));
  try {
    const tray = new Tray(imageOf('idle'));
    // On macOS and most Linux desktops a click opens the menu by itself.
    if (process.platform === 'win32') tray.on('click', onClick);
    let shown = '';
    return {
      show(look) {
        // Rebuilding an open menu closes it on some desktops: only what changed is set.
        const key = JSON.stringify([look.icon, look.line, look.menu]);
        if (key === shown) return;
        shown = key;
        tray.setImage(imageOf(look.icon));
        tray.setToolTip(`RushCatalog Agent – ${look.line}`);
        tray.setContextMenu(Menu.buildFromTemplate(look.menu));
      },
      destroy: () => tray.destroy(),
    };
  } catch {
    return null;
  }
}
