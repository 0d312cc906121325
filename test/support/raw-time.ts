import type { Sources } from './import-graph.ts';

/** What asks the system for the time, or to be woken, without the clock that tests own. */
const RAW =
  /\b(?:set(?:Timeout|Interval)|Date\.now|performance\.now|AbortSignal\.timeout|process\.(?:hrtime|uptime))\b|\bnew Date\(\s*\)|['"](?:node:)?timers(?:\/promises)?['"]/;

/** Rooms of a browser or of Electron, where time is the person's: nothing about leases or waiting is decided there. */
const FREE = /^(?:renderer|electron\/shell)\//;

/**
 * Who may all the same, and why. A folder ends with a slash. Anything else takes a `Clock` (electron/work/clock.ts), or
 * `systemClock` where nobody hands one over.
 */
export const RAW_TIME: Readonly<Record<string, string>> = {
  'electron/work/clock.ts': 'it is the clock',
  'server/server.ts': 'the server’s clocks begin here, and its sweeper; tests hand clocks over and sweep themselves',
  'server/rules/watch-rules.ts': 'sleeps until files of a real disk are due; which ones are, the server’s clock says',
  'server/tell/': 'waits for real receivers, and ends calls to them; what is due, the server’s clock says',
  'server/operate/readiness.ts': 'ends a look at a real disk or database that says nothing',
  'electron/work/process/': 'signals, pipes and watchdogs of real processes, which heed no clock of a test',
  'electron/work/speech/download-model.ts': 'ends a real connection that says nothing',
  'electron/agent/server/client.ts': 'ends a real call; tests hand a timer over',
  'electron/agent/server/enrolment.ts': 'ends a real call',
  'electron/agent/control/ask-control.ts': 'ends a real call',
  'electron/compose/operator/operator-client.ts': 'ends a real call',
  'electron/compose/operator/admin-calls.ts': 'ends a real call',
  'electron/work/capabilities/retests.ts': 'a timer that keeps no program alive; tests hand another over',
  'electron/agent/lease/leases.ts': 'a sign of life of this very loop: with another clock it would lie',
  'electron/agent/yield/record-yield-time.ts': 'only how often what the clock measured is written down',
  'electron/agent/yield/load-history.ts': 'looks at the real machine now and then; tests hand the timer over',
  'electron/gateway/watch-stream.ts': 'a sign of life of this very process',
  'electron/headless/main.ts': 'the process ends although something holds it',
};

const withoutComments = (text: string): string =>
  text.replaceAll(/\/\*[\s\S]*?\*\//g, '').replaceAll(/(?<!:)\/\/.*$/gm, '');

/** Files that ask the system itself and are not on the list; and what the list names in vain. */
export function rawTimeIn(sources: Sources): { readonly unlisted: string[]; readonly idle: string[] } {
  const users = [...sources].filter(([path, text]) => !FREE.test(path) && RAW.test(withoutComments(text)));
  const entries = Object.keys(RAW_TIME);
  const covers = (entry: string, path: string): boolean =>
    entry.endsWith('/') ? path.startsWith(entry) : path === entry;
  return {
    unlisted: users.map(([path]) => path).filter((path) => !entries.some((entry) => covers(entry, path))),
    idle: entries.filter((entry) => !users.some(([path]) => covers(entry, path))),
  };
}
