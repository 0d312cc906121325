import { createContext, useCallback, useContext, useSyncExternalStore } from 'react';
import { useTranslation } from 'react-i18next';
import { useStore } from 'zustand';
import { createStore } from 'zustand/vanilla';
import type { Bridge } from '../shared/bridge.ts';
import type { CommandInput, CommandName } from '../shared/commands.ts';
import type { Refusal } from '../shared/failure.ts';
import type { Snapshot } from '../shared/snapshot.ts';
import { dayName, instant } from './format/instants.ts';
import type { Replica, ReplicaState } from './replica.ts';

export interface PageContext {
  readonly bridge: Bridge;
  readonly replica: Replica;
  /** Shows why a command was refused. */
  readonly notify: (refusal: Refusal) => void;
}

export const Page = createContext<PageContext | null>(null);

export function usePage(): PageContext {
  const page = useContext(Page);
  if (page === null) throw new Error('A view was drawn outside the page.');
  return page;
}

export function useReplica<T>(select: (state: ReplicaState) => T): T {
  return useStore(usePage().replica.store, select);
}

/** Selects from the snapshot. Views are drawn only once there is one. `select` must return stable references. */
export function useAgent<T>(select: (snapshot: Snapshot) => T): T {
  return useReplica(({ snapshot }) => {
    if (snapshot === null) throw new Error('A view was drawn before the first snapshot.');
    return select(snapshot);
  });
}

/** Sends a command; a refusal is shown, and state comes by watch alone. Off while the agent is out of reach. */
export function useCommand(): {
  readonly available: boolean;
  readonly send: <N extends CommandName>(name: N, input: CommandInput<N>) => Promise<void>;
} {
  const { bridge, notify } = usePage();
  const available = useReplica(({ link }) => link.kind === 'open');
  const send = useCallback(
    async <N extends CommandName>(name: N, input: CommandInput<N>): Promise<void> => {
      const answer = await bridge.call(name, input);
      if (!answer.ok) notify(answer.refusal);
    },
    [bridge, notify],
  );
  return { available, send };
}

export function useBridge(): Bridge {
  return usePage().bridge;
}

/** One timer for all who look at it, however many rows there are; runs only while someone does. */
function createTicker(everyMs: number) {
  const store = createStore<{ readonly now: number }>(() => ({ now: Date.now() }));
  let watchers = 0;
  let timer: ReturnType<typeof setInterval> | undefined;
  const tick = (): void => store.setState({ now: Date.now() });
  const subscribe = (changed: () => void): (() => void) => {
    // It stood still while nobody looked; React reads again right after subscribing.
    if (timer === undefined) tick();
    const end = store.subscribe(changed);
    watchers += 1;
    timer ??= setInterval(tick, everyMs);
    return () => {
      end();
      watchers -= 1;
      if (watchers > 0) return;
      clearInterval(timer);
      timer = undefined;
    };
  };
  return { subscribe, read: () => store.getState().now };
}

const seconds = createTicker(1000);
// A minute is soon enough to notice that the day changed.
const minutes = createTicker(60_000);

/** The time now, again every second; ms since 1970. */
export function useNow(): number {
  return useSyncExternalStore(seconds.subscribe, seconds.read);
}

/** Writes an instant in the page's language; today's without the day. */
export function useInstant(): (value: string | number) => string {
  const language = useLanguage();
  const now = useSyncExternalStore(minutes.subscribe, minutes.read);
  return (value) => instant(value, language, now);
}

/** Names the day of an instant in the page's language. */
export function useDayName(): (value: string) => string {
  const language = useLanguage();
  const now = useSyncExternalStore(minutes.subscribe, minutes.read);
  return (value) => dayName(value, language, now);
}

export function useLanguage(): string {
  return useTranslation().i18n.language;
}
