import { useEffect, useMemo } from 'react';
import { useStore } from 'zustand';
import { createStore } from 'zustand/vanilla';
import { notify } from '../notices.tsx';
import type { Server } from './server.ts';
import { useConsole } from './use-server.ts';

interface Page<T> {
  readonly items: readonly T[];
  readonly next_cursor?: string | undefined;
}

interface Listed<T> {
  /** Null until the first page is there. */
  readonly items: readonly T[] | null;
  /** Fetches the next page; undefined: everything is there. */
  readonly more: (() => void) | undefined;
}

/** How often what was listed is asked for anew; so many pages at most, those behind them keep what they said. */
const EVERY_MS = 15_000;
const FRESH_PAGES = 4;

/** A list that comes a page at a time, its beginning fresh. `path`: with `?` and its filters. */
export function usePaged<T>(path: string): Listed<T> {
  const { server } = useConsole();
  const list = useMemo(() => createList<T>(server, path), [server, path]);
  useEffect(() => list.watch(), [list]);
  const pages = useStore(list.pages);
  const items = useMemo(() => (pages.length === 0 ? null : pages.flatMap((page) => page.items)), [pages]);
  return { items, more: pages.at(-1)?.next_cursor === undefined ? undefined : list.more };
}

function createList<T>(server: Server, path: string) {
  const pages = createStore<readonly Page<T>[]>(() => []);
  let isOver = false;
  let asks = false;
  const fetchPage = async (cursor: string | undefined): Promise<Page<T> | null> => {
    const behind = cursor === undefined ? '' : `&cursor=${encodeURIComponent(cursor)}`;
    const answer = await server.get<Page<T>>(`${path}${behind}`);
    if (answer.ok) return isOver ? null : answer.output;
    notify(answer.refusal);
    return null;
  };
  /** The first pages again, as many as are there. */
  const look = async (): Promise<void> => {
    const fresh: Page<T>[] = [];
    const wanted = Math.min(FRESH_PAGES, Math.max(1, pages.getState().length));
    do {
      const page = await fetchPage(fresh.at(-1)?.next_cursor);
      if (page === null) return;
      fresh.push(page);
    } while (fresh.length < wanted && fresh.at(-1)?.next_cursor !== undefined);
    const isAll = fresh.at(-1)?.next_cursor === undefined;
    pages.setState((before) => [...fresh, ...(isAll ? [] : before.slice(fresh.length))], true);
  };
  const more = async (): Promise<void> => {
    const next = pages.getState().at(-1)?.next_cursor;
    if (next === undefined || asks) return;
    asks = true;
    const page = await fetchPage(next);
    asks = false;
    if (page !== null)
      pages.setState((before) => (before.at(-1)?.next_cursor === next ? [...before, page] : before), true);
  };
  return {
    pages,
    more: () => void more(),
    watch(): () => void {
      isOver = false;
      void look();
      const timer = setInterval(() => {
        if (!document.hidden) void look();
      }, EVERY_MS);
      return () => {
        isOver = true;
        clearInterval(timer);
      };
    },
  };
}
