import { EventEmitter } from 'node:events';
import { describe, expect, it } from 'vitest';
import { checkOptions, declared } from '../support/electron-stand-in/declared.ts';
import { strict } from '../support/electron-stand-in/strict.ts';

class Part extends EventEmitter {
  readonly isPackaged = false;
  quit(): string {
    return 'quit';
  }
}

describe('the stand-in for Electron', () => {
  const app = strict('App', new Part());

  it('does what it knows', () => {
    expect(app.quit()).toBe('quit');
    expect(app.isPackaged).toBe(false);
    expect(app.on('before-quit', () => undefined)).toBe(app);
  });

  it('tells what Electron does not have from what it does not know itself', () => {
    expect(() => Reflect.get(app, 'quitNow') as unknown).toThrow("Electron's App has no member quitNow");
    expect(() => Reflect.get(app, 'dock') as unknown).toThrow('App.dock is not known to the stand-in yet');
    expect(() => Reflect.set(app, 'name', 'x')).toThrow('App.name is not known to the stand-in yet');
  });

  it('throws for an event that Electron does not have', () => {
    expect(() => app.on('before-exit', () => undefined)).toThrow('no event “before-exit”');
  });

  it('cannot itself have members that Electron does not have', () => {
    expect(() => strict('App', { quitNow: () => undefined })).toThrow('App.quitNow is in the stand-in');
  });

  it('reads electron.d.ts, bases included', () => {
    expect(declared('BrowserWindow').members.has('loadURL')).toBe(true);
    expect(declared('BrowserWindow').events.has('close')).toBe(true);
    expect(declared('WebContents').events.has('will-frame-navigate')).toBe(true);
    expect(() => declared('Nothing')).toThrow('declares no Nothing');
  });

  it('knows the options of a window', () => {
    expect(() => checkOptions('WebPreferences', { sandbox: true, contextIsolation: true })).not.toThrow();
    expect(() => checkOptions('WebPreferences', { sandboxed: true })).toThrow('no option sandboxed');
  });
});
