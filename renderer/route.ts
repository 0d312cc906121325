import { hashTo, parseHash, useHash, type HashRoute } from './hash-route.ts';

export const VIEWS = ['now', 'queue', 'add', 'done', 'failures', 'capabilities', 'settings', 'health'] as const;
export type View = (typeof VIEWS)[number];

export type Route = HashRoute<View>;

/** The views of the agent's page; anything else is Now. */
export function parseRoute(hash: string): Route {
  return parseHash(hash, VIEWS);
}

export function routeTo(view: View, chosen?: string, query = ''): string {
  return hashTo(view, chosen, query);
}

export function useRoute(): Route {
  return parseRoute(useHash());
}
