import type { Settings } from '../../shared/settings.ts';
import { CommandError } from './exit.ts';

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

/** Leaves out what was not given, so that the settings file and the defaults stay in force. */
export function givenSettings(values: { readonly [K in keyof Settings]?: Settings[K] | undefined }): Partial<Settings> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Partial<Settings>;
}
