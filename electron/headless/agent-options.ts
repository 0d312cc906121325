import { existsSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import type { MediaRootSetting, Settings } from '../../shared/settings.ts';
import { MediaRootSetting as MediaRootSchema } from '../../shared/settings.ts';
import { CommandError } from './exit.ts';

/** `NAME=PATH`, or `NAME=PATH=SERVER-PREFIX`, as `--media-root` takes it. Throws CommandError. */
export function parseMediaRoot(text: string): MediaRootSetting {
  const [name = '', path = '', serverPrefix] = text.split('=');
  const folder = resolve(path);
  const parsed = MediaRootSchema.safeParse({
    name,
    path: folder,
    ...(serverPrefix === undefined ? {} : { serverPrefix }),
  });
  if (path === '' || !parsed.success) {
    throw new CommandError({
      code: 'MEDIA_ROOT_INVALID',
      message: `“${text}” is not a media root.`,
      nextStep: 'Write --media-root NAME=PATH, for example --media-root rushes=/mnt/nas/rushes.',
    });
  }
  return parsed.data;
}

/** A media root that is not there is no error: its share may be mounted later. It is said once, at the start. */
export function missingRoots(roots: readonly MediaRootSetting[]): string[] {
  return roots.filter(({ path }) => !existsSync(path) || !statSync(path).isDirectory()).map(({ path }) => path);
}

/** Accepts http(s) URLs with or without a trailing slash or `/api/v1`. Throws CommandError. */
export function parseServerUrl(text: string): string {
  const url = URL.parse(text);
  if (url === null || !['http:', 'https:'].includes(url.protocol)) {
    throw new CommandError({
      code: 'SERVER_URL_INVALID',
      message: `“${text}” is not the address of a server.`,
      nextStep: 'Write it like https://rushcatalog.studio.example or http://127.0.0.1:4180.',
    });
  }
  return `${url.origin}${url.pathname.replace(/\/+$/, '').replace(/\/api\/v1$/, '')}`;
}

/** A token must not cross a network in the clear unless IT said so (protocol.md). */
export function refuseOpenHttp(serverUrl: string, allowed: boolean): void {
  const { protocol, hostname } = new URL(serverUrl);
  const loopback = hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d{1,3}){3}$/.test(hostname);
  if (protocol === 'https:' || loopback || allowed) return;
  throw new CommandError({
    code: 'INSECURE_HTTP',
    message: `The token would travel unencrypted to ${serverUrl}.`,
    nextStep: 'Use https, or allow it with --allow-insecure-http on a network you trust.',
  });
}

/** Leaves out what was not given, so that the settings file and the defaults stay in force. */
export function givenSettings(values: { readonly [K in keyof Settings]?: Settings[K] | undefined }): Partial<Settings> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Partial<Settings>;
}
