import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import type { EndedJob } from '../../shared/snapshot.ts';
import type { JobType } from '../../shared/job.ts';
import { joinHistory } from '../selectors.ts';
import { useAgent, useBridge, useReplica } from '../use-agent.ts';
import { containsText } from '../../shared/text-search.ts';

const PAGE = 200;
/** While a person types, only the last word is looked up in the journal. */
const SETTLE_MS = 200;

interface Wanted {
  readonly search: string;
  readonly jobType?: JobType | undefined;
  /** Default: `done`. */
  readonly ending?: 'done' | 'failed';
}

interface Past {
  readonly jobs: readonly EndedJob[];
  /** Loads more of the past; absent when there is no more. Harmless while one load is under way. */
  readonly older?: () => void;
}

interface Pages {
  readonly key: string;
  readonly jobs: readonly EndedJob[];
  readonly cursor: string | 'start' | 'end';
}

/**
 * Jobs that ended, as far back as the journal goes: what the snapshot holds, and pages of the journal behind it. A
 * filter is applied to both, here and there, so that a search finds what the snapshot has long forgotten.
 */
export function usePast(wanted: Wanted): Past {
  const bridge = useBridge();
  const available = useReplica(({ link }) => link.kind === 'open');
  const { ending = 'done' } = wanted;
  const recent = useAgent((snapshot) => (ending === 'done' ? snapshot.done : snapshot.failures));
  const total = useAgent(({ totals }) => (ending === 'done' ? totals.done : totals.failed + totals.givenBack));
  const search = useSettled(wanted.search);
  const key = JSON.stringify([search, wanted.jobType]);
  const [pages, setPages] = useState<Pages>({ key, jobs: [], cursor: 'start' });
  const busy = useRef(false);
  const own = pages.key === key ? pages : { key, jobs: [], cursor: 'start' as const };
  const load = useCallback(async () => {
    if (busy.current) return;
    busy.current = true;
    const answer = await bridge.call('history', {
      ending,
      limit: PAGE,
      ...(search === '' ? {} : { search }),
      ...(wanted.jobType === undefined ? {} : { jobType: wanted.jobType }),
      ...(own.cursor === 'start' ? {} : { cursor: own.cursor }),
    });
    busy.current = false;
    if (!answer.ok) return;
    const { items, nextCursor = 'end' } = answer.output;
    setPages({ key, jobs: [...own.jobs, ...items], cursor: nextCursor });
  }, [bridge, ending, key, own.cursor, own.jobs, search, wanted.jobType]);
  const jobs = useMemo(() => {
    const fits = ({ sourcePath, jobType }: EndedJob): boolean =>
      (wanted.search === '' || containsText(sourcePath, wanted.search)) &&
      (wanted.jobType === undefined || jobType === wanted.jobType);
    return joinHistory(recent.filter(fits), own.jobs.filter(fits));
  }, [recent, own.jobs, wanted.search, wanted.jobType]);
  const isNarrowed = search !== '' || wanted.jobType !== undefined;
  const begun = own.cursor !== 'start';
  const more = available && own.cursor !== 'end' && (begun || total > recent.length);
  // A search begins with the journal's first page: the snapshot alone may hold none of it.
  const looksBack = isNarrowed && more && !begun;
  useEffect(() => {
    const begin = async (): Promise<void> => {
      if (looksBack) await load();
    };
    void begin();
  }, [looksBack, load]);
  return more ? { jobs, older: () => void load() } : { jobs };
}

/** A value once it has not changed for a moment. */
export function useSettled(value: string): string {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), SETTLE_MS);
    return () => clearTimeout(timer);
  }, [value]);
  return settled;
}
