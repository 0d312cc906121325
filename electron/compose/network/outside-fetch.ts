import { createNetworkFetch } from '../../agent/server/network-fetch.ts';
import type { SettingsStore } from '../../agent/settings/settings-store.ts';
import { networkFacts, type SystemProxy } from './network-facts.ts';

/**
 * A `fetch` for addresses beyond the server's, such as the publisher's of speech models: another proxy may lead there,
 * also where the server is this machine itself. Rare calls, so the way is asked for anew each time. What cannot be
 * read (authorities, credentials) is told at the start; here it is done without.
 */
export function createOutsideFetch(settings: SettingsStore, systemProxy?: SystemProxy): typeof fetch {
  return async (input, init) => {
    const url = input instanceof Request ? input.url : String(input);
    const { facts } = await networkFacts(settings.view().values, url, process.env, systemProxy);
    return createNetworkFetch(facts)(input, init);
  };
}
