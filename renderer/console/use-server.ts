import { createContext, useContext, useEffect, useMemo } from 'react';
import { useStore } from 'zustand';
import { createStore, type StoreApi } from 'zustand/vanilla';
import type { Refusal } from '../../shared/failure.ts';
import { OPERATOR_ROLES, type OperatorRole } from '../../shared/operator-roles.ts';
import type { SignInAnswer } from '../../shared/wire-page.ts';
import { notify } from '../notices.tsx';
import type { Server } from './server.ts';

interface ConsoleContext {
  readonly server: Server;
  readonly session: SignInAnswer;
}

export const Console = createContext<ConsoleContext | null>(null);

export function useConsole(): ConsoleContext {
  const context = useContext(Console);
  if (context === null) throw new Error('A view was drawn before somebody signed in.');
  return context;
}

/** Whether the operator may do what takes at least this role. */
export function useMay(role: OperatorRole): boolean {
  const { session } = useConsole();
  return OPERATOR_ROLES.indexOf(session.role) >= OPERATOR_ROLES.indexOf(role);
}

/** What the server answered last; it stays while later answers are refused. */
export interface Seen<T> {
  readonly value: T | null;
  /** When it was asked, ms since 1970. */
  readonly at: number;
  /** Why the last try came to nothing. */
  readonly refusal: Refusal | null;
}

const NOTHING = { value: null, at: 0, refusal: null };

interface Asked {
  readonly store: StoreApi<Seen<unknown>>;
  /** Asks as long as somebody looks; answers how to stop looking. */
  watch(): () => void;
  isWatched(): boolean;
  again(): void;
  forget(): void;
}

/** One question, however many views look at its answer; what was seen is kept for whoever comes back. */
const asked = new Map<string, Asked>();
/** More answers than a page has views; the oldest are forgotten. */
const KEPT_ANSWERS = 24;

/** How often what is looked at is asked for anew. */
const EVERY_MS = 4_000;

/** Asks now and again while somebody looks, and not while the page is hidden. */
export function useSeen<T>(path: string, everyMs = EVERY_MS): Seen<T> {
  const { server } = useConsole();
  const question = useMemo(() => questionOf(server, path, everyMs), [server, path, everyMs]);
  useEffect(() => question.watch(), [question]);
  // The path decides what is answered (server/routes), and so its type.
  return useStore(question.store) as Seen<T>;
}

/** Has everything that is looked at asked for at once: something was done. */
export function lookAgain(): void {
  for (const question of asked.values()) if (question.isWatched()) question.again();
}

/** Another operator sees nothing of what the one before saw. */
export function forgetSeen(): void {
  for (const question of asked.values()) question.forget();
  asked.clear();
}

function questionOf(server: Server, path: string, everyMs: number): Asked {
  const known = asked.get(path);
  if (known !== undefined) return known;
  const question = createQuestion(server, path, everyMs);
  asked.set(path, question);
  for (const [key, each] of asked) {
    if (asked.size <= KEPT_ANSWERS) break;
    if (!each.isWatched() && key !== path) asked.delete(key);
  }
  return question;
}

function createQuestion(server: Server, path: string, everyMs: number): Asked {
  const store = createStore<Seen<unknown>>(() => NOTHING);
  let watchers = 0;
  let round = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const ask = async (): Promise<void> => {
    clearTimeout(timer);
    round += 1;
    const mine = round;
    const at = Date.now();
    const answer = await server.get(path);
    // Asked once more meanwhile, or nobody looks any more.
    if (mine !== round) return;
    if (answer.ok) store.setState({ value: answer.output, at, refusal: null });
    else store.setState({ refusal: answer.refusal });
    if (watchers > 0) timer = setTimeout(() => whenSeen(ask), everyMs);
  };
  return {
    store,
    isWatched: () => watchers > 0,
    again: () => void ask(),
    forget() {
      clearTimeout(timer);
      round += 1;
    },
    watch() {
      watchers += 1;
      if (watchers === 1) void ask();
      return () => {
        watchers -= 1;
        if (watchers === 0) clearTimeout(timer);
      };
    },
  };
}

function whenSeen(ask: () => Promise<void>): void {
  if (document.hidden) document.addEventListener('visibilitychange', () => void ask(), { once: true });
  else void ask();
}

/** Does something at the server, and looks again at what is shown; a refusal is told. */
export function useAct(): (path: string, body?: unknown) => Promise<boolean> {
  const { server } = useConsole();
  return async (path, body) => {
    const answer = await server.post(path, body);
    if (!answer.ok) notify(answer.refusal);
    lookAgain();
    return answer.ok;
  };
}
