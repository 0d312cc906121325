import { EventEmitter } from 'node:events';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { guards } from './guards.ts';
import { takeInstanceLock } from './instance-lock.ts';
import { preventable, strict } from './strict.ts';

/** What the other parts do when the program ends. */
export interface Ending {
  /** Closes every window as a person would; false when one of them refused. */
  closeWindows(): boolean;
  closeBrowser(): Promise<void>;
}

/** Electron is ready after the main script was read to its end. */
export const ready = Promise.withResolvers<void>();
let isReady = false;

export function requireReady(what: string): void {
  if (!isReady) throw new Error(`electron stand-in: ${what} can only be used after the app is ready`);
}

export function requireNotReady(what: string): void {
  if (isReady) throw new Error(`electron stand-in: ${what} has to be called before the app is ready`);
}

class App extends EventEmitter {
  /** A test may ask for what only an installed app does. */
  readonly isPackaged = process.env['STAND_IN_PACKAGED'] === '1';
  _ending: Ending | undefined;
  _userData = join(process.env['XDG_CONFIG_HOME'] ?? join(homedir(), '.config'), 'rushcatalog-agent');
  _isQuitting = false;

  whenReady(): Promise<void> {
    return ready.promise;
  }

  enableSandbox(): void {
    requireNotReady('app.enableSandbox');
    guards.sandboxed = true;
  }

  getPath(name: string): string {
    if (name === 'userData') return this._userData;
    if (name === 'appData') return join(this._userData, '..');
    if (name === 'exe') return process.argv[0] ?? '';
    throw new Error(`electron stand-in: app.getPath('${name}') is not known to the stand-in yet`);
  }

  setPath(name: string, path: string): void {
    if (name === 'crashDumps') return;
    if (name !== 'userData') throw new Error(`electron stand-in: app.setPath('${name}') is not known yet`);
    this._userData = path;
  }

  getLocale(): string {
    return process.env['STAND_IN_LOCALE'] ?? 'en-GB';
  }

  getVersion(): string {
    return '0.1.0';
  }

  setLoginItemSettings(settings: object): void {
    this.emit('_login-item', settings);
  }

  requestSingleInstanceLock(): boolean {
    return takeInstanceLock(this._userData, process.argv, (argv) => {
      this.emit('second-instance', preventable({}), argv, process.cwd(), undefined);
    });
  }

  quit(): void {
    if (this._isQuitting) return;
    // Electron asks its listeners in a turn of its own.
    setImmediate(() => {
      const event = preventable({});
      this.emit('before-quit', event);
      if (event.defaultPrevented) return;
      this._isQuitting = true;
      if (this._ending?.closeWindows() === false) {
        this._isQuitting = false;
        return;
      }
      this.emit('will-quit', preventable({}));
      this.emit('quit', preventable({}), 0);
      this.exit(0);
    });
  }

  exit(code = 0): void {
    const end = (): void => process.exit(code);
    if (this._ending === undefined) return end();
    this._ending.closeBrowser().then(end, end);
  }
}

export const bareApp = new App();
export const app = strict('App', bareApp);

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => bareApp.quit());

// The main script's imports and its synchronous part are done by then.
setImmediate(() => {
  isReady = true;
  bareApp.emit('ready', preventable({}), {});
  ready.resolve();
});
