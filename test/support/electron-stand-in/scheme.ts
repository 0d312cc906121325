import { checkOptions } from './declared.ts';
import { requireNotReady, requireReady } from './app.ts';
import { guards } from './guards.ts';
import { strict } from './strict.ts';

/**
 * A stock Chromium knows no `app:`; a page there would have no origin. So `app://host/path` is shown to it as
 * `https://host.app.test/path`, answered by routing, and given back to the main script under its own name.
 */
const SUFFIX = '.test';

type Handler = (request: Request) => Response | Promise<Response>;

const privileged = new Set<string>();
const handlers = new Map<string, Handler>();

export function toChromium(url: string): string {
  const { protocol, host, pathname, search, hash } = new URL(url);
  const scheme = protocol.slice(0, -1);
  return privileged.has(scheme) ? `https://${host}.${scheme}${SUFFIX}${pathname}${search}${hash}` : url;
}

export function fromChromium(url: string): string {
  const match = /^https:\/\/(.+)\.([a-z]+)\.test(\/.*)?$/.exec(url);
  return match !== null && privileged.has(match[2] ?? '') ? `${match[2]}://${match[1]}${match[3] ?? '/'}` : url;
}

/** The origin Electron would name: scheme and host for a standard scheme, "null" for data: and the like. */
export function originOf(url: string): string {
  const parsed = URL.parse(fromChromium(url));
  if (parsed === null) return 'null';
  return privileged.has(parsed.protocol.slice(0, -1)) ? `${parsed.protocol}//${parsed.host}` : parsed.origin;
}

/** Answers a request of a scheme that the main script handles; null for all others. */
export async function answer(url: string, init: RequestInit): Promise<Response | null> {
  const own = fromChromium(url);
  const handler = handlers.get(new URL(own).protocol.slice(0, -1));
  return handler === undefined ? null : handler(new Request(own, init));
}

export const protocol = strict('Protocol', {
  registerSchemesAsPrivileged(schemes: readonly { scheme: string; privileges?: object }[]): void {
    requireNotReady('protocol.registerSchemesAsPrivileged');
    for (const each of schemes) {
      checkOptions('CustomScheme', each);
      checkOptions('Privileges', each.privileges ?? {});
      privileged.add(each.scheme);
      guards.schemes.push(each);
    }
  },
  handle(scheme: string, handler: Handler): void {
    requireReady('protocol.handle');
    if (handlers.has(scheme)) throw new Error(`Failed to register protocol: ${scheme}`);
    handlers.set(scheme, handler);
  },
});
