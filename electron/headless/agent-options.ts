import { ServerAddress } from '../../shared/server-address.ts';
import type { Settings } from '../../shared/settings.ts';
import { CommandError } from './exit.ts';

/** The address as the settings keep it. Throws CommandError. */
export function parseServerUrl(text: string): string {
  const { data } = ServerAddress.safeParse(text);
  if (data !== undefined) return data;
  throw new CommandError({
    code: 'SERVER_URL_INVALID',
    message: `“${text}” is not the address of a server.`,
    nextStep: 'Write it like https://rushcatalog.studio.example or http://127.0.0.1:4180.',
  });
}

/** Leaves out what was not given, so that the settings file and the defaults stay in force. */
export function givenSettings(values: { readonly [K in keyof Settings]?: Settings[K] | undefined }): Partial<Settings> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Partial<Settings>;
}
