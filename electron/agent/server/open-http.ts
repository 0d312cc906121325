import type { Refusal } from '../../../shared/failure.ts';
import { isOpenHttp } from '../../../shared/server-address.ts';
import type { Settings } from '../../../shared/settings.ts';

/** A token must not cross a network in the clear unless whoever manages the machine said so (docs/protocol.md). */
export function openHttpRefusal(
  serverUrl: string,
  { allowInsecureHttp }: Pick<Settings, 'allowInsecureHttp'>,
): Refusal | null {
  if (!isOpenHttp(serverUrl) || allowInsecureHttp) return null;
  return {
    code: 'INSECURE_HTTP',
    message: `The token would travel unencrypted to ${serverUrl}, so it is not sent.`,
    nextStep:
      'Use https, or allow unencrypted connections in the settings (--allow-insecure-http) on a network you trust.',
    field: 'serverUrl',
  };
}
