import { describe, expect, it } from 'vitest';
import { guardNavigation } from '../../electron/shell/navigation.ts';
import { guardPermissions } from '../../electron/shell/permissions.ts';
import { PAGE_URL } from '../../electron/shell/own-page.ts';
import { preventable } from '../support/electron-stand-in/strict.ts';

const none = (): void => undefined;
const SILENT = { info: none, warn: none, error: none };

type Listener = (...args: never[]) => unknown;

/** Records what a guard registers; each member is checked against electron.d.ts by the stand-in suite. */
function recorder() {
  const events = new Map<string, Listener>();
  const handlers = new Map<string, Listener>();
  const target = new Proxy(
    {},
    {
      get: (_target, name: string) => (first: never, second: Listener) =>
        name === 'on' ? events.set(first, second) : handlers.set(name, first),
    },
  );
  return { target: target as never, events, handlers };
}

describe('navigation', () => {
  const guarded = recorder();
  guardNavigation(guarded.target, SILENT);
  const isPrevented = (event: string, fields: object): boolean => {
    const it = preventable(fields);
    guarded.events.get(event)?.(it as never);
    return it.defaultPrevented;
  };

  it.each([
    [PAGE_URL, false],
    ['app://rushcatalog/derived/a/b', true],
    ['https://example.com/', true],
    ['file:///etc/passwd', true],
  ])('of the page to %s: prevented %s', (url, prevented) => {
    expect(isPrevented('will-navigate', { url, isMainFrame: true })).toBe(prevented);
  });

  it('of frames, redirections and web views is always prevented', () => {
    expect(isPrevented('will-frame-navigate', { url: PAGE_URL, isMainFrame: false })).toBe(true);
    expect(isPrevented('will-redirect', { url: PAGE_URL })).toBe(true);
    expect(isPrevented('will-attach-webview', {})).toBe(true);
  });

  it('a window is denied, even for our own page', () => {
    expect(guarded.handlers.get('setWindowOpenHandler')?.({ url: PAGE_URL } as never)).toEqual({ action: 'deny' });
  });
});

describe('permissions', () => {
  const guarded = recorder();
  guardPermissions(guarded.target, SILENT);
  const requested = (permission: string, requestingUrl: string, isMainFrame = true): boolean | undefined => {
    let granted: boolean | undefined;
    const answer = (value: boolean): void => {
      granted = value;
    };
    const handler = guarded.handlers.get('setPermissionRequestHandler') as
      ((...args: readonly unknown[]) => void) | undefined;
    handler?.(null, permission, answer, { requestingUrl, isMainFrame });
    return granted;
  };
  const checked = (permission: string, origin: string): unknown =>
    (guarded.handlers.get('setPermissionCheckHandler') as ((...args: readonly unknown[]) => boolean) | undefined)?.(
      null,
      permission,
      origin,
    );

  it.each(['media', 'geolocation', 'notifications', 'clipboard-read', 'fullscreen', 'openExternal', 'hid', 'unknown'])(
    '%s is denied to our own page',
    (permission) => {
      expect(requested(permission, PAGE_URL)).toBe(false);
      expect(checked(permission, 'app://rushcatalog/')).toBe(false);
    },
  );

  it('text may be copied by our main frame, and by nobody else', () => {
    const copy = 'clipboard-sanitized-write';
    expect(requested(copy, PAGE_URL)).toBe(true);
    expect(checked(copy, 'app://rushcatalog/')).toBe(true);
    expect(requested(copy, PAGE_URL, false)).toBe(false);
    expect(requested(copy, 'https://example.com/')).toBe(false);
    expect(checked(copy, 'https://example.com')).toBe(false);
  });

  it('devices, screens and downloads are denied', () => {
    expect(guarded.handlers.get('setDevicePermissionHandler')?.()).toBe(false);
    const answers: unknown[] = [];
    for (const name of ['setBluetoothPairingHandler', 'setDisplayMediaRequestHandler']) {
      guarded.handlers.get(name)?.({} as never, ((value: unknown) => answers.push(value)) as never);
    }
    expect(answers).toEqual([{ confirmed: false }, null]);
    const event = preventable({});
    guarded.events.get('will-download')?.(event as never, { getURL: () => 'https://example.com/' } as never);
    expect(event.defaultPrevented).toBe(true);
    const foreign = preventable({});
    guarded.events.get('will-download')?.(foreign as never, { getURL: () => 'blob:https://example.com/1' } as never);
    expect(foreign.defaultPrevented).toBe(true);
    const own = preventable({});
    guarded.events.get('will-download')?.(own as never, { getURL: () => 'blob:app://rushcatalog/1' } as never);
    expect(own.defaultPrevented).toBe(false);
  });
});
