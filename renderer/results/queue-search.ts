import { useCallback, useEffect, useRef, useState } from 'react';
import type { WaitingJob } from '../../shared/snapshot.ts';
import { useAgent, useBridge, useReplica } from '../use-agent.ts';
import { useSettled } from './past.ts';

const PAGE = 200;

/** What a search found among all jobs that wait on the server, not only those that are listed here. */
export interface QueueSearch {
  readonly jobs: readonly WaitingJob[];
  /** On all pages. */
  readonly total: number;
  /** Loads the next page; absent when there is none. */
  readonly more?: () => void;
}

interface Pages extends Pick<QueueSearch, 'jobs' | 'total'> {
  readonly wanted: string;
  readonly cursor: string | 'end';
}

/** Null while nothing is searched for, and until the first answer. `onHold`: of the jobs that are on hold alone. */
export function useQueueSearch(typed: string, onHold: boolean): QueueSearch | null {
  const bridge = useBridge();
  const available = useReplica(({ link }) => link.kind === 'open');
  const search = useSettled(typed);
  const heldJobs = useAgent(({ queue }) => (onHold ? (queue?.heldJobs ?? 0) : 0));
  const wanted = JSON.stringify([search, onHold]);
  const [pages, setPages] = useState<Pages | null>(null);
  /** What is on its way; an answer to anything else comes too late. */
  const asked = useRef('');
  const load = useCallback(
    async (before: Pages | null): Promise<void> => {
      const cursor = before === null ? {} : { cursor: before.cursor };
      const key = JSON.stringify([wanted, cursor]);
      // The end of the list is in sight for as long as its next page is on its way.
      if (before !== null && asked.current === key) return;
      asked.current = key;
      const answer = await bridge.call('searchQueue', {
        ...(search === '' ? {} : { search }),
        ...(onHold ? { held: true } : {}),
        limit: PAGE,
        ...cursor,
      });
      if (asked.current !== key) return;
      asked.current = '';
      if (!answer.ok) return;
      const { items, total, nextCursor = 'end' } = answer.output;
      setPages({ wanted, jobs: [...(before?.jobs ?? []), ...items], total, cursor: nextCursor });
    },
    [bridge, search, onHold, wanted],
  );
  useEffect(() => {
    const begin = async (): Promise<void> => {
      // What is on hold may have become less or more.
      if ((search !== '' || heldJobs > 0) && available) await load(null);
    };
    void begin();
  }, [search, heldJobs, available, load]);
  if ((typed === '' && !onHold) || pages === null || pages.wanted !== wanted) return null;
  const { jobs, total, cursor } = pages;
  return cursor === 'end' || !available ? { jobs, total } : { jobs, total, more: () => void load(pages) };
}
