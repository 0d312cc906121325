import type { App } from 'electron';

interface QuitDeps {
  readonly app: Pick<App, 'quit' | 'exit'> & {
    on(event: 'before-quit', listener: (event: { preventDefault(): void }) => void): unknown;
  };
  /** Drains the agent and closes what is open; `hurry` ends the grace of running jobs. */
  readonly stop: (hurry: AbortSignal) => Promise<void>;
  /** After this long the process ends whatever hangs. */
  readonly limitMs: number;
  readonly onTrouble: (error: unknown) => void;
  /** Runs once after `ms`. */
  readonly after: (ms: number, run: () => void) => void;
  /** Told at the begin and once a second: how long it can still take. */
  readonly onCountdown?: (secondsLeft: number) => void;
}

export interface Quit {
  /** True once everything owed was written down, and windows may close. */
  isOver(): boolean;
  /** True from the first request on. */
  hasBegun(): boolean;
  /** Begins to quit; asking again changes nothing. `last` runs once all is stopped, and has to end the program itself. */
  begin(last?: () => void): void;
  /** Gives running jobs back at once; begins to quit if nobody did. */
  hurry(): void;
}

/** Unpacking an update takes a while; what has not ended the program by then never will. */
const LAST_LIMIT_MS = 300_000;

/** Could not end in order: the journal holds what is owed, the next start goes on from it. */
const EXIT_FORCED = 1;

/**
 * Quitting waits for the agent, with the window open to show it, and with a hard limit. Asking to quit a second time
 * (menu, Ctrl-C, SIGTERM) gives running jobs back at once instead of waiting for them.
 */
export function quitAfterStop({ app, stop, limitMs, onTrouble, after, onCountdown }: QuitDeps): Quit {
  let phase: 'open' | 'stopping' | 'over' = 'open';
  let lastOfAll: (() => void) | undefined;
  const hurry = new AbortController();
  const countDown = (leftMs: number): void => {
    if (phase !== 'stopping' || onCountdown === undefined) return;
    onCountdown(Math.max(0, Math.round(leftMs / 1_000)));
    after(1_000, () => countDown(leftMs - 1_000));
  };
  const run = async (): Promise<void> => {
    after(limitMs, () => {
      if (phase !== 'over' || lastOfAll === undefined) app.exit(EXIT_FORCED);
    });
    countDown(limitMs);
    try {
      await stop(hurry.signal);
    } catch (error) {
      onTrouble(error);
    }
    phase = 'over';
    if (lastOfAll === undefined) return app.quit();
    after(LAST_LIMIT_MS, () => app.exit(EXIT_FORCED));
    lastOfAll();
  };
  app.on('before-quit', (event) => {
    if (phase === 'over') return;
    event.preventDefault();
    if (phase === 'stopping') return hurry.abort();
    phase = 'stopping';
    void run();
  });
  return {
    isOver: () => phase === 'over',
    hasBegun: () => phase !== 'open',
    begin: (last) => {
      if (phase !== 'open') return;
      lastOfAll = last;
      app.quit();
    },
    hurry: () => {
      hurry.abort();
      if (phase === 'open') app.quit();
    },
  };
}
