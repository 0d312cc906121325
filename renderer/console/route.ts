import { hashTo, parseHash, useHash, type HashRoute } from '../hash-route.ts';

/** In the order of the navigation; a job is reached from all of them. */
const CONSOLE_VIEWS = ['overview', 'waiting', 'agents', 'failures', 'assets', 'folders', 'job'] as const;
export type ConsoleView = (typeof CONSOLE_VIEWS)[number];

export function useConsoleRoute(): HashRoute<ConsoleView> {
  return parseHash(useHash(), CONSOLE_VIEWS);
}

export function consoleTo(view: ConsoleView, chosen?: string, query = ''): string {
  return hashTo(view, chosen, query);
}
