import { EventEmitter } from 'node:events';
import { requireReady } from './app.ts';
import { guards } from './guards.ts';
import { strict } from './strict.ts';

type Answer = (granted: boolean) => void;
type RequestHandler = (contents: unknown, permission: string, answer: Answer, details: object) => void;
type CheckHandler = (contents: unknown, permission: string, origin: string, details: object) => boolean;

/** Chromium's names of permissions, as Playwright takes them, and Electron's. */
const NAMES = {
  geolocation: 'geolocation',
  notifications: 'notifications',
  camera: 'media',
  microphone: 'media',
  midi: 'midi',
  'clipboard-read': 'clipboard-read',
  'clipboard-write': 'clipboard-sanitized-write',
} as const;

class Session extends EventEmitter {
  _request: RequestHandler | null = null;
  _check: CheckHandler | null = null;

  setPermissionRequestHandler(handler: RequestHandler | null): void {
    this._request = handler;
    if (handler !== null) guards.session.set('setPermissionRequestHandler', handler);
  }

  setPermissionCheckHandler(handler: CheckHandler | null): void {
    this._check = handler;
    if (handler !== null) guards.session.set('setPermissionCheckHandler', handler);
  }

  async resolveProxy(_url: string): Promise<string> {
    return 'DIRECT';
  }

  /** The stand-in's Chromium has no devices and shares no screen; a test asks the handlers itself. */
  setDevicePermissionHandler(handler: () => unknown): void {
    guards.session.set('setDevicePermissionHandler', handler);
  }
  setBluetoothPairingHandler(handler: () => unknown): void {
    guards.session.set('setBluetoothPairingHandler', handler);
  }
  setDisplayMediaRequestHandler(handler: () => unknown): void {
    guards.session.set('setDisplayMediaRequestHandler', handler);
  }
}

const bare = new Session();
guards.sessions.push(bare);
const defaultSession = strict('Session', bare);

/** What both handlers let a page have, in Chromium's names. Without handlers Electron grants everything. */
export function grantedTo(url: string, origin: string): string[] {
  return Object.entries(NAMES)
    .filter(([, permission]) => {
      const details = { isMainFrame: true, requestingUrl: url, embeddingOrigin: origin };
      let granted = bare._request === null;
      bare._request?.(null, permission, (value) => (granted = value), details);
      return granted && (bare._check?.(null, permission, `${origin}/`, details) ?? true);
    })
    .map(([name]) => name);
}

const statics = Object.defineProperty({}, 'defaultSession', {
  get: () => {
    requireReady('session.defaultSession');
    return defaultSession;
  },
}) as { readonly defaultSession: typeof defaultSession };

export const session = strict('Session', statics);
