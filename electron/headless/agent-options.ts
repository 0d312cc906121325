import { ServerAddress } from '../../shared/server-address.ts';
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
