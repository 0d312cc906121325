import { EventEmitter } from 'node:events';
import { existsSync } from 'node:fs';
import type { MenuItemConstructorOptions } from 'electron';
import { requireReady } from './app.ts';
import { checkOptions } from './declared.ts';
import { guards, type Guards } from './guards.ts';
import { strict } from './strict.ts';

/**
 * Tray, menus, notifications and power: the stand-in has no desktop, so it keeps what was asked for where tests find
 * it (`globalThis.standIn`), and lets them click and put the machine to sleep.
 */
interface ShownMenu {
  readonly _template: readonly MenuItemConstructorOptions[];
}

export interface StandInDesktop {
  tray: { image: string; toolTip: string; menu: readonly MenuItemConstructorOptions[] } | null;
  readonly notifications: { readonly title: string; readonly body: string }[];
  readonly progress: { readonly value: number; readonly mode: string }[];
  readonly loginItems: object[];
  readonly crashReporter: object[];
  /** Paths that the file manager was asked to show. */
  readonly revealed: string[];
  readonly guards: Guards;
  /** The label of each item, those of submenus after their own, with a slash. */
  labels(): string[];
  click(label: string): void;
  /** An event of powerMonitor. */
  power(event: string): void;
  idleSeconds: number;
  onBattery: boolean;
}

function labelsOf(menu: readonly MenuItemConstructorOptions[], before = ''): string[] {
  return menu.flatMap(({ label = '', submenu }) => {
    const inner = Array.isArray(submenu) ? labelsOf(submenu, `${before}${label}/`) : [];
    return label === '' ? inner : [`${before}${label}`, ...inner];
  });
}

function find(menu: readonly MenuItemConstructorOptions[], path: readonly string[]): MenuItemConstructorOptions {
  const [label, ...rest] = path;
  const item = menu.find((each) => each.label === label);
  if (item === undefined) throw new Error(`electron stand-in: the menu has no item “${label ?? ''}”`);
  return rest.length === 0 ? item : find(Array.isArray(item.submenu) ? item.submenu : [], rest);
}

class BarePowerMonitor extends EventEmitter {
  getSystemIdleTime(): number {
    return desktop.idleSeconds;
  }
  isOnBatteryPower(): boolean {
    return desktop.onBattery;
  }
}
const barePower = new BarePowerMonitor();
export const powerMonitor = strict('PowerMonitor', barePower);

export const desktop: StandInDesktop = {
  tray: null,
  notifications: [],
  progress: [],
  loginItems: [],
  crashReporter: [],
  revealed: [],
  guards,
  idleSeconds: 3_600,
  onBattery: false,
  labels: () => labelsOf(desktop.tray?.menu ?? []),
  click: (label) => {
    const { click, enabled = true } = find(desktop.tray?.menu ?? [], label.split('/'));
    if (!enabled || click === undefined) throw new Error(`electron stand-in: “${label}” cannot be clicked`);
    Reflect.apply(click, undefined, []);
  },
  power: (event) => void barePower.emit(event),
};
Reflect.set(globalThis, 'standIn', desktop);

export const Menu = strict('Menu', {
  setApplicationMenu: (menu: unknown): void => {
    if (menu !== null) throw new Error('electron stand-in: application menus are not known to the stand-in yet');
    guards.menus.push(menu);
  },
  buildFromTemplate: (template: readonly MenuItemConstructorOptions[]): ShownMenu => {
    for (const item of template) checkOptions('MenuItemConstructorOptions', item);
    return { _template: template };
  },
});

export const nativeImage = {
  createFromPath: (path: string): { readonly _path: string } => {
    if (!existsSync(path)) throw new Error(`electron stand-in: there is no picture ${path}`);
    return { _path: path };
  },
};

class BareTray extends EventEmitter {
  constructor(image: { readonly _path: string }) {
    super();
    requireReady('a tray');
    desktop.tray = { image: image._path, toolTip: '', menu: [] };
  }
  setImage(image: { readonly _path: string }): void {
    if (desktop.tray !== null) desktop.tray.image = image._path;
  }
  setToolTip(text: string): void {
    if (desktop.tray !== null) desktop.tray.toolTip = text;
  }
  setContextMenu(menu: ShownMenu): void {
    if (desktop.tray !== null) desktop.tray.menu = menu._template;
  }
  destroy(): void {
    desktop.tray = null;
  }
}

export const Tray = new Proxy(BareTray, {
  construct: (Target, [image]: [{ readonly _path: string }]) => strict('Tray', new Target(image)),
});

class BareNotification extends EventEmitter {
  readonly _options: { readonly title: string; readonly body: string };
  constructor(options: { readonly title: string; readonly body: string }) {
    super();
    checkOptions('NotificationConstructorOptions', options);
    this._options = options;
  }
  show(): void {
    desktop.notifications.push({ title: this._options.title, body: this._options.body });
  }
}

export const Notification = new Proxy(BareNotification, {
  construct: (Target, [options]: [{ readonly title: string; readonly body: string }]) =>
    strict('Notification', new Target(options)),
  get: (target, name) => (name === 'isSupported' ? () => true : (Reflect.get(target, name) as unknown)),
});

export const crashReporter = strict('CrashReporter', {
  start: (options: object): void => {
    checkOptions('CrashReporterStartOptions', options);
    desktop.crashReporter.push(options);
  },
});

export const shell = strict('Shell', {
  showItemInFolder: (path: string): void => void desktop.revealed.push(path),
});
