import { StartError } from '../agent/journal/database.ts';

/** A token must not cross a network in the clear unless IT said so (protocol.md). Throws StartError. */
export function refuseOpenHttp(serverUrl: string, allowed: boolean): void {
  const { protocol, hostname } = new URL(serverUrl);
  const loopback = hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d{1,3}){3}$/.test(hostname);
  if (protocol === 'https:' || loopback || allowed) return;
  throw new StartError({
    code: 'INSECURE_HTTP',
    message: `The token would travel unencrypted to ${serverUrl}.`,
    nextStep: 'Use https, or allow it with --allow-insecure-http on a network you trust.',
  });
}
